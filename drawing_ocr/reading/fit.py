"""Fits boxes to ink: characters that the detector left out come in, empty margins go out.

A detector of scene text does not know the diameter sign and leaves it outside its box now and then; and its boxes are a
third of the letters' height wider than the text on every side. Both are mended by looking at the connected pieces of
ink around a box: letters are pieces of their own, lines of the drawing run through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.rectify import Quad, crop

# All in heights of the detector's box, which is about 1.6 times as high as its letters.
_REACH: Final = 1.4  # how far beyond its ends a box is looked around
_ABOVE: Final = 0.25  # and above and below: the stroke of ⌀ is longer than digits are high
_GAP: Final = 0.35  # widest space between a character and the box that it is taken into
_LOWEST, _HIGHEST = 0.4, 1.1  # of a character that is taken in
_WIDEST: Final = 0.9
_MARGIN: Final = 0.15  # left beside a character that was taken in
_PAPER: Final = 0.5  # pixels around the ink in which its edge is soft
_LARGEST_CUT: Final = 0.35  # margin that is taken away where ink runs through: it may be letters that touch a line


@dataclass(frozen=True, slots=True)
class Fitted:
    """A box as it is read and as it is answered.

    Attributes:
        loose: With the detector's margins, which recognisers are trained on; [4, 2].
        tight: Around the ink; [4, 2].
    """

    loose: Quad
    tight: Quad


def fit(page: Page, quads: Sequence[Quad]) -> list[Fitted]:
    """Fits boxes to the ink of a page.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        quads: Boxes, [4, 2] each, clockwise from their upper left, lying or standing.

    Returns:
        One for each box, corners in the same order.
    """
    others = _Others(quads)
    return [_fit(page, index, quad, others) for index, quad in enumerate(quads)]


class _Others:
    """All boxes of a page, for who asks whether a point lies in another than its own."""

    def __init__(self, quads: Sequence[Quad]) -> None:
        self._quads = quads
        corners = np.array(quads, np.float32).reshape(-1, 4, 2)
        self._first, self._last = corners.min(axis=1), corners.max(axis=1)

    def hold(self, point: Quad, own: int) -> bool:
        """Whether a point [2] lies in a box but the one with the index `own`."""
        near = ((self._first <= point) & (point <= self._last)).all(axis=1)
        x, y = float(point[0]), float(point[1])
        return any(
            cv2.pointPolygonTest(self._quads[index], (x, y), False) >= 0
            for index in np.flatnonzero(near)
            if index != own
        )


def _fit(page: Page, index: int, quad: Quad, others: _Others) -> Fitted:
    standing = np.linalg.norm(quad[0] - quad[1]) < np.linalg.norm(quad[1] - quad[2])
    # A standing box is looked at from the right, where ISO 129 wants vertical text to be read from.
    lying = np.roll(quad, 1, axis=0) if standing else quad
    frame = _Frame.around(lying)
    ink = _Ink.of(crop(page, frame.corners(-frame.reach, -frame.above, frame.reach, frame.above)))
    left = _grown(frame, ink.pieces, index, others)
    loose = frame.corners(left, 0, 0, 0)
    tight = frame.corners(*_tightened(frame, ink, left))
    return Fitted(*(np.roll(box, -1, axis=0) if standing else box for box in (loose, tight)))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Coordinates along a lying box: its upper left is the origin, x runs along the text, pixels."""

    origin: Quad
    along: Quad
    down: Quad
    width: float
    height: float

    @classmethod
    def around(cls, quad: Quad) -> _Frame:
        width = float(np.linalg.norm(quad[1] - quad[0]))
        height = float(np.linalg.norm(quad[3] - quad[0]))
        return cls(quad[0], (quad[1] - quad[0]) / max(width, 1), (quad[3] - quad[0]) / max(height, 1), width, height)

    @property
    def reach(self) -> float:
        return round(_REACH * self.height)

    @property
    def above(self) -> float:
        return round(_ABOVE * self.height)

    def point(self, x: float, y: float) -> Quad:
        return np.asarray(self.origin + x * self.along + y * self.down, np.float32)

    def corners(self, left: float, top: float, right: float, bottom: float) -> Quad:
        """The box with its sides moved outwards (negative on the left and top) by so much."""
        x0, x1, y0, y1 = left, self.width + right, top, self.height + bottom
        return np.array([self.point(x0, y0), self.point(x1, y0), self.point(x1, y1), self.point(x0, y1)], np.float32)


