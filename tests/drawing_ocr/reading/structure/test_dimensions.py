"""Pieces of one dimension, put together."""

from __future__ import annotations

import numpy as np
import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.reading.structure.contract import GroupedDimension
from drawing_ocr.reading.structure.dimensions import group_dimensions
from drawing_ocr.reading.structure.line import Line
from tests.drawing_ocr.reading.structure.sheet import HEIGHT, line

ANGLES = (0, -90, 90, -45, 17, 33)


def texts(found: list[GroupedDimension]) -> list[str]:
    return [each.text for each in found]


def stacked(degrees: float) -> list[Line]:
    """⌀16,5 with small deviations behind it, at half its height."""
    small = 0.6 * HEIGHT
    return [
        line("⌀16,5", 0, 0, degrees=degrees),
        line("+0,1", 66, -4, height=small, degrees=degrees),
        line("0", 66, 11, height=small, degrees=degrees),
    ]


@pytest.mark.parametrize("degrees", ANGLES)
def test_stacked_deviations_belong_to_the_size_before_them_at_any_angle(degrees: float) -> None:
    found = group_dimensions(stacked(degrees))
    assert texts(found) == ["⌀16,5 +0,1 0"]
    assert found[0].members == (0, 1, 2)
    meaning = found[0].meaning
    assert meaning is not None
    assert (meaning.features[0].greatest, meaning.features[0].least) == (16.6, 16.5)


@pytest.mark.parametrize("degrees", ANGLES)
def test_the_box_of_a_dimension_holds_its_pieces_and_lies_as_they_do(degrees: float) -> None:
    lines = stacked(degrees)
    box = np.array(group_dimensions(lines)[0].box)
    along = (box[1] - box[0]) / np.linalg.norm(box[1] - box[0])
    assert along @ lines[0].along == pytest.approx(1, abs=1e-3)
    spans = lines[0].spans(np.stack([each.corners for each in lines]))
    own = lines[0].spans(box[None])[0]
    assert own == pytest.approx([spans[:, 0].min(), spans[:, 1].max(), spans[:, 2].min(), spans[:, 3].max()], abs=1e-2)


def test_the_upper_deviation_stands_first_however_lines_are_ordered() -> None:
    size, upper, lower = stacked(0)
    assert texts(group_dimensions([lower, size, upper])) == ["⌀16,5 +0,1 0"]


def test_an_upper_deviation_above_a_line_that_ends_with_the_lower_one_belongs_to_it() -> None:
    found = group_dimensions([line("35.36 -0.03", 0, 0), line("+0.03", 76, -26)])
    assert texts(found) == ["35.36 +0.03 -0.03"]


def test_deviations_as_large_as_the_size_belong_to_it() -> None:
    found = group_dimensions([line("41.4", 0, 0), line("+0.2", 56, -26), line("0", 56, 0)])
    assert texts(found) == ["41.4 +0.2 0"]


def test_sizes_right_above_each_other_are_limits() -> None:
    assert texts(group_dimensions([line("16.00", 0, 0), line("15.50", 0, 26)])) == ["16.00 15.50"]
    assert texts(group_dimensions([line("⌀35,1", 0, 0), line("⌀35,0", 0, 26)])) == ["⌀35,1 35,0"]


@pytest.mark.parametrize(
    ("upper", "lower", "gap"),
    [
        ("16.00", "15.50", 2.0),
        ("15.50", "16.00", 0.3),
        ("16.00", "9.50", 0.3),
        ("16.00", "15.5", 0.3),
        ("16", "15", 0.3),
    ],
    ids=["far", "wrong way round", "unlike", "other decimals", "no decimals"],
)
def test_other_sizes_above_each_other_are_two_dimensions(upper: str, lower: str, gap: float) -> None:
    assert len(group_dimensions([line(upper, 0, 0), line(lower, 0, HEIGHT * (1 + gap))])) == 2


def test_a_count_before_and_a_fit_behind_belong_to_the_size() -> None:
    lines = [
        line("4×", 0, 0, category=Category.TEXT),
        line("⌀25", 32, 0),
        line("H7", 76, 0, category=Category.TEXT),
    ]
    found = group_dimensions(lines)
    assert texts(found) == ["4×⌀25 H7"]
    assert found[0].members == (0, 1, 2)


def test_lines_of_a_hole_callout_are_one_dimension() -> None:
    lines = [line("4×⌀6.6 THRU", 0, 0), line("⌴⌀11 ↧6", 8, 30), line("EQ SP", 10, 60, category=Category.TEXT)]
    assert texts(group_dimensions(lines)) == ["4×⌀6.6 THRU ⌴⌀11 ↧6 EQ SP"]


def test_the_size_in_the_other_unit_belongs_to_it_only_if_it_is_the_same() -> None:
    assert texts(group_dimensions([line("25,5", 0, 0), line("[1.004]", 0, 26)])) == ["25,5 [1.004]"]
    assert texts(group_dimensions([line("25,5", 0, 0), line("[1.500]", 0, 26)])) == ["25,5", "[1.500]"]


def test_a_deviation_goes_to_the_nearest_of_two_sizes() -> None:
    lines = [line("10", 0, 0), line("12", 100, 0), line("+0.1", 128, -4, height=12), line("0", 128, 11, height=12)]
    assert texts(group_dimensions(lines)) == ["10", "12 +0.1 0"]


def test_a_size_of_two_characters_lies_as_its_deviations() -> None:
    """The box of `25` is as high as wide: it was taken to lie, though the dimension stands."""
    upright = Line("25", np.array([(0.0, 0), (30, 0), (30, 40), (0, 40)]), Category.DIMENSION, 0.9)
    upper = Line("+0,2", np.array([(-6.0, -10), (-6, -42), (11, -42), (11, -10)]), Category.DIMENSION, 0.9)
    lower = Line("0", np.array([(13.0, -20), (13, -10), (27, -10), (27, -20)])[[3, 0, 1, 2]], Category.DIMENSION, 0.9)
    assert texts(group_dimensions([upper, lower, upright])) == ["25 +0,2 0"]


def test_deviations_whose_size_was_not_read_stay_together() -> None:
    assert texts(group_dimensions([line("+0.1", 0, 0), line("-0.2", 0, 24)])) == ["+0.1 -0.2"]


def test_a_radius_is_no_fit() -> None:
    lines = [line("R8", 0, 0), line("0", 32, -4, height=12), line("-0.03", 32, 11, height=12)]
    assert texts(group_dimensions(lines)) == ["R8 0 -0.03"]


def test_every_dimension_is_in_one_group_and_nothing_of_a_table_is() -> None:
    lines = [
        line("12", 0, 0),
        line("12,5)", 200, 0),
        line("0", 400, 0),
        line("16.00", 0, 100, category=Category.TABLE),
        line("15.50", 0, 126, category=Category.TABLE),
        line("SECTION", 0, 300, category=Category.TEXT),
    ]
    found = group_dimensions(lines)
    assert sorted(member for each in found for member in each.members) == [0, 1, 2]
    assert next(each for each in found if each.text == "12,5)").meaning is None


def test_a_dimension_is_as_sure_as_its_least_sure_piece() -> None:
    lines = [line("10", 0, 0, confidence=0.9), line("±0.1", 30, 0, confidence=0.6)]
    assert [(each.text, each.confidence) for each in group_dimensions(lines)] == [("10 ±0.1", 0.6)]


def test_a_page_without_lines_has_no_dimensions() -> None:
    assert group_dimensions([]) == []
