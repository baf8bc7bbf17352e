"""How one sheet is drawn: line widths, dashes, hatching, lettering; and the strokes of figures and dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis.families.figure import Figure, Points

Mask = npt.NDArray[np.uint8]

_SHIFT: Final = 4  # OpenCV draws at 1/16 pixel
_INK: Final = (255,)
_FACES: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN)


@dataclass(frozen=True, slots=True)
class Pen:
    """The draughtsman's habits on one sheet.

    Attributes:
        thick, thin: Widths of contours and of all other lines, pixels.
        em: Height of the lettering, pixels.
        hatch_pitch: Pixels between the lines of a section; 0 leaves it blank.
        hatch_degrees: Their slope.
        hidden, centres: Whether hidden edges and centre lines are drawn.
        face: One of OpenCV's Hershey fonts.
        ticks: Whether dimensions end in ticks instead of arrows.
    """

    thick: int
    thin: int
    em: float
    hatch_pitch: float
    hatch_degrees: float
    hidden: bool
    centres: bool
    face: int
    ticks: bool

    @classmethod
    def random(cls, rng: Random, page: float) -> Self:
        """Habits for a page whose longer side has so many pixels."""
        unit = page / 1400
        thin = max(1, round(unit * rng.choice((1, 1, 1, 2))))
        return cls(
            thick=thin + max(0, round(unit * rng.choice((0, 1, 1, 2, 3)))),
            thin=thin,
            em=page * rng.uniform(0.009, 0.016),
            hatch_pitch=page * rng.uniform(0.005, 0.012) if rng.random() < 0.9 else 0.0,
            hatch_degrees=rng.choice((45.0, 45.0, 135.0, 30.0)),
            hidden=rng.random() < 0.8,
            centres=rng.random() < 0.85,
            face=rng.choice(_FACES),
            ticks=rng.random() < 0.15,
        )

    def figure(self, ink: Mask, figure: Figure, scale: float, origin: tuple[float, float]) -> None:
        """Draws a figure: `origin` is where its (0, 0) lies, `scale` pixels per millimetre."""
        for area in figure.hatched:
            self._hatch(ink, area * scale + origin)
        contours, thin = [], []
        for line in figure.lines:
            points = line.points * scale + origin
            if line.kind == "contour":
                contours.append(_fixed(points))
            elif line.kind == "thin":
                thin.append(_fixed(points))
            elif self.hidden if line.kind == "hidden" else self.centres:
                thin += _dashes(points, self.em, dotted=line.kind == "centre")
        cv2.polylines(ink, contours, False, _INK, self.thick, cv2.LINE_AA, _SHIFT)
        cv2.polylines(ink, thin, False, _INK, self.thin, cv2.LINE_AA, _SHIFT)

    def dimensions(
        self, ink: Mask, figure: Figure, scale: float, origin: tuple[float, float], rng: Random, density: float
    ) -> None:
        """Dimensions a figure: chains beside it between its corners, leaders at its circles.

        Args:
            density: Share of what could be dimensioned, 0 to 1.
        """
        left, top, right, bottom = figure.bounds()
        corners = np.concatenate([line.points for line in figure.lines if line.kind == "contour"])
        for axis, (low, high), side in ((0, (left, right), bottom), (1, (top, bottom), right)):
            if rng.random() < 0.35:
                side = top if axis == 0 else left
            places = sorted({low, high, *rng.sample(sorted(set(corners[:, axis].round(1).tolist())), k=1)})
            for _ in range(2):
                if rng.random() < density:
                    places.append(float(corners[rng.randrange(len(corners)), axis]))
            spans = [(low, high)] + [(a, b) for a, b in zip(sorted(places)[:-1], sorted(places)[1:], strict=True)]
            away = 1.0 if side in (right, bottom) and side > (left + right if axis else top + bottom) / 2 else -1.0
            for level, (start, stop) in enumerate(reversed(spans)):
                if (stop - start) * scale > 0.4 * self.em and rng.random() < density:
                    at = side * scale + origin[1 - axis] + away * self.em * (1.8 + 1.9 * (level if level < 3 else 3))
                    ends = (start * scale + origin[axis], stop * scale + origin[axis])
                    self._chain(ink, axis, ends, at, side * scale + origin[1 - axis], f"{stop - start:.4g}")
        for circle in figure.rounds:
            if rng.random() < density * 0.5:
                turn = math.radians(rng.choice((-35, -50, 40, 145, -145, -60)))
                x, y = circle.x * scale + origin[0], circle.y * scale + origin[1]
                self._leader(ink, x, y, circle.radius * scale, turn, rng.uniform(2, 5), f"{2 * circle.radius:.3g}")

    def write(self, ink: Mask, text: str, x: float, y: float, *, upright: bool = False, size: float = 1.0) -> None:
        """Writes a text about its middle; what would leave the page is left out."""
        letters = _letters(text, self.face, round(self.em * size), self.thin)
        if upright:
            letters = np.rot90(letters)
        height, width = letters.shape
        left, top = round(x - width / 2), round(y - height / 2)
        if left < 0 or top < 0 or left + width > ink.shape[1] or top + height > ink.shape[0]:
            return
        place = ink[top : top + height, left : left + width]
        np.maximum(place, letters, out=place)

    def _hatch(self, ink: Mask, area: Points) -> None:
        if not self.hatch_pitch:
            return
        (x0, y0), (x1, y1) = np.floor(area.min(axis=0)).astype(int), np.ceil(area.max(axis=0)).astype(int) + 1
        x0, y0, x1, y1 = max(0, int(x0)), max(0, int(y0)), min(ink.shape[1], int(x1)), min(ink.shape[0], int(y1))
        if x1 <= x0 or y1 <= y0:
            return
        inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(inside, [_fixed(area - (x0, y0))], _INK, cv2.LINE_8, _SHIFT)
        lines = np.zeros_like(inside)
        slope = math.radians(self.hatch_degrees)
        along, reach = np.array([math.cos(slope), -math.sin(slope)]), x1 - x0 + y1 - y0
        across = np.array([along[1], -along[0]])
        # Phased by the page, so that the halves of a section match.
        first = float(across @ (x0 + inside.shape[1] / 2, y0 + inside.shape[0] / 2)) % self.hatch_pitch
        middle = np.array([inside.shape[1] / 2, inside.shape[0] / 2])
        offsets = np.arange(-reach / 2 - first, reach / 2, self.hatch_pitch)
        starts = middle + offsets[:, None] * across - reach * along
        ends = starts + 2 * reach * along
        cv2.polylines(
            lines, list(_fixed(np.stack([starts, ends], axis=1))), False, _INK, self.thin, cv2.LINE_AA, _SHIFT
        )
        place = ink[y0:y1, x0:x1]
        np.maximum(place, lines & inside, out=place)

    def _chain(self, ink: Mask, axis: int, ends: tuple[float, float], at: float, foot: float, text: str) -> None:
        def place(along: float, across: float) -> tuple[float, float]:
            return (along, across) if axis == 0 else (across, along)

        beyond = math.copysign(0.4 * self.em, at - foot)
        strokes = [np.array([place(end, foot + 0.5 * beyond), place(end, at + beyond)]) for end in ends]
        strokes.append(np.array([place(ends[0], at), place(ends[1], at)]))
        self.strokes(ink, strokes)
        self._ends(ink, np.array(place(ends[0], at)), np.array(place(ends[1], at)))
        self.write(ink, text, *place((ends[0] + ends[1]) / 2, at - 0.8 * self.em), upright=axis == 1)

    def _leader(self, ink: Mask, x: float, y: float, radius: float, turn: float, length: float, text: str) -> None:
        out = np.array([math.cos(turn), math.sin(turn)])
        tip = np.array([x, y]) + radius * out
        knee = tip + length * self.em * out
        side = math.copysign(1.0, out[0])
        shelf = knee + np.array((side * 2.5 * self.em, 0.0))
        self.strokes(ink, [np.array([tip, knee, shelf])])
        self._ends(ink, tip, knee)
        self.write(ink, text, (knee[0] + shelf[0]) / 2, knee[1] - 0.7 * self.em)

    def _ends(self, ink: Mask, p: Points, q: Points) -> None:
        along = (q - p) / max(1e-6, float(np.hypot(*(q - p))))
        across = np.array([-along[1], along[0]])
        size = 0.7 * self.em
        if self.ticks:
            tick = 0.5 * size * (along + across)
            self.strokes(ink, [np.stack([end - tick, end + tick]) for end in (p, q)])
            return
        for end, way in ((p, along), (q, -along)):
            head = np.stack([end, end + size * way + 0.17 * size * across, end + size * way - 0.17 * size * across])
            cv2.fillPoly(ink, [_fixed(head)], _INK, cv2.LINE_AA, _SHIFT)

    def strokes(self, ink: Mask, strokes: Iterable[Points], width: int | None = None) -> None:
        """Draws polylines [n, 2] in page pixels, as thin as the pen does or `width` pixels wide."""
        cv2.polylines(ink, [_fixed(points) for points in strokes], False, _INK, width or self.thin, cv2.LINE_AA, _SHIFT)


def _fixed(points: Points) -> npt.NDArray[np.int32]:
    return (points * (1 << _SHIFT)).round().astype(np.int32)


def _dashes(points: Points, em: float, *, dotted: bool) -> list[npt.NDArray[np.int32]]:
    """The pieces of a dashed polyline, or of one of dashes and dots."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    period, marks = (2.4 * em, ((0.0, 1.7), (1.95, 2.1))) if dotted else (0.9 * em, ((0.0, 0.6),))
    starts = np.arange(0.0, along[-1], period)
    if len(points) == 2:
        cuts = np.clip(np.concatenate([starts[:, None] + np.array(mark) * em for mark in marks]), 0.0, along[-1])
        return list(_fixed(points[0] + cuts[..., None] / max(along[-1], 1e-9) * (points[1] - points[0])))
    pieces = []
    for low, high in marks:
        for start in starts:
            cuts = np.clip((start + low * em, start + high * em), 0.0, along[-1])
            inner = along[(along > cuts[0]) & (along < cuts[1])]
            places = np.concatenate([cuts[:1], inner, cuts[1:]])
            pieces.append(_fixed(np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)))
    return pieces


@lru_cache(maxsize=4096)
def _letters(text: str, face: int, height: int, pen: int) -> Mask:
    """A line of text, uint8 [height, width], 255 = ink."""
    scale = max(0.2, cv2.getFontScaleFromHeight(face, max(5, round(0.75 * height)), 1))
    (width, tall), base = cv2.getTextSize(text, face, scale, pen)
    picture = np.zeros((tall + base + 4, width + 4), np.uint8)
    cv2.putText(picture, text, (2, tall + 2), face, scale, _INK, pen, cv2.LINE_AA)
    return picture
