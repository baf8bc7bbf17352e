"""A part drawn on a whole sheet: frame, title block, tables, notes, views with dimensions, and what a scanner does."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np

from drawing_ocr.synthesis.families.figure import Part
from drawing_ocr.synthesis.families.layout import arrange
from drawing_ocr.synthesis.families.pen import Mask, Pen
from drawing_ocr.synthesis.scan import scan
from drawing_ocr.synthesis.style import PLOTTED, SCANNED, SheetStyle

_ALL_TURNS: Final = (0, 1, 2, 3)
# What a poor scanner makes of a sheet: every effect at once.
WORN: Final = replace(SCANNED, skewed=1.0, max_skew=1.5, blurred=1.0, noisy=1.0, compressed=1.0, faded=1.0, bled=0.5)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What may vary when a part is drawn again.

    Attributes:
        long_side: Smallest and largest, pixels.
        dimensions: Probability that the sheet is dimensioned.
        furniture: Whether it has frame, title block, tables and notes.
        turns: Quarter turns that it may lie in.
        scanned: What the scanner does.
    """

    long_side: tuple[int, int] = (1100, 1700)
    dimensions: float = 0.8
    furniture: bool = True
    turns: tuple[int, ...] = (0,)
    scanned: SheetStyle = SCANNED


REDRAWN: Final = Drawn()
TURNED: Final = Drawn(turns=(1, 2, 3))
NOISY: Final = Drawn(scanned=WORN)
UNDIMENSIONED: Final = Drawn(dimensions=0.0)
PLAIN: Final = Drawn(furniture=False, scanned=PLOTTED)


def draw_family_sheet(part: Part, seed: int, drawn: Drawn = REDRAWN) -> Mask:
    """Draws a part; the same part, seed and way give the same pixels.

    Returns:
        uint8 [height, width], grey, dark on light.
    """
    rng = Random(f"family sheet {seed}")
    long = rng.randint(*drawn.long_side)
    short = round(long / 2**0.5)
    width, height = (short, long) if rng.random() < 0.2 else (long, short)
    pen = Pen.random(rng, long)
    ink = np.zeros((height, width), np.uint8)
    area = (
        _furnish(ink, pen, rng)
        if drawn.furniture
        else (0.03 * long, 0.03 * long, width - 0.03 * long, height - 0.03 * long)
    )
    dimensioned = rng.random() < drawn.dimensions
    margin = pen.em * (rng.uniform(5.0, 8.0) if dimensioned else rng.uniform(1.5, 4.0))
    for place in arrange(part.views, area, margin, rng):
        pen.figure(ink, place.view, place.scale, place.origin)
        if dimensioned:
            pen.dimensions(ink, place.view, place.scale, place.origin, rng, rng.uniform(0.4, 1.0))
    picture, _ = scan(ink, [], drawn.scanned, rng)
    return np.ascontiguousarray(np.rot90(picture, rng.choice(drawn.turns)))


def _furnish(ink: Mask, pen: Pen, rng: Random) -> tuple[float, float, float, float]:
    """Frame, title block and what else stands about the views; the paper that is left: left, top, right, bottom."""
    height, width = ink.shape
    inset = rng.uniform(0.015, 0.03) * max(width, height)
    left, top, right, bottom = inset, inset, width - inset, height - inset
    if rng.random() < 0.6:
        _box(ink, pen, 0.4 * inset, 0.4 * inset, width - 0.4 * inset, height - 0.4 * inset, pen.thin)
        for i in range(1, 8):
            pen.write(ink, str(i), left + (right - left) * (i - 0.5) / 7, 0.7 * inset, size=0.7)
            pen.write(ink, string.ascii_uppercase[i], 0.7 * inset, top + (bottom - top) * (i - 0.5) / 7, size=0.7)
    _box(ink, pen, left, top, right, bottom, pen.thick)
    area_bottom, area_top = bottom, top
    if rng.random() < 0.92:
        wide, tall = rng.uniform(0.3, 0.48) * width, rng.uniform(0.1, 0.17) * height
        _table(ink, pen, (right - wide, bottom - tall, right, bottom), rng.randint(3, 6), rng.randint(2, 5), rng)
        area_bottom = bottom - tall
        if rng.random() < 0.35:
            more = rng.uniform(0.05, 0.12) * height
            _table(ink, pen, (right - wide, area_bottom - more, right, area_bottom), rng.randint(2, 4), 5, rng)
            area_bottom -= more
        if rng.random() < 0.5:
            for i in range(rng.randint(2, 5)):
                y = bottom - tall * 0.85 + i * 1.6 * pen.em
                if y < bottom - pen.em:
                    pen.write(ink, _words(rng, 24), left + 0.2 * width, y, size=0.9)
    if rng.random() < 0.35:
        wide, tall = rng.uniform(0.22, 0.35) * width, rng.uniform(0.05, 0.09) * height
        _table(ink, pen, (right - wide, top, right, top + tall), rng.randint(2, 4), 4, rng)
        area_top = top + tall
    return left + pen.em, area_top + pen.em, right - pen.em, area_bottom - pen.em


def _box(ink: Mask, pen: Pen, left: float, top: float, right: float, bottom: float, width: int) -> None:
    pen.strokes(ink, [np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])], width)


def _table(ink: Mask, pen: Pen, box: tuple[float, float, float, float], rows: int, columns: int, rng: Random) -> None:
    """A ruled table; cells of a row may be merged, and most hold a text."""
    left, top, right, bottom = box
    _box(ink, pen, *box, pen.thick)
    step = (bottom - top) / rows
    for row in range(rows):
        y = top + row * step
        pen.strokes(ink, [np.array([(left, y), (right, y)])], pen.thin)
        cuts = [left, *sorted(rng.uniform(left, right) for _ in range(columns - 1)), right]
        cuts = [cut for cut, after in zip(cuts, [*cuts[1:], right + 9e9], strict=True) if after - cut > 2 * pen.em]
        for cut, after in zip(cuts, [*cuts[1:], right], strict=True):
            pen.strokes(ink, [np.array([(cut, y), (cut, y + step)])], pen.thin)
            room = int((after - cut) / (0.75 * pen.em))
            if room > 1 and rng.random() < 0.85:
                pen.write(ink, _words(rng, min(room, 14)), (cut + after) / 2, y + step / 2, size=0.8)


def _words(rng: Random, letters: int) -> str:
    return "".join(rng.choice(string.ascii_uppercase + string.digits + "  ") for _ in range(letters))
