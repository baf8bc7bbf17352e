"""Pieces of drawn sheets on which a detector learns, drawn anew for every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category, Region
from drawing_ocr.reading.rectify import turn
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import BARE, DETAILS, PLOTTED, SCANNED, VIEWS, WORN, SheetStyle

Quad = npt.NDArray[np.float32]

SIDE: Final = 320
"""Of a piece, pixels: a dimension and what stands around it."""

_WIDTHS: Final = (1300, 2800)  # A4 at 110 to 240 dpi: letters of 8 to 35 pixels
_MAX_SKEW: Final = 0.7  # degrees; more moves texts off the page
# Half of the pieces are seen larger or smaller, up to letters of 80 pixels: large sheets take too long to draw.
_SCALED: Final = 0.5
_SCALES: Final = (-0.4, 1.3)  # powers of two
_KINDS: Final[tuple[tuple[SheetStyle, float], ...]] = (
    (SCANNED, 0.2),
    (PLOTTED, 0.15),
    (WORN, 0.15),
    (VIEWS, 0.2),
    (DETAILS, 0.2),
    (BARE, 0.1),
)
_AT_TEXT: Final = 0.75  # share of the pieces around a text; the others lie anywhere with ink
# How much likelier than a word: a dimension or sign, and a deviation, which stands above or below another.
_DIMENSION, _DEVIATION = 2.5, 6.0
_HOLES: Final = 0.4  # share of the pieces with holes without centre lines, which look like 0
_HOLE: Final = (5, 32)  # radius, pixels
_CLEAR: Final = 6.0  # pixels between a hole and the next text
_TURNED: Final = 0.5  # share of the pieces seen turned by a quarter, as the second look does
_TRIES: Final = 12  # to find ink
_INK: Final = 0.004  # share of a piece's pixels
_DARK: Final = 40  # darker than the paper


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sheet.

    Attributes:
        pixels: uint8 [SIDE, SIDE, 3], BGR.
        texts: Polygons of what is written, also of what the edge cuts, [4, 2] each.
        unknown: Polygons of what is not readable.
    """

    pixels: npt.NDArray[np.uint8]
    texts: tuple[Quad, ...]
    unknown: tuple[Quad, ...]


def draw_pieces(pencil: Random, count: int) -> list[Piece]:
    """Pieces of one sheet; the state of the pencil decides everything.

    Args:
        pencil: Random numbers.
        count: Of pieces.
    """
    style = pencil.choices([style for style, _ in _KINDS], [share for _, share in _KINDS])[0]
    grey, annotation = draw_sheet(pencil.getrandbits(48), replace(style, width=_WIDTHS, max_skew=_MAX_SKEW))
    return [_piece(grey, annotation.regions, pencil) for _ in range(count)]


def _piece(grey: npt.NDArray[np.uint8], regions: Sequence[Region], pencil: Random) -> Piece:
    scale = 2.0 ** pencil.uniform(*_SCALES) if pencil.random() < _SCALED else 1.0
    window = round(SIDE / scale)
    left, top = _place(grey, regions, window, pencil)
    shown = grey[top : top + window, left : left + window]
    if window != SIDE:
        way = cv2.INTER_AREA if window > SIDE else cv2.INTER_CUBIC
        shown = np.asarray(cv2.resize(shown, (SIDE, SIDE), interpolation=way), np.uint8)
    inside = [region for region in regions if _touches(region, left, top, window)]
    place = np.array([left, top], np.float32)
    quads = [(np.array(region.points, np.float32) - place) * (SIDE / window) for region in inside]
    if pencil.random() < _HOLES:
        shown = _with_holes(shown, quads, pencil)
    pixels = np.repeat(shown[:, :, None], 3, axis=2)
    if pencil.random() < _TURNED:
        pixels = turn(pixels, 1)
        quads = [_turned(quad) for quad in quads]
    texts = [quad for quad, region in zip(quads, inside, strict=True) if not region.ignore]
    unknown = [quad for quad, region in zip(quads, inside, strict=True) if region.ignore]
    return Piece(pixels, tuple(texts), tuple(unknown))


def _place(grey: npt.NDArray[np.uint8], regions: Sequence[Region], window: int, pencil: Random) -> tuple[int, int]:
    """Left and top of a square of the sheet."""
    height, width = grey.shape
    if regions and pencil.random() < _AT_TEXT:
        x, y = np.mean(pencil.choices(regions, [_likely(region) for region in regions])[0].points, axis=0)
        x, y = (at + pencil.uniform(-0.4, 0.4) * window for at in (x, y))
        return (
            int(np.clip(x - window / 2, 0, width - window)),
            int(np.clip(y - window / 2, 0, height - window)),
        )
    paper = int(np.median(grey[::16, ::16]))
    for _ in range(_TRIES):
        left, top = pencil.randint(0, width - window), pencil.randint(0, height - window)
        shown = grey[top : top + window, left : left + window].astype(np.int16)
        if (abs(shown - paper) > _DARK).mean() > _INK:
            break
    return left, top


def _likely(region: Region) -> float:
    if region.text.startswith(("+", "-")) or region.text == "0":
        return _DEVIATION
    return _DIMENSION if region.category in (Category.DIMENSION, Category.SYMBOL) else 1.0


def _with_holes(shown: npt.NDArray[np.uint8], quads: Sequence[Quad], pencil: Random) -> npt.NDArray[np.uint8]:
    """Rings on free paper, in the ink of the sheet."""
    free = np.zeros(shown.shape, np.uint8)
    for quad in quads:
        cv2.fillPoly(free, [np.round(quad).astype(np.int32)], (1,))
    apart = cv2.distanceTransform(1 - free, cv2.DIST_L2, 3)
    ink = float(np.percentile(shown, 1))
    drawn = shown.copy()
    for _ in range(pencil.randint(1, 6)):
        radius, x, y = pencil.randint(*_HOLE), pencil.randrange(SIDE), pencil.randrange(SIDE)
        width = pencil.choice((1, 1, 2, 2, 3))
        if apart[y, x] > radius + width + _CLEAR:
            cv2.circle(drawn, (x, y), radius, (ink,), width, cv2.LINE_AA)
    return drawn


def _touches(region: Region, left: int, top: int, window: int) -> bool:
    points = np.array(region.points)
    low, high = points.min(axis=0), points.max(axis=0)
    return bool(low[0] < left + window and low[1] < top + window and high[0] > left and high[1] > top)


def _turned(quad: Quad) -> Quad:
    """Where a polygon lies after its piece was turned by a quarter clockwise."""
    return np.stack([SIDE - 1 - quad[:, 1], quad[:, 0]], axis=1)
