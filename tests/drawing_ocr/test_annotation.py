"""Labels are valid or refused with one line that says why."""

import json

import pytest
from hypothesis import given

from drawing_ocr.annotation import Annotation, AnnotationError, Region, polygon_fault
from tests.drawing_ocr.labels import annotations, quadrilaterals, rectangle

BOX = [[10, 10], [60, 10], [60, 30], [10, 30]]


def parse(**changed: object) -> Annotation:
    region = {"points": BOX, "text": "⌀50", "category": "dimension", "ignore": False} | changed
    return Annotation.parse({"image": "x.png", "width": 100, "height": 80, "regions": [region]}, where="batch line 7")


def refusal(**changed: object) -> str:
    with pytest.raises(AnnotationError) as caught:
        parse(**changed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_written_form_is_the_contract() -> None:
    written = json.loads(parse().model_dump_json())
    assert list(written) == ["image", "version_id", "width", "height", "regions"]
    assert written["regions"] == [{"points": BOX, "text": "⌀50", "category": "dimension", "ignore": False}]


@given(annotations())
def test_what_is_written_is_read_back_exactly(annotation: Annotation) -> None:
    assert Annotation.parse(annotation.model_dump_json(), where="x") == annotation


def test_a_box_outside_its_page_is_refused() -> None:
    message = refusal(points=[[90, 10], [140, 10], [140, 30], [90, 30]])
    assert message.startswith("batch line 7: ")
    assert "(140, 10) outside its page of 100 × 80 pixels" in message


def test_a_corner_may_lie_a_pixel_beyond_the_edge() -> None:
    assert parse(points=[[50, 10], [101, 10], [101, 30], [50, 30]]).regions


def test_an_unknown_category_is_refused_with_the_known_ones() -> None:
    assert "unknown category 'weld': use one of text, dimension, symbol, table, title_block" in refusal(category="weld")


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_a_readable_region_needs_text(text: str) -> None:
    assert "the text is empty" in refusal(text=text)
    assert parse(text=text, ignore=True).regions[0].ignore


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([[10, 10], [60, 10], [60, 10], [10, 10]], "area is below 1 square pixel"),
        ([[10, 10], [60, 10], [10, 30], [60, 30]], "degenerate polygon"),
        ([[10, 10], [60, 10], [10, 40], [50, 30]], "sides cross"),
        ([[10, 10], [10, 30], [60, 30], [60, 10]], "counter-clockwise"),
        ([[10, 10], [60, 10], [60, float("nan")], [10, 30]], "not a finite number"),
    ],
)
def test_a_degenerate_polygon_is_refused(points: list[list[float]], reason: str) -> None:
    assert reason in refusal(points=points)


@pytest.mark.parametrize("points", [BOX[:3], [*BOX, [5, 5]], [[1, 2, 3]] * 4, "somewhere"])
def test_points_are_four_pairs(points: object) -> None:
    assert "regions[0].points" in refusal(points=points)


@given(quadrilaterals())
def test_every_turned_box_is_accepted_clockwise_and_refused_backwards(points: tuple[tuple[float, float], ...]) -> None:
    assert polygon_fault(points) is None
    assert "counter-clockwise" in str(polygon_fault(points[::-1]))


def test_an_unknown_field_is_refused() -> None:
    assert "regions[0].colour" in refusal(colour="red")


def test_broken_json_is_refused_in_one_line() -> None:
    with pytest.raises(AnnotationError, match=r"^batch line 7: Invalid JSON[^\n]*$"):
        Annotation.parse('{"image": ', where="batch line 7")


def test_several_faults_are_counted() -> None:
    with pytest.raises(AnnotationError, match=r"and 2 more"):
        Annotation.parse({"image": "", "width": 0, "height": 0}, where="x")


def test_a_region_is_immutable() -> None:
    region = Region.model_validate({"points": rectangle(0, 0, 9, 9), "text": "1"})
    with pytest.raises(ValueError, match="frozen"):
        region.text = "2"  # type: ignore[misc]
