"""A line that was read, and others seen from it: along its reading direction and across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.reading.structure.contract import Box

Corners = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A line of text.

    Attributes:
        text: in canonical form.
        corners: float64 [4, 2], clockwise from the text's own top left, pixels.
        category: its kind.
        confidence: 0 to 1.
    """

    text: str
    corners: Corners
    category: Category
    confidence: float

    @cached_property
    def along(self) -> Corners:
        """Unit vector of its reading direction."""
        edge = self.corners[1] - self.corners[0] + self.corners[2] - self.corners[3]
        return np.asarray(edge / max(float(np.linalg.norm(edge)), 1e-6))

    @cached_property
    def across(self) -> Corners:
        """Unit vector to the line below."""
        return np.array([-self.along[1], self.along[0]])

    @cached_property
    def length(self) -> float:
        """Pixels along."""
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @cached_property
    def height(self) -> float:
        """Pixels across, at least 1."""
        return max(1.0, float(np.linalg.norm(self.corners[3] - self.corners[0])))

    @cached_property
    def extent(self) -> tuple[float, float, float]:
        """First x, last x, middle y: tells at little cost that level lines have nothing to do with each other."""
        x, y = self.corners.T
        return float(x.min()), float(x.max()), float(y.mean())

    @property
    def is_short(self) -> bool:
        """Whether its box does not tell its direction: one or two characters."""
        return self.length < 1.6 * self.height

    def lying_as(self, other: Line) -> Line:
        """The same line, its corners named as if it read in the direction of another."""
        middle = self.corners.mean(axis=0)
        along, across = (self.corners - middle) @ other.along, (self.corners - middle) @ other.across
        right, down = float(np.abs(along).max()), float(np.abs(across).max())
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        corners = middle + (signs * (right, down)) @ np.stack([other.along, other.across])
        return replace(self, corners=corners)

    def spans(self, corners: Corners) -> Corners:
        """Boxes as seen from this line.

        Args:
            corners: [n, 4, 2], pixels.

        Returns:
            float64 [n, 4]: start and end along, start and end across, in heights of this line from its top left.
        """
        moved = (corners - self.corners[0]) / self.height
        along, across = moved @ self.along, moved @ self.across
        return np.stack([along.min(axis=1), along.max(axis=1), across.min(axis=1), across.max(axis=1)], axis=1)


def box_around(lines: Sequence[Line], *, margin: float = 0.0) -> Box:
    """The smallest box around lines that lies as the first of them, with a margin in heights of the first."""
    first = lines[0]
    more = margin * first.height
    spans = first.spans(np.stack([line.corners for line in lines])) * first.height
    (left, top), (right, bottom) = spans[:, (0, 2)].min(axis=0) - more, spans[:, (1, 3)].max(axis=0) + more
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    a, b, c, d = (tuple(first.corners[0] + x * first.along + y * first.across) for x, y in corners)
    return _rounded(a), _rounded(b), _rounded(c), _rounded(d)


def _rounded(point: tuple[float, ...]) -> tuple[float, float]:
    return round(float(point[0]), 2), round(float(point[1]), 2)
