"""Ink on a page: what differs between two pictures of it, and the tight outline of what lies in a place."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page
from drawing_ocr.sources.page import Quad

Mask = npt.NDArray[np.bool_]

_DIFFERS: Final = 48  # of 255; lighter is the edge of a stroke
_DARKER_THAN_PAPER: Final = 48


def difference(page: Page, other: Page) -> Mask:
    """Where two pictures of one page differ, [height, width]."""
    blue, green, red = cv2.split(cv2.absdiff(page, other))
    return np.asarray(cv2.max(cv2.max(blue, green), red) > _DIFFERS)


def darkest(page: Page) -> npt.NDArray[np.uint8]:
    """The least of the three colours of each pixel, [height, width]; NumPy takes ten times as long for it."""
    blue, green, red = cv2.split(page)
    return np.asarray(cv2.min(cv2.min(blue, green), red), np.uint8)


def is_blank(page: Page) -> bool:
    """Whether nothing is drawn on a page, whatever colour its paper has."""
    grey = darkest(page)
    return int(grey.max()) - int(grey.min()) < _DARKER_THAN_PAPER


def tight(mask: Mask, loose: Quad) -> Quad | None:
    """The outline of the ink inside a quadrilateral, parallel to it; None where no ink is.

    Args:
        mask: Where ink is, [height, width].
        loose: A rectangle at any angle, pixels, clockwise from the text's own top left.
    """
    along, down = loose[1] - loose[0], loose[3] - loose[0]
    width, height = float(np.hypot(*along)), float(np.hypot(*down))
    if width < 1 or height < 1:
        return None
    left, top = np.floor(loose.min(axis=0)).astype(int).clip(0)
    right, bottom = np.ceil(loose.max(axis=0)).astype(int) + 1
    rows, columns = np.nonzero(mask[top : max(bottom, 0), left : max(right, 0)])
    if not len(rows):
        return None
    points = np.stack([columns + left, rows + top], axis=1) + 0.5 - loose[0]
    along, down = along / width, down / height
    x, y = points @ along, points @ down
    inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    if not inside.any():
        return None
    # A pixel reaches half a pixel beyond its middle.
    x1, x2 = float(x[inside].min()) - 0.5, float(x[inside].max()) + 0.5
    y1, y2 = float(y[inside].min()) - 0.5, float(y[inside].max()) + 0.5
    corners = [loose[0] + along * a + down * b for a, b in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    return np.array(corners, np.float32)
