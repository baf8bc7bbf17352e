"""Cells of tolerance frames in which ink stands and no box was found: a detector of words passes over lone signs.

It finds the value and the datum letters, seldom the sign in the first cell, without which the frame says nothing. Where
a neighbour in the same low frame is text, ink of a letter's size in a cell is text, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.cells import Boxes, cells_of, grids_of
from drawing_ocr.reading.fit import Fitted
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.rectify import Quad, crop
from drawing_ocr.reading.ruling import Ruling

_LEAST_BOXES: Final = 4  # on a page whose lettering can be told
_FINER: Final = 0.8  # than for tables
# In heights of the sheet's lettering times that.
_HIGHEST: Final = 6.0  # of a frame, also of two rows
_ALIGNED: Final = 0.7  # how far apart walls may be that are one
_WALL: Final = 0.25  # cut off on each side of a cell: its lines are no ink of it
_LEAST_INK, _MOST_INK = 0.5, 3.5  # longer side of what stands in it
_MARGIN: Final = 0.3  # left around the ink


def unread_cells(page: Page, boxes: Sequence[Fitted]) -> list[Fitted]:
    """A box around what stands in each such cell.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        boxes: What was found, corners [4, 2] on the page.
    """
    if len(boxes) < _LEAST_BOXES:
        return []
    corners = np.array([box.tight for box in boxes], np.float64)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    lettering = max(1.0, float(np.median(sides.min(axis=1))))
    # Walls of a tolerance frame are two letters high (ISO 7083), too short to be ruled lines of a sheet otherwise.
    ruling = Ruling.of_page(page, _FINER * lettering)
    middles = ruling.straighten(corners.mean(axis=1))
    found = []
    for frame in _low_frames(cells_of(ruling), ruling.lettering):
        for cell in _beside_text(frame, middles, ruling.lettering):
            box = _around_ink(page, ruling, cell)
            if box is not None:
                found.append(box)
    return found


def _low_frames(cells: Boxes, lettering: float) -> Iterator[Boxes]:
    """Cells that share walls, of one row or two; tables and title blocks are higher."""
    for grid in grids_of(cells, lettering):
        height = grid[:, 3].max() - grid[:, 1].min()
        if len(grid) > 1 and height <= _HIGHEST * lettering:
            yield grid


def _beside_text(cells: Boxes, middles: npt.NDArray[np.float64], lettering: float) -> Boxes:
    """The cells without a middle of a box in them that share a wall with one in the same row that has one."""
    inside = (middles[None] >= cells[:, None, :2]).all(axis=2) & (middles[None] <= cells[:, None, 2:]).all(axis=2)
    written = np.asarray(np.any(inside, axis=1))
    left, top, right, bottom = cells.T
    aligned = _ALIGNED * lettering
    same_row = (np.abs(top[:, None] - top) <= aligned) & (np.abs(bottom[:, None] - bottom) <= aligned)
    meets = (np.abs(right[:, None] - left) <= aligned) | (np.abs(left[:, None] - right) <= aligned)
    return np.asarray(cells[~written & np.any(same_row & meets & written, axis=1)])


def _around_ink(page: Page, ruling: Ruling, cell: npt.NDArray[np.float64]) -> Fitted | None:
    wall = _WALL * ruling.lettering
    left, top, right, bottom = cell + np.array([wall, wall, -wall, -wall])
    if right - left < wall or bottom - top < wall:
        return None
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    inner = ruling.as_on_page(corners).astype(np.float32)
    picture = crop(page, inner)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    rows, columns = np.nonzero(ink)
    if not len(rows) or ink.mean() > 0.5:
        return None
    span = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    longer = max(span[2] - span[0], span[3] - span[1])
    if not _LEAST_INK * ruling.lettering <= longer <= _MOST_INK * ruling.lettering:
        return None
    room = _MARGIN * ruling.lettering
    loose = (span[0] - room, span[1] - room, span[2] + room, span[3] + room)
    return Fitted(_quad(inner, loose, picture.shape), _quad(inner, span, picture.shape))


def _quad(cell: Quad, part: tuple[float, float, float, float], shape: tuple[int, ...]) -> Quad:
    left, top, right, bottom = part
    along, down = (cell[1] - cell[0]) / shape[1], (cell[3] - cell[0]) / shape[0]
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([cell[0] + x * along + y * down for x, y in corners], np.float32)
