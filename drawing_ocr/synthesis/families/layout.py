"""Where the views of a part stand on a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from drawing_ocr.synthesis.families.figure import Figure

# Columns and rows of the first three views.
_CELLS: Final = {
    "row": ((0, 0), (1, 0), (2, 0)),
    "column": ((0, 0), (0, 1), (0, 2)),
    "beside and below": ((0, 0), (1, 0), (0, 1)),
    "beside and above": ((0, 1), (1, 1), (0, 0)),
}
_GOOD: Final = 0.6  # of the largest scale at which an arrangement may be chosen


@dataclass(frozen=True, slots=True)
class Place:
    """A view with its scale in pixels per millimetre and where its (0, 0) lies, pixels."""

    view: Figure
    scale: float
    origin: tuple[float, float]


def arrange(
    views: tuple[Figure, ...], area: tuple[float, float, float, float], margin: float, rng: Random
) -> list[Place]:
    """Places up to three views in a row, a column, or about the first as projections stand, at one scale.

    Args:
        area: Left, top, right, bottom of the free paper, pixels.
        margin: Pixels around each view for its dimensions; less where the paper is small.
        rng: Decides arrangement, order and how much of the paper is used.
    """
    order = list(views)
    if rng.random() < 0.4:
        rng.shuffle(order)
    left, top, right, bottom = area
    margin = min(margin, 0.12 * min(right - left, bottom - top))
    grids = [_Grid(order, cells[: len(order)], area, margin) for cells in _CELLS.values()]
    best = max(grid.scale for grid in grids)
    grid = rng.choice([grid for grid in grids if grid.scale >= _GOOD * best])
    return grid.places(grid.scale * rng.uniform(0.7, 1.0))


class _Grid:
    """Views in columns and rows, and the largest scale at which they fit."""

    def __init__(
        self,
        views: list[Figure],
        cells: tuple[tuple[int, int], ...],
        area: tuple[float, float, float, float],
        margin: float,
    ) -> None:
        self._views, self._cells, self._area = views, cells, area
        self._sizes = [_size(view) for view in views]
        self._widths, self._heights = (
            [
                max((size[axis] for size, cell in zip(self._sizes, cells, strict=True) if cell[axis] == i), default=0.0)
                for i in range(max(cell[axis] for cell in cells) + 1)
            ]
            for axis in (0, 1)
        )
        left, top, right, bottom = area
        across = (right - left - 2 * margin * len(self._widths)) / sum(self._widths)
        down = (bottom - top - 2 * margin * len(self._heights)) / sum(self._heights)
        self.scale = min(across, down)

    def places(self, scale: float) -> list[Place]:
        """Every view in the middle of its cell."""
        left, top, right, bottom = self._area
        spare_x = (right - left - scale * sum(self._widths)) / len(self._widths)
        spare_y = (bottom - top - scale * sum(self._heights)) / len(self._heights)
        placed = []
        for view, (width, height), (column, row) in zip(self._views, self._sizes, self._cells, strict=True):
            x0, y0, _, _ = view.bounds()
            x = left + scale * sum(self._widths[:column]) + spare_x * (column + 0.5)
            y = top + scale * sum(self._heights[:row]) + spare_y * (row + 0.5)
            x += scale * ((self._widths[column] - width) / 2 - x0)
            y += scale * ((self._heights[row] - height) / 2 - y0)
            placed.append(Place(view, scale, (x, y)))
        return placed


def _size(view: Figure) -> tuple[float, float]:
    left, top, right, bottom = view.bounds()
    return max(right - left, 1e-3), max(bottom - top, 1e-3)
