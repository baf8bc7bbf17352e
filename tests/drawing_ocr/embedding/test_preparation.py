from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawing_ocr.embedding.ink import LONG_SIDE, _median, ink_of, network_input
from drawing_ocr.embedding.preparation import Region, regions
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import PLAIN, draw_family_sheet

Page = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def sheet() -> Page:
    """A framed sheet of 1200 × 850 with a title block at its lower right, a round view and an angular one."""
    page = np.full((850, 1200), 255, np.uint8)
    cv2.rectangle(page, (30, 30), (1170, 820), (0,), 3)
    for row in range(4):
        cv2.rectangle(page, (800, 700 + 30 * row), (1170, 730 + 30 * row), (0,), 2)
        cv2.line(page, (950, 700 + 30 * row), (950, 730 + 30 * row), (0,), 2)
        cv2.putText(page, "STEEL", (810, 722 + 30 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0,), 1)
    cv2.putText(page, "ALL EDGES BROKEN", (80, 790), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0,), 1)
    cv2.circle(page, (300, 350), 150, (0,), 3)
    cv2.rectangle(page, (650, 200), (900, 480), (0,), 3)
    return page


def box(region: Region) -> list[int]:
    (left, top), _, (right, bottom), _ = region.box
    return [round(side) for side in (left, top, right, bottom)]


def near(found: list[int], wanted: tuple[int, int, int, int], within: int = 6) -> bool:
    return bool(np.abs(np.subtract(found, wanted)).max() <= within)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_median_of_differences_is_the_one_of_sorting(size: int) -> None:
    values = np.random.default_rng(size).integers(0, 256, (1, size)).astype(np.int16)
    assert _median(values) == np.median(values)


def test_frame_title_block_and_notes_are_cut_out_and_views_are_apart() -> None:
    found = regions(sheet())
    assert [region.kind for region in found] == ["sheet", "view", "view"]
    assert near(box(found[0]), (150, 200, 900, 500))
    assert {tuple(box(region)) for region in found[1:]} == {
        tuple(found_box)
        for found_box in (box(found[1]), box(found[2]))
        if near(found_box, (150, 200, 450, 500)) or near(found_box, (650, 200, 900, 480))
    }


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_sheet_is_taken_apart_alike(quarters: int) -> None:
    upright = regions(sheet())
    turned = regions(np.ascontiguousarray(np.rot90(sheet(), quarters)))
    assert [region.kind for region in turned] == [region.kind for region in upright]
    ink = [sorted(cv2.countNonZero(region.picture) for region in found) for found in (upright, turned)]
    np.testing.assert_allclose(ink[0], ink[1], rtol=0.01)


def test_a_view_that_was_cut_out_keeps_its_outline() -> None:
    page = sheet()[190:490, 640:910]
    [whole] = regions(page)
    assert whole.kind == "sheet"
    assert near(box(whole), (10, 10, 260, 290))


def test_boxes_are_in_pixels_of_a_page_larger_than_it_is_looked_at() -> None:
    large = cv2.resize(sheet(), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    assert max(ink_of(np.asarray(large, np.uint8))[0].shape) == LONG_SIDE
    assert near(box(regions(np.asarray(large, np.uint8))[0]), (300, 400, 1800, 1000), within=12)


def test_nothing_comes_of_an_empty_page() -> None:
    assert regions(np.full((400, 600, 3), 250, np.uint8)) == []


def test_faded_noisy_lines_are_ink_and_noise_is_not() -> None:
    clean = sheet()
    generator = np.random.default_rng(1)
    faded = 225 - 0.5 * (255.0 - clean) + generator.normal(0, 6, clean.shape)
    worn = np.clip(faded, 0, 255).astype(np.uint8)
    wanted, got = (ink_of(page)[0] > 0 for page in (clean, worn))
    assert (wanted & got).sum() / wanted.sum() > 0.9
    assert (got & ~cv2.dilate(wanted.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)).sum() < 200


def test_the_network_sees_ink_in_the_middle_of_a_square_as_dark_when_the_line_is_thin() -> None:
    thin = np.zeros((600, 900), np.uint8)
    cv2.rectangle(thin, (100, 100), (800, 500), (255,), 1)
    seen = network_input(thin, 160)
    assert seen.shape == (160, 160)
    rows, columns = np.nonzero(seen > 100)
    assert abs(float(rows.mean()) - 79.5) < 2
    assert abs(float(columns.mean()) - 79.5) < 2
    assert columns.min() >= 3


def test_views_of_drawn_parts_are_found_for_the_most_part() -> None:
    right = 0
    for family in range(12):
        part = draw_part(family)
        found = regions(draw_family_sheet(part, family, PLAIN))
        right += max(1, len(found) - 1) == len(part.views)
    assert right >= 8
