"""One view of a part as plain arrays: what thousands of drawings a minute are drawn from.

Millimetres, x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
LineKind = Literal["contour", "thin", "centre", "hidden"]

_STEPS: Final = 64  # of a full circle
_TURN: Final = np.linspace(0.0, 2.0 * np.pi, _STEPS + 1)
_CIRCLE: Final = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_OVERHANG: Final = 3.0  # millimetres of a centre line beyond its outline


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline [n, 2] of one line kind (ISO 128)."""

    points: Points
    kind: LineKind


@dataclass(frozen=True, slots=True)
class Round:
    """A circle that a draughtsman would dimension."""

    x: float
    y: float
    radius: float


@dataclass(slots=True)
class Figure:
    """A view: its lines, the areas [n, 2] that a section hatches, and its circles."""

    lines: list[Line] = field(default_factory=list)
    hatched: list[Points] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    def line(self, *points: tuple[float, float], kind: LineKind = "contour") -> None:
        self.lines.append(Line(np.array(points, np.float64), kind))

    def closed(self, points: Points | Sequence[tuple[float, float]], kind: LineKind = "contour") -> Points:
        """Adds a closed outline and returns its corners."""
        corners = np.asarray(points, np.float64)
        self.lines.append(Line(np.concatenate([corners, corners[:1]]), kind))
        return corners

    def rectangle(self, left: float, top: float, right: float, bottom: float, kind: LineKind = "contour") -> Points:
        return self.closed(((left, top), (right, top), (right, bottom), (left, bottom)), kind)

    def circle(self, x: float, y: float, radius: float, kind: LineKind = "contour") -> None:
        self.lines.append(Line(_CIRCLE * radius + (x, y), kind))
        if kind == "contour":
            self.rounds.append(Round(x, y, radius))

    def cross(self, x: float, y: float, radius: float) -> None:
        """The centre lines of a circle."""
        reach = radius + _OVERHANG
        self.line((x - reach, y), (x + reach, y), kind="centre")
        self.line((x, y - reach), (x, y + reach), kind="centre")

    def hole(self, x: float, y: float, radius: float) -> None:
        """A circle with its centre lines."""
        self.circle(x, y, radius)
        self.cross(x, y, radius)

    def slot(self, x: float, y: float, length: float, width: float, *, upright: bool = False) -> None:
        """A slot with round ends about its middle."""
        self.closed(turned(rounded_rectangle(length, width, width / 2), 90.0 if upright else 0.0) + np.array((x, y)))
        along, across = (0.0, length / 2 + _OVERHANG), (width / 2 + _OVERHANG, 0.0)
        reach, side = (along, across) if upright else (along[::-1], across[::-1])
        for dx, dy in (reach, side):
            self.line((x - dx, y - dy), (x + dx, y + dy), kind="centre")

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all lines."""
        points = np.concatenate([line.points for line in self.lines])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its kind and its views, the main view first."""

    kind: str
    views: tuple[Figure, ...]


def arc(x: float, y: float, radius: float, start: float, stop: float) -> Points:
    """Points of an arc between two angles, degrees clockwise on the page from the x axis."""
    angles = np.radians(np.linspace(start, stop, max(3, round(abs(stop - start) / 8))))
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def turned(points: Points, degrees: float) -> Points:
    """Points turned about the origin, clockwise on the page."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def rounded_rectangle(width: float, height: float, radius: float) -> Points:
    """A rectangle about the origin whose corners are rounded."""
    r = min(radius, 0.499 * width, 0.499 * height)
    x, y = width / 2 - r, height / 2 - r
    corners = ((x, -y, -90.0), (x, y, 0.0), (-x, y, 90.0), (-x, -y, 180.0))
    return np.concatenate([arc(cx, cy, r, angle, angle + 90.0) for cx, cy, angle in corners])


def chamfered_rectangle(width: float, height: float, size: float) -> Points:
    """A rectangle about the origin whose corners are cut."""
    c = min(size, 0.45 * width, 0.45 * height)
    x, y = width / 2, height / 2
    return np.array(
        [(x - c, -y), (x, -y + c), (x, y - c), (x - c, y), (-x + c, y), (-x, y - c), (-x, -y + c), (-x + c, -y)]
    )


def ring(count: int, radius: float, start: float = -90.0) -> Points:
    """`count` places on a circle about the origin."""
    angles = np.radians(start + 360.0 * np.arange(count) / count)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
