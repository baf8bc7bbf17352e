"""Lines are cut out upright."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.dataset.crop import Margin, rectify, text_size
from drawing_ocr.dataset.picture import Pixels
from tests.drawing_ocr.labels import HEIGHT, WIDTH, quadrilaterals, rectangle


def card() -> Pixels:
    """(40, 120, 3): a different colour in each corner, so that no two orientations look alike."""
    pixels = np.full((40, 120, 3), 255, np.uint8)
    pixels[:20, :60], pixels[:20, 60:], pixels[20:, :60] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    return pixels


def test_an_upright_box_is_cut_pixel_for_pixel() -> None:
    sheet = np.zeros((200, 300, 3), np.uint8)
    sheet[50:90, 100:220] = card()
    assert np.array_equal(rectify(sheet, rectangle(100, 50, 120, 40)), card())


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_text_turned_by_quarters_is_cut_upright_as_its_corners_say(quarter_turns: int) -> None:
    turned = np.rot90(card(), quarter_turns)
    height, width = turned.shape[:2]
    corners = list(rectangle(0, 0, width, height))
    points = corners[-quarter_turns:] + corners[:-quarter_turns]
    assert np.array_equal(rectify(np.ascontiguousarray(turned), points), card())


@given(st.floats(-180, 180))
def test_text_turned_by_any_angle_is_cut_upright(angle: float) -> None:
    sheet = np.full((300, 300, 3), 128, np.uint8)
    sheet[130:170, 90:210] = card()
    matrix = cv2.getRotationMatrix2D((150, 150), angle, 1.0)
    turned = np.asarray(cv2.warpAffine(sheet, matrix, (300, 300), borderValue=(128, 128, 128)), np.uint8)
    corners = np.array(rectangle(90, 130, 120, 40)) @ matrix[:, :2].T + matrix[:, 2]
    cut = rectify(turned, corners.tolist())
    assert cut.shape == (40, 120, 3)
    assert np.abs(cut.astype(int) - card()).mean() < 12
    for row, column in ((10, 30), (10, 90), (30, 30), (30, 90)):
        assert np.abs(cut[row, column].astype(int) - card()[row, column]).max() < 60


@given(quadrilaterals(), st.floats(0, 0.5))
def test_the_size_of_a_crop_is_that_of_the_text_and_its_margin(
    points: tuple[tuple[float, float], ...], share: float
) -> None:
    sheet = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    width, height = text_size(points)
    cut = rectify(sheet, points, Margin.even(share))
    assert cut.shape[1] == pytest.approx(width + 2 * share * height, abs=1)
    assert cut.shape[0] == pytest.approx(height * (1 + 2 * share), abs=1)


def test_a_margin_shows_what_stands_around() -> None:
    sheet = np.zeros((200, 300, 3), np.uint8)
    sheet[50:90, 100:220] = 255
    cut = rectify(sheet, rectangle(100, 50, 120, 40), Margin(left=0.5, top=0.25))
    assert cut.shape == (50, 140, 3)
    assert (cut[12:, 22:].mean(), cut[:8].max(), cut[:, :18].max()) == (255, 0, 0)


def test_beyond_the_page_its_edge_continues() -> None:
    sheet = np.full((40, 120, 3), 200, np.uint8)
    assert rectify(sheet, rectangle(0, 0, 120, 40), Margin.even(0.5)).min() == 200


def test_random_margins_stay_in_range_and_repeat() -> None:
    drawn = [Margin.random(0.1, 0.3, np.random.default_rng(5)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    sides = (drawn[0].left, drawn[0].top, drawn[0].right, drawn[0].bottom)
    assert len(set(sides)) == 4
    assert all(0.1 <= side <= 0.3 for side in sides)
