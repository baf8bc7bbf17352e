"""The sign of surface texture beside a bare number."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.reading.roughness_sign import has_roughness_sign
from drawing_ocr.synthesis.sheet import draw_structured_sheet

TEXT = 20  # height of the digits, pixels


def sheet(*arms: tuple[int, int], width: int = 2) -> npt.NDArray[np.uint8]:
    """A sheet with a number at (200, 100), and strokes from a point below its left."""
    page = np.full((400, 400, 3), 255, np.uint8)
    for x in (200, 216, 232):
        cv2.rectangle(page, (x, 100), (x + 8, 100 + TEXT - 1), (0, 0, 0), -1)
    for x, y in arms:
        cv2.line(page, (170, 150), (170 + x, 150 - y), (0, 0, 0), width, cv2.LINE_AA)
    return page


QUAD = np.array([(200, 100), (240, 100), (240, 120), (200, 120)], np.float32)
SIGN = ((-15, 26), (32, 56))


def turned(page: npt.NDArray[np.uint8], degrees: float) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    matrix = cv2.getRotationMatrix2D((200, 200), degrees, 1)
    picture = cv2.warpAffine(page, matrix, (400, 400), borderValue=(255, 255, 255))
    return np.asarray(picture, np.uint8), np.asarray(cv2.transform(QUAD[None], matrix)[0], np.float32)


@pytest.mark.parametrize("degrees", [0, 90, 35, -60])
def test_a_number_at_the_sign_is_a_roughness_at_any_angle(degrees: float) -> None:
    page, quad = turned(sheet(*SIGN), degrees)
    assert has_roughness_sign(page, "3.2", quad)


@pytest.mark.parametrize(
    "arms",
    [(), SIGN[:1], SIGN[1:], ((-26, 26), (56, 56)), ((0, 40), (60, 0))],
    ids=["nothing", "short arm", "long arm", "right angle", "corner"],
)
def test_other_strokes_are_no_sign(arms: tuple[tuple[int, int], ...]) -> None:
    assert not has_roughness_sign(sheet(*arms), "3.2", QUAD)


def test_hatching_and_filled_areas_are_no_sign() -> None:
    hatched = sheet(*SIGN)
    cv2.rectangle(hatched, (120, 60), (195, 200), (0, 0, 0), -1)
    assert not has_roughness_sign(hatched, "3.2", QUAD)


def test_only_values_of_the_standard_series_are_looked_at() -> None:
    assert not has_roughness_sign(sheet(*SIGN), "3.3", QUAD)


def test_no_dimension_of_a_drawn_sheet_is_taken_for_one() -> None:
    drawn = draw_structured_sheet(6001)
    page = np.repeat(drawn.picture[:, :, None], 3, axis=2)
    regions = [region for region in drawn.annotation.regions if region.category == "dimension"]
    assert regions
    assert not any(has_roughness_sign(page, "3.2", np.array(region.points, np.float32)) for region in regions)
