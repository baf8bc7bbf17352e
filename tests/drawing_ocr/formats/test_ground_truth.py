"""What Ground Truth's jobs leave."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.ground_truth import output_manifest_text, parse_output_manifest, parse_worker_response
from tests.drawing_ocr.formats.examples import ANNOTATIONS, EXAMPLES
from tests.drawing_ocr.labels import annotations

CREATED = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)


def example(name: str) -> str:
    return (EXAMPLES / name).read_text("utf-8")


def one_line(**changes: Any) -> str:
    line = json.loads(example("output.manifest").split("\n")[0]) | changes
    return json.dumps({key: value for key, value in line.items() if value is not None})


@given(st.lists(annotations(), max_size=3))
def test_manifests_round_trip_exactly(drawings: list[Annotation]) -> None:
    content = output_manifest_text(drawings, job="spring-07", created=CREATED)
    assert parse_output_manifest(content, where="output.manifest") == drawings


def test_the_example_is_what_is_written_and_read() -> None:
    assert parse_output_manifest(example("output.manifest"), where="x") == ANNOTATIONS
    assert output_manifest_text(ANNOTATIONS, job="spring-07", created=CREATED) == example("output.manifest")


def test_boxes_of_the_built_in_task_are_regions_that_nobody_has_read() -> None:
    (drawing,) = parse_output_manifest(example("boxes.manifest"), where="x")  # the second line's labelling failed
    assert (drawing.image, drawing.width, drawing.height) == ("s3://data/x/bracket.png", 640, 480)
    assert [(region.category, region.text, region.ignore) for region in drawing.regions] == [
        (Category.DIMENSION, "", True),
        (Category.TEXT, "", True),
    ]
    assert drawing.regions[0].points == ((20, 10), (100, 10), (100, 30), (20, 30))


def test_of_chained_jobs_the_last_ones_labels_count_in_every_spelling_of_the_names() -> None:
    (drawing,) = parse_output_manifest(example("polygons.manifest"), where="x")
    assert [(region.text, region.points[1]) for region in drawing.regions] == [("⌀50", (100, 12))]
    with pytest.raises(FormatError, match=r"x line 1 first: labels of an unknown task \(note\)"):
        parse_output_manifest(example("polygons.manifest"), where="x", attribute="first")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (one_line(**{"source-ref": None}), "no source-ref"),
        (one_line(**{"labels-metadata": None}), "no label attribute with its -metadata"),
        (one_line(labels=[1]), "no attribute labels"),
        (one_line(labels={"consensus-ref": "s3://x/y.json"}), "labels: labels by reference (s3://x/y.json): export"),
        (one_line(labels={}), "labels: labels of an unknown task (empty)"),
        (one_line(labels={"annotations": [{"left": 1}], "image_size": [{}]}), "labels: a box is not of the"),
        (one_line(labels={"polygons": [{"vertices": [{"x": 1}]}]}), "labels: a polygon is not of the text task"),
        (one_line(labels={"regions": [], "width": 0, "height": 5}), "width"),
    ],
)
def test_a_broken_line_is_refused_by_its_number(line: str, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_output_manifest(f"{one_line()}\n{line}\n", where="out")
    assert str(caught.value).startswith("out line 2")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_workers_are_known_by_their_login_or_else_by_their_worker_id() -> None:
    first, second = parse_worker_response(example("worker-response.json"), where="x")
    assert (first.person, first.seconds) == ("11111111-2222-3333-4444-555555555555", 60.5)
    assert [region.text for region in first.answer.regions] == ["⌀50"]
    assert (second.person, second.answer.status) == ("private.eu-central-1.6f5e4d3c2b1a", "skipped")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "no list `answers`"),
        ('{"answers": [5]}', "answer 1: not an object"),
        ('{"answers": [{"answerContent": {"boxes": []}}]}', "answer 1: no field `answer`"),
        ('{"answers": [{"answerContent": {"answer": "{}"}}]}', "answer 1: neither workerMetadata"),
        ('{"answers": [{"answerContent": {"answer": "{}"}, "workerId": "w"}]}', "answer 1: job: Field required"),
    ],
)
def test_a_broken_worker_response_is_refused_in_one_line(content: str, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_worker_response(content, where="r.json")
    assert str(caught.value).startswith("r.json")
    assert reason in str(caught.value)
