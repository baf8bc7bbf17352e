"""A person on drawings whose labels are known."""

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.labelling.gold import measure
from tests.drawing_ocr.labelling.people import answer, box, said, skip
from tests.drawing_ocr.labels import region

GOLD = Annotation(
    image="s3://b/x.png",
    width=800,
    height=600,
    regions=(region("⌀50", box()), region("A", box(1), Category.SYMBOL), region("12", box(2))),
)


def test_exact_regions_are_those_with_the_same_place_text_and_category() -> None:
    counts = measure(
        "anna",
        answer(said("Ø50", box(dx=3)), said("A", box(1), category="text"), said("13", box(2)), said("99", box(3))),
        GOLD,
    )
    assert (counts.regions, counts.expected, counts.exact) == (4, 3, 1)


def test_all_right_is_one() -> None:
    right = answer(said("⌀50"), said("A", box(1), category="symbol"), said("12", box(2)))
    assert measure("anna", right, GOLD).agreement == 1.0


def test_a_skipped_gold_drawing_counts_as_nothing_found() -> None:
    assert measure("anna", skip(), GOLD).agreement == 0.0


def test_unreadable_is_right_only_where_it_is_unreadable() -> None:
    gold = GOLD.model_copy(update={"regions": (region("5", box()).model_copy(update={"ignore": True, "text": ""}),)})
    assert measure("anna", answer(said("", ignore=True, category="text")), gold).exact == 1
    assert measure("anna", answer(said("5")), gold).exact == 0
