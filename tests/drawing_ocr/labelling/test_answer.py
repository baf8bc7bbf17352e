"""Answers and drafts: what is taken, and what is refused in one line."""

import json
from typing import Any

import pytest

from drawing_ocr.annotation import Category, Region
from drawing_ocr.labelling.answer import MAX_BYTES, MAX_REGIONS, Answer, AnswerError, Draft

TASK = "0123456789abcdef"
BOX = [[10, 10], [50, 10], [50, 20], [10, 20]]


def region_json(**changes: Any) -> dict[str, Any]:
    region = {"id": "a", "points": BOX, "text": "⌀50", "category": "dimension", "ignore": False}
    return region | {"source": "person", "accepted": True} | changes


def answer_json(**changes: Any) -> dict[str, Any]:
    answer = {"schema": 1, "job": "spring-07", "task": TASK, "status": "labelled", "reason": ""}
    return answer | {"regions": [region_json()], "seconds": 12.5, "keystrokes": 9, "clicks": 2} | changes


def test_an_answer_round_trips_in_the_form_of_the_contract() -> None:
    answer = Answer.parse(json.dumps(answer_json()), where="answer")
    assert json.loads(answer.to_json()) == answer_json()
    assert Answer.parse(answer.to_json(), where="answer") == answer
    assert answer.regions[0].label() == Region(points=BOX, text="⌀50", category=Category.DIMENSION)


def test_the_text_of_an_ignored_region_is_no_label() -> None:
    answer = Answer.parse(answer_json(regions=[region_json(ignore=True)]), where="answer")
    assert answer.regions[0].label() == Region(points=BOX, text="", category=Category.DIMENSION, ignore=True)


def test_a_reason_that_is_null_is_none() -> None:
    assert Answer.parse(answer_json(reason=None), where="answer").reason == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": 2}, "schema: schema 2 is not 1: reload the page"),
        ({"job": "../other"}, "job:"),
        ({"task": "nothing"}, "task:"),
        ({"status": "declined"}, "status:"),
        ({"status": "skipped"}, "skipped without a reason"),
        ({"reason": "blurred"}, "a reason to skip on a drawing that was not skipped"),
        ({"regions": [region_json(text=" ")]}, "regions[0] ' ': the text is empty"),
        ({"regions": [region_json(points=BOX[::-1])]}, "regions[0] '⌀50': the corners run counter-clockwise"),
        ({"regions": [region_json(category="weld")]}, "regions[0].category: unknown category 'weld'"),
        ({"regions": [region_json(points=[[1, 1], [2, 2]])]}, "regions[0].points"),
        ({"regions": [region_json(text="x" * 2001)]}, "regions[0].text"),
        ({"regions": [region_json(), region_json()]}, "regions: two regions have the id 'a'"),
        ({"regions": [region_json(id=str(i)) for i in range(MAX_REGIONS + 1)]}, "regions:"),
        ({"seconds": -1}, "seconds:"),
        ({"keystrokes": 1.5}, "keystrokes:"),
        ({"surprise": 1}, "surprise:"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_line(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnswerError) as caught:
        Answer.parse(json.dumps(answer_json(**changes)), where="the answer")
    message = str(caught.value)
    assert message.startswith(f"the answer: {reason}")
    assert "\n" not in message


def test_an_oversized_answer_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(AnswerError, match=r"^answer: 2,000,001 bytes are more than 2,000,000"):
        Answer.parse(b"[" * (MAX_BYTES + 1), where="answer")


def test_half_a_surrogate_is_refused() -> None:
    with pytest.raises(AnswerError, match=r"^answer: "):
        Answer.parse('{"schema": 1, "reason": "\\ud800"}', where="answer")


def test_a_draft_may_have_a_box_without_text_and_one_that_is_being_drawn() -> None:
    regions = [region_json(text=""), region_json(id="b", points=[[10, 10]] * 4)]
    assert len(Draft.parse(answer_json(regions=regions), where="draft").regions) == 2


def test_a_skipped_answer_keeps_what_was_there() -> None:
    answer = Answer.parse(
        answer_json(status="skipped", reason="cut off", regions=[region_json(text="")]), where="answer"
    )
    assert answer.regions[0].text == ""
