"""What the place of a text says about its category: title block, tables, frames, zone marks, signs of roughness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.reading.cells import Boxes, cells_of, grids_of
from drawing_ocr.reading.frame import Frame, frame_of
from drawing_ocr.reading.grid import Grid, is_list
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.roughness_sign import has_roughness_sign
from drawing_ocr.reading.ruling import Points, Ruling

_LEAST_TEXTS: Final = 4  # on a page whose lettering can be told
_HIGHEST: Final = 0.2  # of a cell, of the frame's longer side
_ZONE_MARK: Final = 2  # characters
# Lengths are in heights of the sheet's lettering.
_NEAR: Final = 1.5  # of a title block to the frame's corner
_ALIGNED: Final = 0.7  # of a cell to the frame

_Quad = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Zone:
    """Ruled cells that belong together.

    Attributes:
        category: `title_block`, `table`, or `symbol` for a tolerance frame or a datum.
        cells: Rows of left, top, right, bottom on the straightened sheet, pixels.
        cell_of_text: The cell that each text of the page is in, -1 where it is in none.
        ruling: Of the sheet, which knows the way back to the page.
    """

    category: Category
    cells: Boxes
    cell_of_text: npt.NDArray[np.intp]
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Layout:
    """What the ruled lines around the texts of a page say.

    Attributes:
        categories: Of each text, or None where its words must tell.
        zones: Title block, tables, tolerance frames.
    """

    categories: list[Category | None]
    zones: tuple[Zone, ...] = ()


def layout_of(page: Page, texts: Sequence[str], quads: Sequence[_Quad]) -> Layout:
    """The layout of a page.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        texts: What was read.
        quads: Where, [4, 2] each, tight around the letters.
    """
    found: list[Category | None] = [
        Category.SYMBOL if has_roughness_sign(page, text, quad) else None
        for text, quad in zip(texts, quads, strict=True)
    ]
    if len(texts) < _LEAST_TEXTS:
        return Layout(found)
    corners = np.asarray(quads, np.float64)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    ruling = Ruling.of_page(page, max(1.0, float(np.median(sides.min(axis=1)))))
    if not (len(ruling.horizontal) and len(ruling.vertical)):
        return Layout(found)
    frame = frame_of(ruling)
    middles = ruling.straighten(corners.mean(axis=1))
    outside = (middles < frame[:2]).any(axis=1) | (middles > frame[2:]).any(axis=1)
    for index in np.flatnonzero(outside):
        if len(texts[index]) <= _ZONE_MARK:
            found[index] = Category.TEXT
    zones = []
    for category, cells in _zones(ruling, frame, texts, middles):
        place = _cell_of_each(middles, cells)
        zones.append(Zone(category, cells, place, ruling))
        for index in np.flatnonzero(place >= 0):
            found[index] = category
    return Layout(found, tuple(zones))


def _zones(ruling: Ruling, frame: Frame, texts: Sequence[str], middles: Points) -> Iterator[tuple[Category, Boxes]]:
    aligned = _ALIGNED * ruling.lettering
    cells = cells_of(ruling)
    inside = (cells[:, :2] >= frame[:2] - aligned).all(axis=1) & (cells[:, 2:] <= frame[2:] + aligned).all(axis=1)
    low = cells[:, 3] - cells[:, 1] <= _HIGHEST * (frame[2:] - frame[:2]).max()
    for boxes in grids_of(cells[inside & low], ruling.lettering):
        place = _cell_of_each(middles, boxes)
        written = [tuple(texts[index] for index in np.flatnonzero(place == cell)) for cell in range(len(boxes))]
        grid = Grid(boxes, tuple(written), ruling.lettering)
        to_corner = np.abs(boxes[:, 2:].max(axis=0) - frame[2:]).max()
        if to_corner <= _NEAR * ruling.lettering or grid.has_captions_of_a_title_block:
            yield from _title_block_and_lists(grid)
        elif grid.is_table:
            yield Category.TABLE, boxes
        elif grid.is_tolerance_frame:
            yield Category.SYMBOL, boxes


def _title_block_and_lists(grid: Grid) -> Iterator[tuple[Category, Boxes]]:
    """A grid in the frame's corner: the lists at its top are tables, all below them is the title block."""
    right = grid.cells[:, 2].max() - _NEAR * grid.lettering
    lists: list[Boxes] = []
    block: list[Boxes] = []
    for band in grid.bands():
        # Lines of a view that end at the title block make cells with it, but not up to its right side.
        if band[0].cells[:, 2].max() < right:
            continue
        (lists if not block and is_list(band) else block).extend(row.cells for row in band)
    for category, rows in ((Category.TABLE, lists), (Category.TITLE_BLOCK, block)):
        if rows:
            yield category, np.concatenate(rows)


def _cell_of_each(points: Points, cells: Boxes) -> npt.NDArray[np.intp]:
    """The smallest cell around each point, -1 where there is none."""
    inside = (points[:, None] >= cells[:, :2]).all(axis=2) & (points[:, None] <= cells[:, 2:]).all(axis=2)
    area = np.where(inside, (cells[:, 2] - cells[:, 0]) * (cells[:, 3] - cells[:, 1]), np.inf)
    return np.where(np.isinf(area.min(axis=1)), -1, area.argmin(axis=1))
