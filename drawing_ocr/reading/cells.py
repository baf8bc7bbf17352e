"""Ruled cells of a sheet: rectangles of paper with a line on every side, and the grids that they form."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.ruling import Points, Ruling

Boxes = npt.NDArray[np.float64]  # rows of left, top, right, bottom on the straightened sheet, pixels

# Lengths are in heights of the sheet's lettering.
_UNIT: Final = 0.2  # side of a pixel of the plan in which cells are sought
_SHORT: Final = 1.5  # what a line may lack at each end to the wall that it ran to
_SMALLEST: Final = 1.0  # side of a cell
_WALL: Final = 0.7  # how far apart the sides of neighbours may be
_RECTANGULAR: Final = 0.75  # part of its bounding box that a cell fills


def cells_of(ruling: Ruling) -> Boxes:
    """The rectangles of paper that the lines of a sheet enclose, large and small, each from wall to wall."""
    if not (len(ruling.horizontal) and len(ruling.vertical)):
        return np.zeros((0, 4))
    unit = _UNIT * ruling.lettering
    across = np.concatenate([ruling.vertical[:, 0], ruling.horizontal[:, 1:].ravel()])
    down = np.concatenate([ruling.horizontal[:, 0], ruling.vertical[:, 1:].ravel()])
    origin = np.array([across.min(), down.min()]) - ruling.lettering
    width, height = np.array([across.max(), down.max()]) - origin + ruling.lettering
    plan = np.ones((round(height / unit) + 1, round(width / unit) + 1), np.uint8)
    reach = _SHORT * ruling.lettering
    for lines, others, lying in (
        (ruling.horizontal, ruling.vertical, True),
        (ruling.vertical, ruling.horizontal, False),
    ):
        for position, start, end in _to_walls(lines, others, reach):
            ends = np.array([(start, position), (end, position)] if lying else [(position, start), (position, end)])
            first, last = np.rint((ends - origin) / unit).astype(int).tolist()
            cv2.line(plan, first, last, (0,))
    contours, hierarchy = cv2.findContours(plan, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour, (_, _, _, around) in zip(contours, hierarchy[0], strict=True):
        left, top, wide, tall = cv2.boundingRect(contour)
        # What is inside another contour is its inner edge; what begins at the plan's corner is the paper around all.
        if around >= 0 or left == 0:
            continue
        filled = cv2.contourArea(contour) / max(1, (wide - 1) * (tall - 1))
        if min(wide, tall) * _UNIT >= _SMALLEST and filled >= _RECTANGULAR:
            boxes.append((left - 0.5, top - 0.5, left + wide + 0.5, top + tall + 0.5))
    return np.array(boxes, np.float64).reshape(-1, 4) * unit + np.tile(origin, 2)


def _to_walls(lines: Points, others: Points, reach: float) -> Points:
    """Lines lengthened to the first line that crosses their way within reach of an end."""
    position, start, end = lines[:, :1], lines[:, 1:2], lines[:, 2:]
    crosses = (others[:, 1] - reach <= position) & (position <= others[:, 2] + reach)
    beyond, before = others[:, 0] - end, start - others[:, 0]
    longer = [np.where(crosses & (gap >= 0) & (gap <= reach), gap, np.inf).min(axis=1) for gap in (before, beyond)]
    left, right = (np.where(np.isinf(more), 0, more) for more in longer)
    return np.stack([lines[:, 0], lines[:, 1] - left, lines[:, 2] + right], axis=1)


def grids_of(cells: Boxes, lettering: float) -> list[Boxes]:
    """Cells that share walls, together."""
    wall = _WALL * lettering
    left, top, right, bottom = cells.T
    meet_across = (np.abs(right[:, None] - left) <= wall) & (_shared(top, bottom) > wall)
    meet_down = (np.abs(bottom[:, None] - top) <= wall) & (_shared(left, right) > wall)
    count, labels = _components(meet_across | meet_down)
    return [cells[labels == number] for number in range(count)]


def _shared(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much of each pair of spans is common, [n, n]."""
    return np.asarray(np.minimum(end[:, None], end) - np.maximum(start[:, None], start))


def _components(meets: npt.NDArray[np.bool_]) -> tuple[int, npt.NDArray[np.intp]]:
    labels = np.arange(len(meets))
    for first, second in np.argwhere(meets):
        low, high = sorted((labels[first], labels[second]))
        labels[labels == high] = low
    names, numbers = np.unique(labels, return_inverse=True)
    return len(names), numbers
