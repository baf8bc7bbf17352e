"""Cuts text lines out of a page, upright."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page

Quad = npt.NDArray[np.float32]

# From this height over width on, a box holds a vertical line (PaddleOCR's rule).
TALL: Final = 1.5


def crop(page: Page, quad: Quad) -> Page:
    """The picture inside a quad, its first side along the top.

    Args:
        page: uint8 [height, width, 3].
        quad: [4, 2], pixels, clockwise.

    Returns:
        uint8 [h, w, 3]; h and w are the longer of opposite sides, at least 1.
    """
    width = max(1, int(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[2] - quad[3]))))
    height = max(1, int(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(quad, target)
    warped = cv2.warpPerspective(
        page, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def is_tall(picture: Page) -> bool:
    """Whether a crop is so tall that its line must be vertical."""
    return bool(picture.shape[0] >= TALL * picture.shape[1])


def turn(picture: Page, quarters: int) -> Page:
    """A crop turned clockwise by quarters of a full turn."""
    return np.ascontiguousarray(np.rot90(picture, -quarters))


def turn_quad(quad: Quad, quarters: int) -> Quad:
    """The corners of the same box from the text's own top left, its crop having been turned by `quarters` clockwise."""
    return np.roll(quad, quarters, axis=0)


def sheet_to_upright(quads: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """Corners found on a sheet that was turned clockwise by a quarter, as they lie on the upright sheet.

    Args:
        quads: [boxes, 4, 2] on the turned sheet, clockwise from the upper left there.
        width: Of the turned sheet, pixels (the height of the upright one).

    Returns:
        [boxes, 4, 2] on the upright sheet, clockwise from the upper left there.
    """
    upright = np.stack([quads[..., 1], width - 1 - quads[..., 0]], axis=-1)
    # What was the upper left on the turned sheet is the lower left on the upright one.
    return np.roll(upright, -1, axis=1).astype(np.float32)
