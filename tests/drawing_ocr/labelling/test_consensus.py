"""What several people together say."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, polygon_fault
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus import reach_consensus, review_task
from drawing_ocr.labelling.consensus_record import Consensus, ConsensusError, ConsensusRegion
from drawing_ocr.labelling.task import Task
from tests.drawing_ocr.labelling.people import JOB, TASK, answer, box, said, skip
from tests.drawing_ocr.labelling.test_task import task_json
from tests.drawing_ocr.labels import quadrilaterals


def together(*answers: Answer, **options: Any) -> Consensus:
    return reach_consensus({f"person-{index}": each for index, each in enumerate(answers)}, **options)


def only(consensus: Consensus) -> ConsensusRegion:
    (region,) = consensus.regions
    return region


def test_three_who_agree_are_not_disputed() -> None:
    consensus = together(*[answer(said("⌀50"))] * 3)
    region = only(consensus)
    assert (region.text, region.category, region.points) == ("⌀50", Category.DIMENSION, box())
    assert (region.support, region.agreement, region.disputed) == (3, 1.0, False)
    assert region.confidence > 0.95
    assert consensus.people == ("person-0", "person-1", "person-2")
    assert not consensus.needs_review


def test_a_reading_that_nobody_looked_at_is_disputed_however_many_have_it() -> None:
    unseen = answer(said("⌀50", source="machine", accepted=False))
    looked = answer(said("⌀50", source="machine", accepted=True))
    assert only(together(unseen, unseen, unseen)).disputed
    assert not only(together(unseen, looked, unseen)).disputed


def test_what_one_of_three_saw_is_dropped_and_what_two_saw_is_kept() -> None:
    consensus = together(answer(said("1"), said("2", box(1))), answer(said("1")), answer(said("3", box(2))))
    assert [region.text for region in consensus.regions] == ["1"]
    assert only(consensus).support == 2
    assert consensus.agreement.places == 3


def test_what_one_of_two_saw_is_kept_and_disputed() -> None:
    consensus = together(answer(said("1"), said("2", box(1))), answer(said("1")))
    assert [(region.text, region.disputed) for region in consensus.regions] == [("1", False), ("2", True)]
    assert consensus.needs_review


@pytest.mark.parametrize(("one", "other"), [("M8", "XYZ"), ("M8", "wrong text"), ("M8", "M6"), ("⌀50", "")])
def test_where_half_read_one_text_and_half_another_a_reviewer_decides(one: str, other: str) -> None:
    readings = [answer(said(text or "###", ignore=not text)) for text in (one, other)]
    assert only(together(*readings)).disputed
    assert only(together(*readings, *readings)).disputed
    assert not only(together(readings[0], *readings)).disputed


def test_where_three_have_no_character_in_common_a_reviewer_decides() -> None:
    assert only(together(*[answer(said(text)) for text in ("M8", "R5", "45°")])).disputed
    assert not only(together(*[answer(said(text)) for text in ("⌀50.5", "⌀5O.5", "050.5")])).disputed


def test_one_person_alone_is_not_disputed() -> None:
    consensus = together(answer(said("⌀50")))
    assert not only(consensus).disputed
    assert not consensus.needs_review


def test_corners_are_medians() -> None:
    consensus = together(answer(said("1", box(dx=3))), answer(said("1", box(dy=2))), answer(said("1", box(dx=-9))))
    assert only(consensus).points == box()


def test_the_text_begins_where_most_say() -> None:
    turned = box()[2:] + box()[:2]
    assert only(together(answer(said("1")), answer(said("1", turned)), answer(said("1", turned)))).points == turned
    unsure = together(answer(said("1")), answer(said("1", turned)))
    assert only(unsure).disputed


def test_the_category_is_voted_on() -> None:
    three = [answer(said("A", category=category)) for category in ("symbol", "text", "symbol")]
    assert only(together(*three)).category is Category.SYMBOL


def test_a_tie_of_categories_goes_to_the_more_reliable_person_and_is_disputed() -> None:
    two = {"anna": answer(said("A", category="symbol")), "bert": answer(said("A", category="text"))}
    for reliable, expected in (("anna", Category.SYMBOL), ("bert", Category.TEXT)):
        region = only(reach_consensus(two, reliability={"anna": 0.7, "bert": 0.7, reliable: 0.95}))
        assert (region.category, region.disputed) == (expected, True)


def test_texts_are_compared_in_canonical_form() -> None:
    consensus = together(answer(said("Ø50")), answer(said("φ50")), answer(said("O50")))
    assert only(consensus).text == "⌀50"


def test_where_three_read_differently_characters_are_voted_on_and_a_reviewer_looks() -> None:
    consensus = together(answer(said("⌀50.2")), answer(said("⌀5O.25")), answer(said("O50.25")))
    assert only(consensus).text == "⌀50.25"
    clear = together(answer(said("12.5")), answer(said("77")), answer(said("903.1")))
    assert only(clear).disputed


def test_most_decide_whether_a_text_can_be_read() -> None:
    unreadable = answer(said("", ignore=True))
    region = only(together(unreadable, unreadable, answer(said("5"))))
    assert (region.ignore, region.text) == (True, "")
    region = only(together(unreadable, answer(said("5")), answer(said("5"))))
    assert (region.ignore, region.text) == (False, "5")
    region = only(together(unreadable, answer(said("5"))))
    assert (region.ignore, region.text, region.disputed) == (False, "5", True)


def test_who_skipped_has_no_vote_on_regions() -> None:
    consensus = together(answer(said("1")), skip(), answer(said("1")))
    assert (consensus.people, consensus.skipped) == (("person-0", "person-2"), ("person-1",))
    assert only(consensus).support == 2
    assert not consensus.needs_review


def test_people_who_do_not_agree_whether_it_can_be_labelled_need_a_review() -> None:
    assert together(answer(said("1")), skip()).needs_review
    assert together(answer(said("1")), skip(), skip()).needs_review


def test_a_drawing_that_all_skipped_is_left_out() -> None:
    consensus = together(skip(), skip())
    assert consensus.left_out
    assert consensus.regions == ()
    assert not consensus.needs_review


def test_an_empty_drawing_is_labelled_too() -> None:
    consensus = together(answer(), answer())
    assert not consensus.left_out
    assert not consensus.needs_review


people = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["⌀50", "O50", "50", "12.5", ""]), st.integers(0, 2), st.floats(-4, 4)), max_size=4
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(people, st.permutations(range(4)))
def test_neither_order_nor_names_of_people_change_the_regions(
    said_by: list[list[tuple[str, int, float]]], order: list[int]
) -> None:
    answers = [
        answer(
            *(
                said(text, box(column, dx=dx), id=str(index), ignore=not text)
                for index, (text, column, dx) in enumerate(regions)
            )
        )
        for regions in said_by
    ]
    names = [f"person-{order[index]}" for index in range(len(answers))]
    consensus = together(*answers)
    again = reach_consensus(dict(sorted(zip(names, answers, strict=True), key=lambda each: each[0])))
    assert again.regions == consensus.regions
    assert again.needs_review == consensus.needs_review


@settings(max_examples=60)
@given(st.lists(quadrilaterals(), min_size=1, max_size=4))
def test_every_region_of_a_consensus_is_one_that_training_takes(outlines: list[Any]) -> None:
    for region in together(*(answer(said("1", outline)) for outline in outlines)).regions:
        assert polygon_fault(region.label().points) is None


def test_a_consensus_round_trips_in_the_form_of_the_contract() -> None:
    consensus = together(answer(said("1")), answer(said("1"), said("2", box(1))))
    content = json.loads(consensus.to_json())
    assert list(content) == ["schema", "job", "task", "people", "skipped", "regions", "agreement", "needs_review"]
    assert (content["schema"], content["job"], content["task"]) == (1, JOB, TASK)
    assert Consensus.parse(consensus.to_json(), where="consensus.json") == consensus
    with pytest.raises(ConsensusError, match=r"^consensus\.json: schema: schema 2 is not 1"):
        Consensus.parse(consensus.to_json().replace('"schema":1', '"schema":2'), where="consensus.json")


def test_answers_of_several_tasks_have_no_consensus() -> None:
    with pytest.raises(ConsensusError, match="a consensus of 2 answers to 2 tasks"):
        together(answer(), answer(task="f" * 16))
    with pytest.raises(ConsensusError, match="a consensus of 0 answers"):
        reach_consensus({})


def test_a_review_shows_the_consensus_and_every_version() -> None:
    task = Task.parse(task_json(job=JOB, task=TASK), where="task")
    answers = {"b": answer(said("1")), "a": answer(said("2")), "c": skip()}
    consensus = reach_consensus(answers)
    review = review_task(task, consensus, answers)
    assert review.round == "review"
    assert [region.text for region in review.regions] == [region.text for region in consensus.regions]
    assert review.versions == (answers["a"], answers["b"], answers["c"])
    assert Task.parse(review.to_json(), where="review") == review


def test_agreement_is_counted_per_category_and_person() -> None:
    counts = together(
        answer(said("100"), said("A", box(1), category="symbol")),
        answer(said("100"), said("A", box(1), category="symbol")),
        answer(said("107"), said("A", box(1), category="text")),
    ).agreement
    dimension = next(each for each in counts.categories if each.category is Category.DIMENSION)
    assert (dimension.regions, dimension.edits, dimension.characters) == (1, 2, 9)
    assert dimension.alpha == 1.0
    text = next(each for each in counts.categories if each.category is Category.TEXT)
    assert text.alpha is not None
    assert text.alpha <= 0
    assert [(each.person, each.exact, each.agreement) for each in counts.people] == [
        ("person-0", 2, 1.0),
        ("person-1", 2, 1.0),
        ("person-2", 0, 0.0),
    ]
    assert all(
        together(*[answer(said("1"))] * count).agreement.people[0].agreement == 1.0
        for count in itertools.islice(itertools.count(1), 3)
    )
