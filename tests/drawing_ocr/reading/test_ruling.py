from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from drawing_ocr.reading.cells import cells_of, grids_of
from drawing_ocr.reading.frame import frame_of
from drawing_ocr.reading.ruling import Ruling

LETTERING = 16.0


def page(lines: Sequence[tuple[float, float, float, float]], degrees: float = 0.0, width: int = 1) -> np.ndarray:
    """Black lines on white paper of 1200 × 900 pixels, turned about its middle."""
    picture = np.full((900, 1200, 3), 255, np.uint8)
    for x0, y0, x1, y1 in lines:
        cv2.line(picture, *_turned(x0, y0, x1, y1, degrees), (0, 0, 0), width)
    return picture


def _turned(x0: float, y0: float, x1: float, y1: float, degrees: float) -> tuple[tuple[int, int], tuple[int, int]]:
    turn = cv2.getRotationMatrix2D((600, 450), degrees, 1.0)
    first, second = (turn @ np.array([x, y, 1]) for x, y in ((x0, y0), (x1, y1)))
    return (round(first[0]), round(first[1])), (round(second[0]), round(second[1]))


def rectangle(left: int, top: int, right: int, bottom: int) -> list[tuple[float, float, float, float]]:
    return [
        (left, top, right, top),
        (left, bottom, right, bottom),
        (left, top, left, bottom),
        (right, top, right, bottom),
    ]


@pytest.mark.parametrize("degrees", [0.0, 0.6, -1.5, 2.0])
@pytest.mark.parametrize("width", [1, 5])
def test_lines_are_found_and_straightened_whatever_the_skew(degrees: float, width: int) -> None:
    ruling = Ruling.of_page(page(rectangle(100, 100, 1000, 600), degrees, width), LETTERING)
    assert math.degrees(math.atan(ruling.falls)) == pytest.approx(-degrees, abs=0.3)  # half a pixel at each end
    assert math.degrees(math.atan(ruling.leans)) == pytest.approx(degrees, abs=0.3)  # half a pixel at each end
    assert len(ruling.horizontal) == len(ruling.vertical) == 2
    for lines, length in ((ruling.horizontal, 900), (ruling.vertical, 500)):
        assert lines[:, 2] - lines[:, 1] == pytest.approx(length, abs=8)
    assert np.ptp(ruling.horizontal[:, 0]) == pytest.approx(500, abs=3)
    assert np.ptp(ruling.vertical[:, 0]) == pytest.approx(900, abs=3)


def test_letters_filled_areas_and_slanted_lines_are_no_lines() -> None:
    picture = page([(100, 100, 120, 100), (300, 300, 700, 500), (300, 320, 700, 520)])
    cv2.rectangle(picture, (800, 200), (1000, 300), (0, 0, 0), -1)
    ruling = Ruling.of_page(picture, LETTERING)
    assert len(ruling.horizontal) == len(ruling.vertical) == 0


def test_pieces_of_a_broken_line_are_one_line_and_lines_apart_are_two() -> None:
    ruling = Ruling.of_page(page([(100, 200, 400, 200), (412, 201, 700, 201), (800, 200, 1000, 200)]), LETTERING)
    assert ruling.horizontal[:, 1:] == pytest.approx(np.array([[100, 700], [800, 1000]]), abs=2)


def test_a_page_without_ink_has_no_lines() -> None:
    ruling = Ruling.of_page(page([]), LETTERING)
    assert (len(ruling.horizontal), len(ruling.vertical), ruling.falls, ruling.leans) == (0, 0, 0.0, 0.0)
    assert cells_of(ruling).shape == (0, 4)


def test_cells_are_what_lines_enclose_and_those_that_share_a_wall_are_one_grid() -> None:
    lines = [*rectangle(100, 100, 400, 200), (250, 100, 250, 200), *rectangle(600, 500, 700, 560)]
    ruling = Ruling.of_page(page(lines), LETTERING)
    cells = cells_of(ruling)
    cells = cells[np.lexsort((cells[:, 0], cells[:, 1]))]
    assert cells == pytest.approx(np.array([[100, 100, 250, 200], [250, 100, 400, 200], [600, 500, 700, 560]]), abs=5)
    assert sorted(len(grid) for grid in grids_of(cells, LETTERING)) == [1, 2]


def test_a_cell_is_closed_when_its_lines_stop_a_little_before_their_corner_but_not_when_one_is_missing() -> None:
    short = [(112, 100, 388, 100), (112, 200, 388, 200), (100, 112, 100, 188), (400, 112, 400, 188)]
    assert len(cells_of(Ruling.of_page(page(short), LETTERING))) == 1
    assert len(cells_of(Ruling.of_page(page(rectangle(100, 100, 400, 200)[:3]), LETTERING))) == 0


def test_the_frame_is_the_inner_one_and_a_row_along_its_foot_is_not_taken_for_it() -> None:
    outer, inner = rectangle(30, 30, 1170, 870), rectangle(60, 60, 1140, 840)
    foot = (60, 800, 1140, 800)
    ruling = Ruling.of_page(page([*outer, *inner, foot, (400, 30, 400, 60)]), LETTERING)
    assert frame_of(ruling) == pytest.approx(np.array([60, 60, 1140, 840]), abs=2)


def test_without_a_complete_frame_all_that_lines_span_is_the_sheet() -> None:
    ruling = Ruling.of_page(page(rectangle(60, 60, 1140, 840)[:3]), LETTERING)
    assert frame_of(ruling) == pytest.approx(np.array([60, 60, 1140, 840]), abs=2)
