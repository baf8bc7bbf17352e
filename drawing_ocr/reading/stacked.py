"""Takes boxes apart that hold more than one row: a size with its deviations one above the other, stacked limits.

Detectors put a size and its two deviations into one box when they stand close, and a recogniser of lines then reads the
rows into each other. Where digits stand one above the other with paper between them, nothing else is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.fit import Fitted
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.rectify import Quad, crop, is_tall

# Rows of left, top, right, bottom of pieces of ink, pixels of the crop.
_Pieces = npt.NDArray[np.int32]

# All in heights of the box but where it says otherwise.
_LOWEST: Final = 16  # pixels of a box that can hold two rows
_DIGIT: Final = 0.2  # a piece at least this high may be a digit
_STROKE: Final = 4.0  # wider than so many box heights, or flatter than a tenth of its width, is a line
_MIDDLE: Final = (0.25, 0.75)  # where the paper between the rows may be
_BETWEEN: Final = 0.02  # paper between the rows
_MARGIN: Final = 0.16  # left around the parts, in heights of the part


def take_apart(page: Page, boxes: Sequence[Fitted]) -> list[Fitted]:
    """The boxes, those with two rows replaced by their parts: the size, the upper row, the lower row.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        boxes: Lying or standing; parts have corners in the order of their box.
    """
    return [part for box in boxes for part in (_parts(page, box) or [box])]


def _parts(page: Page, box: Fitted) -> list[Fitted]:
    picture = crop(page, box.loose)
    standing = is_tall(picture)
    lying = np.roll(box.loose, 1, axis=0) if standing else box.loose
    if standing:
        picture = np.ascontiguousarray(np.rot90(picture, -1))
    height, width = picture.shape[:2]
    if height < _LOWEST:
        return []
    pieces = _pieces(picture)
    found = []
    for left, top, right, bottom in _rows(pieces, height):
        room = _MARGIN * (bottom - top)
        loose = _quad(lying, (left - room, top - room, right + room, bottom + room), (width, height))
        tight = _quad(lying, (left, top, right, bottom), (width, height))
        found.append(Fitted(*(np.roll(each, -1, axis=0) if standing else each for each in (loose, tight))))
    return found


def _pieces(picture: Page) -> _Pieces:
    """Pieces of ink that may be characters or parts of them."""
    height = picture.shape[0]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = found[1:]
    wide, tall = found[:, cv2.CC_STAT_WIDTH], found[:, cv2.CC_STAT_HEIGHT]
    kept = (found[:, cv2.CC_STAT_AREA] >= 3) & (wide <= _STROKE * height) & ~((wide > 10 * tall) & (wide > height))
    left, top = found[kept, cv2.CC_STAT_LEFT], found[kept, cv2.CC_STAT_TOP]
    return np.stack([left, top, left + wide[kept], top + tall[kept]], axis=1)


def _rows(pieces: _Pieces, height: int) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, right, bottom of the parts of a box; nothing where it is one row."""
    digits = pieces[(pieces[:, 3] - pieces[:, 1]) >= _DIGIT * height]
    # Where the rows begin: after the last piece that stands in both halves. Or before the first: seen upside down.
    for gap in _gaps(pieces, height):
        across = digits[(digits[:, 1] < gap[0]) & (digits[:, 3] > gap[1])]
        if len(across) == len(digits):
            continue
        for first, last in _free_spans(pieces, across):
            inside = pieces[(pieces[:, 0] >= first) & (pieces[:, 2] <= last)]
            upper, lower = inside[inside[:, 3] <= gap[1]], inside[inside[:, 1] >= gap[0]]
            rest = pieces[(pieces[:, 2] <= first) | (pieces[:, 0] >= last)]
            counts = [_digits(part, height) for part in (upper, lower)]
            # One digit above one: a number that stands, in a box as wide as high.
            if len(upper) + len(lower) != len(inside) or min(counts) == 0 or max(counts) == 1:
                continue
            if (len(rest) and not _digits(rest, height)) or not _overlap(upper, lower):
                continue
            for part in (rest, upper, lower):
                if len(part):
                    yield (
                        float(part[:, 0].min()),
                        float(part[:, 1].min()),
                        float(part[:, 2].max()),
                        float(part[:, 3].max()),
                    )
            return


def _gaps(pieces: _Pieces, height: int) -> Iterator[tuple[float, float]]:
    """Heights at which two rows may be told apart, from the middle outwards."""
    edges = sorted({int(bottom) for bottom in pieces[:, 3]}, key=lambda bottom: abs(bottom - height / 2))
    for bottom in edges:
        if _MIDDLE[0] * height <= bottom <= _MIDDLE[1] * height:
            below = pieces[pieces[:, 1] >= bottom, 1]
            if len(below) and int(below.min()) - bottom >= _BETWEEN * height:
                yield float(bottom), float(below.min())


def _free_spans(pieces: _Pieces, across: _Pieces) -> Iterator[tuple[float, float]]:
    """The spans before and behind the pieces that stand across both rows, the wider first; all where none does."""
    start, end = float(pieces[:, 0].min()), float(pieces[:, 2].max())
    if not len(across):
        yield start, end
        return
    spans = [(start, float(across[:, 0].min())), (float(across[:, 2].max()), end)]
    yield from (span for span in sorted(spans, key=lambda span: span[0] - span[1]) if span[1] > span[0])


def _digits(pieces: _Pieces, height: int) -> int:
    return int((pieces[:, 3] - pieces[:, 1] >= _DIGIT * height).sum())


def _overlap(upper: _Pieces, lower: _Pieces) -> bool:
    """Whether one row stands above the other, and not beside it."""
    left = max(int(upper[:, 0].min()), int(lower[:, 0].min()))
    right = min(int(upper[:, 2].max()), int(lower[:, 2].max()))
    shorter = min(int(np.ptp(upper[:, [0, 2]])), int(np.ptp(lower[:, [0, 2]])))
    return right - left >= 0.5 * shorter


def _quad(box: Quad, part: tuple[float, float, float, float], size: tuple[int, int]) -> Quad:
    """A rectangle of a box's crop as it lies on the page."""
    left, top, right, bottom = part
    along, down = (box[1] - box[0]) / size[0], (box[3] - box[0]) / size[1]
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([box[0] + x * along + y * down for x, y in corners], np.float32)
