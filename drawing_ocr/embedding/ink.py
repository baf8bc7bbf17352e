"""The ink of a page, and what of it the network looks at."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.uint8]

LONG_SIDE: Final = 1200  # pixels of the page at which it is looked at; larger pages are reduced to it
_SURROUNDINGS: Final = 41  # pixels; ink is darker than the mean of that square
# A line is as dark as STRONG somewhere and nowhere lighter than WEAK (hysteresis, Canny 1986): grey levels below the
# surroundings, and standard deviations of the paper's noise where that is more.
_WEAK, _STRONG = 6.0, 20.0
_WEAK_NOISE, _STRONG_NOISE = 3.0, 7.0
# Of a normal distribution, in medians of the absolute difference of two neighbours; and what smoothing leaves of it.
_DEVIATION: Final = 1.05
_SMOOTHED: Final = 0.375
_SPECK: Final = 8  # pixels of ink that stand alone
_MARGIN: Final = 0.03  # of the longer side, left free on every side of the square
_DARKEN: Final = 2.2  # so that a hair line that was reduced to half a pixel is as black as a thick one


def ink_of(page: Picture) -> tuple[Ink, float]:
    """What is drawn on a page, whatever the paper's colour and shadows.

    Args:
        page: uint8 [height, width] or [height, width, 3] (BGR); dark on light.

    Returns:
        Ink (uint8 [h, w], 255 where there is ink), its longer side at most `LONG_SIDE`; and page pixels per ink pixel.
    """
    shrink = max(1.0, max(page.shape[:2]) / LONG_SIDE)
    if shrink > 1:
        size = (max(1, round(page.shape[1] / shrink)), max(1, round(page.shape[0] / shrink)))
        page = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) if page.ndim == 3 else page
    smooth = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.int16)
    darker = cv2.blur(smooth, (_SURROUNDINGS, _SURROUNDINGS)) - smooth
    steps = np.abs(np.diff(grey[::4].astype(np.int16), axis=1))
    noise = _SMOOTHED * _DEVIATION * _median(steps) if steps.size else 0.0
    weak = (darker > max(_WEAK, _WEAK_NOISE * noise)).astype(np.uint8)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    strong = darker > max(_STRONG, _STRONG_NOISE * noise)
    kept = np.zeros(len(statistics), np.bool_)
    kept[labels[strong]] = True
    kept &= statistics[:, cv2.CC_STAT_AREA] > _SPECK
    kept[0] = False
    return np.where(kept, 255, 0).astype(np.uint8)[labels], shrink


def _median(values: npt.NDArray[np.int16]) -> float:
    """Of differences of grey levels, 0 to 255: counting them is faster than sorting."""
    below = np.cumsum(np.bincount(values.ravel(), minlength=256))
    middle = (values.size - 1) // 2, values.size // 2
    return float(np.searchsorted(below, middle, side="right").mean())


def network_input(ink: Ink, size: int) -> npt.NDArray[np.uint8]:
    """The ink's bounding box in the middle of a square.

    Args:
        ink: uint8 [height, width], 255 where there is ink; at least one pixel.
        size: Side of the square.

    Returns:
        uint8 [size, size], 255 = ink.
    """
    left, top, wide, tall = cv2.boundingRect(ink)
    cut = ink[top : top + tall, left : left + wide]
    scale = (1.0 - 2.0 * _MARGIN) * size / max(wide, tall)
    width, height = max(1, round(wide * scale)), max(1, round(tall * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    reduced = cv2.convertScaleAbs(cv2.resize(cut, (width, height), interpolation=how), alpha=_DARKEN)
    square = np.zeros((size, size), np.uint8)
    x, y = (size - width) // 2, (size - height) // 2
    square[y : y + height, x : x + width] = reduced
    return square