# Pieces of ink: rows of left, top, width, height in pixels of the crop; those that touch its edge are left out.
_Pieces = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Ink:
    """What is drawn around a box.

    Attributes:
        pieces: Those that may be characters.
        through: Ink that runs out of the crop, bool [height, width].
    """

    pieces: _Pieces
    through: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, picture: Page) -> _Ink:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        found = np.asarray(statistics[:, :4], np.int32)
        height, width = grey.shape
        whole = (found[:, 0] > 0) & (found[:, 1] > 0)
        whole &= (found[:, 0] + found[:, 2] < width) & (found[:, 1] + found[:, 3] < height)
        specks = (found[:, 2] < 2) | (found[:, 3] < 2)
        paper = np.arange(len(found)) == 0
        return cls(found[whole & ~specks & ~paper], (~whole & ~paper)[labels])


def _grown(frame: _Frame, pieces: _Pieces, own: int, others: _Others) -> float:
    """How far the box's left end moves (0 or less) to take in whole characters.

    Only the left: there the diameter sign leads, and a count before it (`2× ⌀19,9`) would take it from its number.
    """
    left, height = 0.0, frame.height
    for x, y, width, tall in pieces[np.argsort(-pieces[:, 0])]:
        start, end = x - frame.reach, x - frame.reach + width
        if start < left and left - end < _GAP * height and _is_character(width, tall, height):
            middle = frame.point((start + end) / 2, y - frame.above + tall / 2)
            if not others.hold(middle, own):
                left = start - _MARGIN * height
    return left


def _is_character(width: float, tall: float, height: float) -> bool:
    return _LOWEST * height <= tall <= _HIGHEST * height and width <= _WIDEST * height


def _tightened(frame: _Frame, ink: _Ink, left: float) -> tuple[float, float, float, float]:
    """How far each side moves (left, top, right, bottom) so that the box just holds its ink."""
    pieces = ink.pieces
    middle = pieces[:, 0] + pieces[:, 2] / 2 - frame.reach
    level = pieces[:, 1] + pieces[:, 3] / 2 - frame.above
    own = pieces[(middle > left) & (middle < frame.width) & (level > 0) & (level < frame.height)]
    if not len(own):
        return left, 0.0, 0.0, 0.0
    ink_left = float(own[:, 0].min()) - frame.reach - _PAPER
    ink_top = float(own[:, 1].min()) - frame.above - _PAPER
    ink_right = float((own[:, 0] + own[:, 2]).max()) - frame.reach + _PAPER - frame.width
    ink_bottom = float((own[:, 1] + own[:, 3]).max()) - frame.above + _PAPER - frame.height
    first, last = max(0, int(frame.reach + left)), int(frame.reach + frame.width)
    through = ink.through[int(frame.above) : int(frame.above + frame.height), first:last]
    columns, rows = through.max(axis=0, initial=False), through.max(axis=1, initial=False)
    cut = _LARGEST_CUT * frame.height
    return (
        float(np.clip(ink_left, left, left + _deepest(columns, ink_left - left, cut))),
        float(np.clip(ink_top, -frame.above, _deepest(rows, ink_top, cut))),
        float(np.clip(ink_right, -_deepest(columns[::-1], -ink_right, cut), 0)),
        float(np.clip(ink_bottom, -_deepest(rows[::-1], -ink_bottom, cut), frame.above)),
    )


def _deepest(through: npt.NDArray[np.bool_], wanted: float, cut: float) -> float:
    """How much of a margin may go: all that is paper, but no more than `cut` of what other ink runs through.

    Args:
        through: Whether ink runs through the box at so many pixels from the side that moves.
        wanted: How far it would move, pixels.
        cut: How far it moves whatever is there, pixels.
    """
    return cut if through[int(cut) : max(int(cut), round(wanted))].any() else max(cut, wanted)
