"""Single characters with their places, as PDF files have them, to lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from drawing_ocr.sources.page import Quad

_SAME_DIRECTION: Final = 2.0  # degrees
# In heights of the font (em). CAD programs place words one by one: a space is some 0.25, a next column is further.
_SAME_BASELINE: Final = 0.15
_SPACE: Final = 0.18
_NEXT_LINE: Final = 0.9
_STRUCK_TWICE: Final = 0.12  # bold made by printing a character twice


@dataclass(frozen=True, slots=True)
class Character:
    """One character.

    Attributes:
        text: What it is; one code point as a rule.
        x, y: Where it begins on its baseline, pixels of the upright page.
        angle: Of its writing direction, degrees clockwise from rightwards as one sees the page.
        advance: Its width, pixels.
        ascent, descent: Of its font above and below the baseline, pixels, both positive.
        font: Whatever tells its font from the others.
    """

    text: str
    x: float
    y: float
    angle: float
    advance: float
    ascent: float
    descent: float
    font: int

    @property
    def height(self) -> float:
        """Of the font, pixels."""
        return self.ascent + self.descent


@dataclass(frozen=True, slots=True)
class Line:
    """Characters of one line in reading order; `text` has spaces where there are gaps."""

    text: str
    characters: tuple[Character, ...]

    @property
    def quad(self) -> Quad:
        """From the first character's beginning to the last one's end, as high as its fonts; not tight."""
        angle = math.radians(self.characters[0].angle)
        along, down = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
        first = self.characters[0]
        origin = np.array([first.x, first.y])
        ends = [float(np.dot([item.x - first.x, item.y - first.y], along)) + item.advance for item in self.characters]
        length, ascent = max(ends), max(item.ascent for item in self.characters)
        descent = max(item.descent for item in self.characters)
        top, bottom = origin - down * ascent, origin + down * descent
        return np.array([top, top + along * length, bottom + along * length, bottom], np.float32)


def lines_of(characters: Iterable[Character]) -> list[Line]:
    """Lines of text: characters of one direction, on one baseline, without a wide gap between them.

    Args:
        characters: Of one page in any order, white space among them or not.
    """
    return [line for group in _by_direction(characters) for row in _rows(group) for line in _split(row)]


def _by_direction(characters: Iterable[Character]) -> list[list[Character]]:
    groups: dict[float, list[Character]] = {}
    for item in characters:
        near = (angle for angle in groups if abs((item.angle - angle + 180) % 360 - 180) < _SAME_DIRECTION)
        groups.setdefault(next(near, item.angle), []).append(item)
    return list(groups.values())


def _rows(group: Sequence[Character]) -> Iterator[list[tuple[float, Character]]]:
    """Characters on one baseline, each with its place along it, from the first to the last."""
    angle = math.radians(group[0].angle)
    cosine, sine = math.cos(angle), math.sin(angle)
    placed = sorted(
        ((item.y * cosine - item.x * sine, item.x * cosine + item.y * sine, item) for item in group),
        key=lambda each: each[0],
    )
    row: list[tuple[float, Character]] = []
    baseline = 0.0
    for down, along, item in placed:
        if row and down - baseline > _SAME_BASELINE * min(item.height, row[0][1].height):
            yield sorted(row, key=lambda each: each[0])
            row = []
        if not row:
            baseline = down
        row.append((along, item))
    if row:
        yield sorted(row, key=lambda each: each[0])


def _split(row: Sequence[tuple[float, Character]]) -> Iterator[Line]:
    text, taken = "", list[Character]()
    begun, end, spaced = 0.0, 0.0, False
    for along, item in row:
        if item.text.isspace():
            spaced = True
            continue
        if taken:
            previous = taken[-1]
            height = max(item.height, previous.height)
            if item.text == previous.text and along - begun < _STRUCK_TWICE * height:
                continue
            gap = along - end
            if gap > _NEXT_LINE * height:
                yield Line(text, tuple(taken))
                text, taken = "", []
            elif spaced or gap > _SPACE * height:
                text += " "
        text += item.text
        taken.append(item)
        begun, end, spaced = along, along + item.advance, False
    if taken:
        yield Line(text, tuple(taken))
