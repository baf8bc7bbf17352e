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
# And from this on it may: with the margins of a box, two digits are 1.3 times as long as high.
HIGH: Final = 1.1
_LONGEST: Final = 32_766  # side of a picture that OpenCV warps, pixels: it counts in 16 bits
_AROUND: Final = 4  # pixels beside a window that interpolation looks at, and more


def crop(page: Page, quad: Quad) -> Page:
    """The picture inside a quad, its first side along the top.

    Args:
        page: uint8 [height, width, 3].
        quad: [4, 2], pixels, clockwise.

    Returns:
        uint8 [h, w, 3]; h and w are the longer of opposite sides, at least 1.
    """
    width = min(_LONGEST, max(1, int(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[2] - quad[3])))))
    height = min(_LONGEST, max(1, int(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))))
    if max(page.shape[:2]) > _LONGEST:
        page, quad = _window(page, quad)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(quad, target)
    warped = cv2.warpPerspective(
        page, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def _window(page: Page, quad: Quad) -> tuple[Page, Quad]:
    """The part of a page around a quad, and the quad on it; of a quad that is too long itself, every so many pixels."""
    limits = np.array([page.shape[1], page.shape[0]])
    first = np.clip(np.floor(quad.min(axis=0)).astype(int) - _AROUND, 0, limits - 1)
    last = np.clip(np.ceil(quad.max(axis=0)).astype(int) + _AROUND, first + 1, limits)
    step = -(-int((last - first).max()) // _LONGEST)
    part = page[first[1] : last[1] : step, first[0] : last[0] : step]
    return part, ((quad - first) / step).astype(np.float32)


def is_tall(picture: Page) -> bool:
    """Whether a crop is so tall that its line must be vertical."""
    return bool(picture.shape[0] >= TALL * picture.shape[1])


def may_stand(picture: Page) -> bool:
    """Whether a crop is so tall that it may hold two characters that stand, or one that lies."""
    return bool(picture.shape[0] >= HIGH * picture.shape[1])


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
