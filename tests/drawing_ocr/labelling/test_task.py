"""Tasks: their name, and which answers belong to them."""

import hashlib
import json
from typing import Any

import pytest

from drawing_ocr.labelling.answer import Answer, AnswerError, Draft
from drawing_ocr.labelling.task import Task, TaskError, task_id
from tests.drawing_ocr.labelling.test_answer import BOX, TASK, answer_json, region_json


def task_json(**changes: Any) -> dict[str, Any]:
    read = {"id": "m1", "points": BOX, "text": "O50", "category": "dimension", "ignore": False, "confidence": 0.4}
    return {
        "schema": 1,
        "job": "spring-07",
        "task": TASK,
        "image": {"uri": "s3://b/x.png", "version_id": "v1", "width": 800, "height": 600},
        "pyramid": {"uri": f"s3://b/jobs/spring-07/pyramids/{TASK}.pmtiles", "tile": 512, "levels": 3},
        "model": {"version": "7"},
        "regions": [read],
        "round": "label",
        "versions": [],
    } | changes


def test_a_task_round_trips_in_the_form_of_the_contract() -> None:
    task = Task.parse(json.dumps(task_json()), where="task")
    assert json.loads(task.to_json()) == task_json()
    assert Task.parse(task.to_json(), where="task") == task


def test_the_same_drawing_is_the_same_task() -> None:
    assert task_id("s3://b/x.png", "v1") == hashlib.sha256(b"s3://b/x.png\nv1").hexdigest()[:16]
    names = {task_id("s3://b/x.png", "v1"), task_id("s3://b/x.png", None), task_id("s3://b/x.pngv1", None)}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": 0}, "schema: schema 0 is not 1"),
        ({"image": {"uri": "s3://b/x.png", "width": 40, "height": 600}}, "regions[0] 'O50': the corner (50, 10) lies"),
        ({"versions": [answer_json()]}, "versions of others in the round `label`"),
        ({"round": "gold"}, "round:"),
        ({"is_gold": True}, "is_gold:"),
    ],
)
def test_a_task_that_cannot_be_shown_is_refused_in_one_line(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TaskError) as caught:
        Task.parse(json.dumps(task_json(**changes)), where="task.json")
    assert str(caught.value).startswith(f"task.json: {reason}")


def test_an_answer_belongs_to_its_own_task_and_page() -> None:
    task = Task.parse(task_json(), where="task")
    task.check(Answer.parse(answer_json(), where="answer"))
    with pytest.raises(AnswerError, match="was sent to spring-07/"):
        task.check(Answer.parse(answer_json(job="autumn"), where="answer"))
    beyond = [[790, 10], [802, 10], [802, 20], [790, 20]]
    with pytest.raises(AnswerError, match=r"regions\[0\] '⌀50': the corner \(802, 10\) lies outside the page"):
        task.check(Draft.parse(answer_json(regions=[region_json(points=beyond)]), where="draft"))
