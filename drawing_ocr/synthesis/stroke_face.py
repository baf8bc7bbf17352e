"""Single-stroke lettering, as CAD programs and lettering templates have it: glyph outlines for one face of many."""

import functools
import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis.stroke_glyphs import ALTERNATES, GLYPHS

Points = npt.NDArray[np.float64]

_ZOOM = 4  # drawn so much larger, then averaged: pens of any width
_SHIFT = 4  # OpenCV draws at 1/16 pixel
_WORD_SPACE = 0.6  # of the capital height


@dataclass(frozen=True, slots=True)
class StrokeFace:
    """One way to draw the glyphs.

    width: horizontal stretch. spacing: paper between two letters in capital heights. step: degrees between two points
    of an arc; 45 makes the octagons of old plotter fonts. square: exponent of the superellipse that an arc is; 2 is
    round, 4 nearly a box. slant: shear to the right, 0.27 is the 75° of ISO 3098. pitch: equal advance of every glyph
    in capital heights, or 0 for proportional. alternates: characters in their other form.
    """

    width: float = 1.0
    spacing: float = 0.2
    step: float = 10.0
    square: float = 2.0
    slant: float = 0.0
    pitch: float = 0.0
    alternates: frozenset[str] = frozenset()

    def has(self, character: str) -> bool:
        return character in GLYPHS or character == " "

    def advance(self, character: str) -> float:
        """From the origin of a glyph to that of the next, in capital heights."""
        if character == " ":
            return self.pitch or _WORD_SPACE * self.width
        return self.pitch or _glyph(character, self)[1] + self.spacing


def draw_strokes(text: str, face: StrokeFace, cap_height: float, pen: float) -> tuple[npt.NDArray[np.uint8], int, int]:
    """Draw one line of text with capital height and pen width in pixels.

    Returns the ink (uint8, 255 = ink), the row of the baseline and the column of the first glyph's origin.
    """
    pad = math.ceil(pen + abs(face.slant) * cap_height) + 2
    rise, drop = math.ceil(1.3 * cap_height + pen) + 1, math.ceil(0.4 * cap_height + pen) + 1
    length = sum(face.advance(character) for character in text) * cap_height
    width = math.ceil(length) + 2 * pad
    mask = np.zeros(((rise + drop) * _ZOOM, width * _ZOOM), np.uint8)
    scale, x, lines = _ZOOM * (1 << _SHIFT), 0.0, []
    for character in text:
        if character != " ":
            strokes, own_width = _glyph(character, face)
            inset = (face.pitch - own_width) / 2 if face.pitch else 0.0
            for stroke in strokes:
                columns = pad + (x + inset + stroke[:, 0]) * cap_height
                rows = rise - stroke[:, 1] * cap_height
                lines.append((np.stack([columns, rows], axis=1) * scale).round().astype(np.int32))
        x += face.advance(character)
    cv2.polylines(mask, lines, False, (255.0,), max(1, round(pen * _ZOOM)), cv2.LINE_8, _SHIFT)
    return cv2.resize(mask, (width, rise + drop), interpolation=cv2.INTER_AREA).astype(np.uint8), rise, pad


@functools.lru_cache(maxsize=8192)
def _glyph(character: str, face: StrokeFace) -> tuple[tuple[Points, ...], float]:
    """Strokes [n, 2] of a glyph in capital heights and its width."""
    source = ALTERNATES if character in face.alternates and character in ALTERNATES else GLYPHS
    strokes = [_stroke(part, face) for part in source[character].split(" / ")]
    left = min(stroke[:, 0].min() for stroke in strokes)
    width = face.width * (max(stroke[:, 0].max() for stroke in strokes) - left)
    for stroke in strokes:
        stroke[:, 0] = face.width * (stroke[:, 0] - left) + face.slant * stroke[:, 1]
    return tuple(strokes), width


def _stroke(source: str, face: StrokeFace) -> Points:
    points: list[tuple[float, float]] = []
    for token in source.split():
        if token.startswith("@"):
            cx, cy, rx, ry, start, stop = map(float, token[1:].split(","))
            count = max(2, round(abs(stop - start) / face.step))
            for i in range(count + 1):
                points.append(_on_arc(cx, cy, rx, ry, math.radians(start + (stop - start) * i / count), face.square))
        else:
            x, y = map(float, token.split(","))
            points.append((x, y))
    distinct = [points[0], *(b for a, b in itertools.pairwise(points) if a != b)]
    return np.array(distinct)


def _on_arc(cx: float, cy: float, rx: float, ry: float, angle: float, square: float) -> tuple[float, float]:
    c, s = math.cos(angle), math.sin(angle)
    power = 2 / square
    return cx + rx * math.copysign(abs(c) ** power, c), cy + ry * math.copysign(abs(s) ** power, s)
