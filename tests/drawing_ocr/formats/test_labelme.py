"""LabelMe files, our own and other people's."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.labelme import labelme_text, parse_labelme, read_labelme, write_labelme
from tests.drawing_ocr.labels import annotations, quadrilaterals

DRAWINGS = Path(__file__).resolve().parents[4] / "shared" / "drawings"


def file_with(**shape: Any) -> str:
    complete: dict[str, Any] = {
        "label": "12,5",
        "points": [[10, 20], [60, 40]],
        "shape_type": "rectangle",
        "group_id": None,
        "flags": {},
    }
    return json.dumps(
        {"version": "5.5.0", "imagePath": "x.png", "imageWidth": 200, "imageHeight": 100, "shapes": [complete | shape]}
    )


def first_side_angle(annotation: Annotation) -> float:
    (ax, ay), (bx, by) = annotation.regions[0].points[:2]
    return math.degrees(math.atan2(by - ay, bx - ax))


@given(annotations())
def test_files_of_ours_round_trip_but_for_the_s3_version(annotation: Annotation) -> None:
    expected = annotation.model_copy(update={"version_id": None})
    assert parse_labelme(labelme_text(annotation), where="x.json") == expected


def test_a_rectangle_is_read_from_any_two_opposite_corners() -> None:
    box = ((10, 20), (60, 20), (60, 40), (10, 40))
    for corners in ([[10, 20], [60, 40]], [[60, 40], [10, 20]], [[10, 40], [60, 20]]):
        assert parse_labelme(file_with(points=corners), where="x").regions[0].points == box


def test_text_in_a_tall_rectangle_runs_upwards() -> None:
    annotation = parse_labelme(file_with(points=[[10, 20], [30, 90]]), where="x")
    assert annotation.regions[0].points == ((10, 90), (10, 20), (30, 20), (30, 90))


def test_a_single_character_in_a_tall_rectangle_stands_upright() -> None:
    annotation = parse_labelme(file_with(label="5", points=[[10, 20], [20, 40]]), where="x")
    assert annotation.regions[0].points[0] == (10, 20)


@given(quadrilaterals())
def test_a_polygon_drawn_either_way_from_any_corner_is_read_the_same(points: tuple[tuple[float, float], ...]) -> None:
    def read(order: list[tuple[float, float]]) -> Annotation:
        content = json.loads(file_with(points=order, shape_type="polygon"))
        return parse_labelme(json.dumps(content | {"imageWidth": 1200, "imageHeight": 900}), where="x")

    drawn = list(points)
    readings = {read(order[i:] + order[:i]).regions for order in (drawn, drawn[::-1]) for i in range(4)}
    assert len(readings) == 1
    ((region,),) = readings
    assert set(region.points) == set(points)


@given(quadrilaterals())
def test_text_in_a_polygon_runs_rightwards_or_up(points: tuple[tuple[float, float], ...]) -> None:
    content = json.loads(file_with(points=points, shape_type="polygon")) | {"imageWidth": 1200, "imageHeight": 900}
    assert -95 <= first_side_angle(parse_labelme(json.dumps(content), where="x")) < 85


@pytest.mark.parametrize(("drawn", "read"), [(80, 80), (-80, -80), (100, -80), (-100, 80), (170, -10), (-92, -92)])
def test_slanted_text_is_read_in_the_direction_that_people_read_it(drawn: float, read: float) -> None:
    along = (math.cos(math.radians(drawn)), math.sin(math.radians(drawn)))
    corners = [(100.0, 50.0)]
    for length, (x, y) in ((40, along), (12, (-along[1], along[0])), (-40, along)):
        corners.append((corners[-1][0] + length * x, corners[-1][1] + length * y))
    annotation = parse_labelme(file_with(points=corners, shape_type="polygon"), where="x")
    assert first_side_angle(annotation) == pytest.approx(read)


@pytest.mark.parametrize("label", ["###", "other_info"])
def test_untranscribed_text_is_ignored(label: str) -> None:
    (region,) = parse_labelme(file_with(label=label), where="x").regions
    assert (region.ignore, region.text) == (True, "")


def test_a_flag_is_the_category() -> None:
    (region,) = parse_labelme(
        file_with(flags={"title_block": True, "table": False, "checked": True}), where="x"
    ).regions
    assert region.category is Category.TITLE_BLOCK


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Invalid JSON"),
        ("{}", "imagePath: Field required"),
        (file_with(shape_type="circle"), r"shapes\[0\]\.shape_type"),
        (file_with(shape_type="polygon", points=[[0, 0], [9, 0], [9, 9]]), "shape 1: a polygon of 3 corners"),
        (file_with(points=[[10, 20], [10, 40]]), "shape 1: points: degenerate polygon"),
        (file_with(points=[[10, 20], [300, 40]]), "outside its page of 200 × 100"),
        (file_with(label=""), "shape 1: the text is empty"),
        (file_with(flags={"table": True, "symbol": True}), "shape 1: flags symbol and table are both set"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(content: str, reason: str) -> None:
    with pytest.raises(FormatError, match=rf"^x\.json[: ][^\n]*{reason}"):
        parse_labelme(content, where="x.json")


def test_the_picture_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(file_with().replace("x.png", "images\\\\x.png"), encoding="utf-8")
    annotation = read_labelme(tmp_path / "x.json")
    assert annotation.image == str(tmp_path / "images" / "x.png")
    write_labelme(tmp_path / "copy.json", annotation)
    assert read_labelme(tmp_path / "copy.json") == annotation


@pytest.mark.skipif(not DRAWINGS.is_dir(), reason="the real drawings are not beside the repository")
def test_real_drawings_are_read_with_their_reading_direction() -> None:
    holder = {r.text: r for r in read_labelme(DRAWINGS / "Candle_holder.json").regions}
    lengths = {text: math.dist(*region.points[:2]) for text, region in holder.items()}
    assert (round(lengths["⌀42"]), round(lengths["1x45°"])) == (75, 100)
    assert sum(region.ignore for region in holder.values()) == 1
