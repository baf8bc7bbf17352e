"""Labelled tasks become a labelled batch."""

from typing import Any

import pytest

from drawing_ocr.annotation import Region
from drawing_ocr.dataset.manifest import parse_manifest
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus import reach_consensus
from drawing_ocr.labelling.export import ExportError, Outcome, batch_manifest, export
from drawing_ocr.labelling.task import Picture, Task
from tests.drawing_ocr.labelling.people import JOB, TASK, answer, box, said, skip
from tests.drawing_ocr.labelling.test_task import task_json

OTHER = "fedcba9876543210"


def task(name: str = TASK, **changes: Any) -> Task:
    return Task.parse(task_json(job=JOB, task=name, regions=[]) | changes, where="task")


def outcome(*answers: Answer, name: str = TASK, review: Answer | None = None) -> Outcome:
    return Outcome(task(name), reach_consensus({str(index): each for index, each in enumerate(answers)}), review)


def test_a_consensus_is_a_line_of_the_manifest() -> None:
    drawings = export([outcome(answer(said("Ø50")), answer(said("⌀50")))])
    batch = parse_manifest(batch_manifest(drawings), location="s3://data/labels/spring-07/manifest.jsonl")
    (annotation,) = batch.annotations
    assert annotation.image == f"s3://data/labels/spring-07/images/{TASK}/x.png"
    assert (annotation.width, annotation.height, annotation.version_id) == (800, 600, None)
    assert annotation.regions == (Region(points=box(), text="⌀50", category="dimension"),)
    assert drawings[0].source == Picture(uri="s3://b/x.png", version_id="v1", width=800, height=600)


def test_a_review_replaces_the_consensus() -> None:
    (drawing,) = export([outcome(answer(said("1")), answer(said("2")), review=answer(said("3")))])
    assert [region.text for region in drawing.annotation.regions] == ["3"]


def test_the_same_labels_give_the_same_bytes_from_either_backend() -> None:
    answers = [answer(said("⌀50.2"), said("A", box(1), category="symbol")), answer(said("⌀50.25"))]
    answers.append(answer(said("⌀5O.2"), said("A", box(1), category="symbol")))
    review = answer(said("⌀50.2"))
    self_hosted = reach_consensus(dict(zip(["a", "b", "c"], answers, strict=True)))
    ground_truth = reach_consensus(dict(zip(["private.eu.Z", "private.eu.K", "private.eu.A"], answers, strict=True)))
    one = export([Outcome(task(), self_hosted, review), outcome(answer(said("7"), task=OTHER), name=OTHER)])
    other = export([outcome(answer(said("7"), task=OTHER), name=OTHER), Outcome(task(), ground_truth, review)])
    assert batch_manifest(one) == batch_manifest(other)
    assert self_hosted.regions == ground_truth.regions


def test_drawings_that_cannot_be_labelled_are_left_out() -> None:
    assert export([outcome(skip(), skip())]) == []
    assert export([outcome(answer(said("1")), skip(), review=skip("really cut off"))]) == []
    (empty,) = export([outcome(answer())])
    assert empty.annotation.regions == ()


def test_unreadable_regions_are_exported_as_ignored() -> None:
    (drawing,) = export([outcome(answer(said("5", ignore=True)))])
    assert [(region.text, region.ignore) for region in drawing.annotation.regions] == [("", True)]


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ([outcome(answer(said("1")), answer(said("2")))], "people do not agree: review it first"),
        ([outcome(answer()), outcome(answer())], "there twice"),
        ([Outcome(task(OTHER), reach_consensus({"a": answer()}))], f"its labels are of {JOB}/{TASK}"),
        ([outcome(answer(said("1", box(9))))], "outside its page of 800 × 600 pixels"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_the_task(outcomes: list[Outcome], reason: str) -> None:
    with pytest.raises(ExportError) as caught:
        export(outcomes)
    assert str(caught.value).startswith(f"{JOB}/")
    assert reason in str(caught.value)
