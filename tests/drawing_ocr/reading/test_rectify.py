from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.reading.rectify import crop, is_tall, sheet_to_upright, turn, turn_quad

RNG = np.random.default_rng(0)
PAGE = RNG.integers(0, 255, (60, 80, 3), np.uint8)


def rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def test_a_straight_box_is_cut_as_it_is() -> None:
    assert np.array_equal(crop(PAGE, rectangle(10, 5, 30, 25)), PAGE[5:25, 10:30])


@given(st.integers(0, 3))
def test_turned_corners_are_those_of_the_turned_crop(quarters: int) -> None:
    page = np.repeat(np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None].repeat(60, 0), 3, 2)
    quad = rectangle(10, 5, 50, 25)
    by_corners = crop(page, turn_quad(quad, quarters)).astype(int)
    by_picture = turn(crop(page, quad), quarters).astype(int)
    assert by_corners.shape == by_picture.shape
    # Sampling begins at another corner, so pixels differ by one step of the ramp.
    assert abs(by_corners - by_picture).max() <= 8


@given(st.integers(0, 40), st.integers(0, 30), st.integers(5, 30), st.integers(5, 25))
def test_boxes_of_the_turned_sheet_hold_the_same_pixels_on_the_upright_one(x: int, y: int, w: int, h: int) -> None:
    turned = turn(PAGE, 1)
    on_turned = rectangle(min(x, 59 - h), min(y, 79 - w), min(x, 59 - h) + h, min(y, 79 - w) + w)
    upright = sheet_to_upright(on_turned[None], turned.shape[1])[0]
    assert upright[0].tolist() == [upright[:, 0].min(), upright[:, 1].min()]
    for corner, source in zip(np.roll(upright, 1, axis=0).astype(int), on_turned.astype(int), strict=True):
        assert np.array_equal(PAGE[corner[1], corner[0]], turned[source[1], source[0]])


def test_a_box_outside_of_the_page_still_gives_a_picture() -> None:
    assert crop(PAGE, rectangle(-20, -20, -10, -5)).shape == (15, 10, 3)


def test_tall_crops_are_from_three_halves_on() -> None:
    assert is_tall(np.zeros((15, 10, 3), np.uint8))
    assert not is_tall(np.zeros((14, 10, 3), np.uint8))


def test_a_page_longer_than_opencv_warps_is_cut_as_any_other() -> None:
    rng = np.random.default_rng(1)
    short = rng.integers(0, 255, (40, 200, 3)).astype(np.uint8)
    long = np.full((40, 33_200, 3), 255, np.uint8)
    long[:, 33_000:] = short
    quad = np.array([[20, 5], [150, 8], [149, 30], [19, 27]], np.float32)
    assert np.abs(crop(long, quad + np.array([33_000, 0], np.float32)).astype(int) - crop(short, quad)).max() <= 1
    whole = np.array([[0, 0], [33_199, 0], [33_199, 39], [0, 39]], np.float32)
    assert max(crop(long, whole).shape) <= 32_766
