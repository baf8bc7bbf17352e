"""Ruled tables as rows and columns of cells, each with what stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.reading.layout import Zone
from drawing_ocr.reading.ruling import Points
from drawing_ocr.reading.structure.contract import Box, Cell, Table, TableKind
from drawing_ocr.reading.structure.line import Line

_WALL: Final = 0.7  # heights of lettering that walls may be apart and are one


def tables_of(lines: Sequence[Line], zones: Sequence[Zone]) -> Iterator[Table]:
    """The title block and the tables among the ruled zones of a page; members are positions in `lines`."""
    for zone in zones:
        if zone.category is Category.TITLE_BLOCK:
            yield _table(lines, zone, "title_block")
        elif zone.category is Category.TABLE:
            yield _table(lines, zone, "table")


def members_of_cells(lines: Sequence[Line], zone: Zone) -> list[tuple[int, ...]]:
    """What stands in each cell of a zone: positions in `lines`, row by row."""
    middles = zone.ruling.straighten(np.stack([line.corners.mean(axis=0) for line in lines]))
    members = []
    for cell in range(len(zone.cells)):
        inside = np.flatnonzero(zone.cell_of_text == cell).tolist()
        members.append(tuple(_in_reading_order(inside, middles, lines)))
    return members


def box_of_cells(cells: npt.NDArray[np.float64], zone: Zone) -> Box:
    """The outline of cells on the page."""
    (left, top), (right, bottom) = cells[:, :2].min(axis=0), cells[:, 2:].max(axis=0)
    corners = zone.ruling.as_on_page(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))
    a, b, c, d = ((round(float(x), 2), round(float(y), 2)) for x, y in corners)
    return a, b, c, d


def _in_reading_order(inside: Sequence[int], middles: Points, lines: Sequence[Line]) -> list[int]:
    """Rows from the top, each from the left."""
    by_height = sorted(inside, key=lambda index: float(middles[index, 1]))
    rows: list[list[int]] = []
    for index in by_height:
        if rows and middles[index, 1] - middles[rows[-1][-1], 1] < 0.5 * lines[index].height:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda each: float(middles[each, 0]))]


def _table(lines: Sequence[Line], zone: Zone, kind: TableKind) -> Table:
    wall = _WALL * zone.ruling.lettering
    columns, rows = (_walls(zone.cells[:, sides].ravel(), wall) for sides in ((0, 2), (1, 3)))
    cells = []
    for box, members in zip(zone.cells, members_of_cells(lines, zone), strict=True):
        left, top, right, bottom = box
        column, row = _wall_at(columns, left), _wall_at(rows, top)
        cells.append(
            Cell(
                box=box_of_cells(box[None], zone),
                text=" ".join(lines[member].text for member in members),
                members=members,
                row=row,
                column=column,
                rows=max(1, _wall_at(rows, bottom) - row),
                columns=max(1, _wall_at(columns, right) - column),
            )
        )
    cells.sort(key=lambda cell: (cell.row, cell.column))
    by_row: dict[int, list[str]] = {}
    for cell in cells:
        by_row.setdefault(cell.row, []).append(cell.text)
    return Table(
        box=box_of_cells(zone.cells, zone),
        text="\n".join("\t".join(row) for row in by_row.values()),
        members=tuple(member for cell in cells for member in cell.members),
        kind=kind,
        cells=tuple(cells),
    )


def _walls(sides: npt.NDArray[np.float64], apart: float) -> npt.NDArray[np.float64]:
    """Positions of walls, those that are nearly the same once."""
    ordered = np.sort(sides)
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > apart) + 1)
    return np.array([group.mean() for group in groups])


def _wall_at(walls: npt.NDArray[np.float64], position: float) -> int:
    return int(np.abs(walls - position).argmin())
