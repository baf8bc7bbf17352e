from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.reading.regions import Region, letters, regions_of

Page = npt.NDArray[np.uint8]


def paper(height: int = 900, width: int = 1200, shade: int = 255) -> Page:
    return np.full((height, width, 3), shade, np.uint8)


def write(page: Page, text: str, at: tuple[int, int], ink: int = 0) -> None:
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.0, (ink, ink, ink), 2)


def covers(regions: list[Region], x: int, y: int) -> bool:
    return any(each.left <= x < each.right and each.top <= y < each.bottom for each in regions)


def test_letters_are_kept_and_long_lines_and_specks_are_not() -> None:
    page = paper()
    write(page, "35", (200, 200))
    cv2.line(page, (100, 600), (1100, 600), (0, 0, 0), 3)
    page[700:702, 700:702] = 0
    mask = letters(page).mask
    assert mask[170:205, 195:245].any()
    assert not mask[590:610].any()
    assert not mask[695:705].any()


def test_a_light_drawing_on_dark_paper_and_faint_ink_are_seen() -> None:
    dark = paper(shade=20)
    write(dark, "35", (200, 200), ink=240)
    faint = paper(shade=235)
    write(faint, "35", (200, 200), ink=200)
    assert letters(dark).mask[170:205, 195:245].any()
    assert letters(faint).mask[170:205, 195:245].any()


def test_the_usual_height_of_letters_is_told() -> None:
    page = paper()
    write(page, "35.5 NOTES", (200, 200))
    assert letters(page).height == pytest.approx(23, abs=3)
    assert letters(paper()).height is None


def test_letters_across_the_border_of_two_bands_are_seen() -> None:
    page = paper(height=2300)
    write(page, "35", (200, 2060))
    assert letters(page).mask[2035:2048].any()
    assert letters(page).mask[2048:2060].any()


def test_what_stands_together_is_one_region_with_room_around_it() -> None:
    page = paper()
    write(page, "35.5", (200, 200))
    write(page, "NOTES", (800, 700))
    first, second = sorted(regions_of(letters(page).mask), key=lambda region: region.top)
    assert (first.left, first.top) <= (172, 150)
    assert covers([first], 195, 195)
    assert covers([second], 850, 690)
    assert first.area + second.area < page[:, :, 0].size / 10


def test_regions_stay_on_the_page_and_an_empty_page_has_none() -> None:
    page = paper()
    write(page, "3", (2, 24))
    (corner,) = regions_of(letters(page).mask)
    assert (corner.left, corner.top) == (0, 0)
    assert regions_of(letters(paper()).mask) == []


def test_no_pixel_of_the_mask_is_outside_all_regions() -> None:
    generator = np.random.default_rng(4)
    mask = np.zeros((500, 700), np.uint8)
    for x, y in zip(generator.integers(0, 690, 60), generator.integers(0, 490, 60), strict=True):
        mask[y : y + 9, x : x + 7] = 1
    left = mask.copy()
    for region in regions_of(mask):
        left[region.slices] = 0
    assert not left.any()
