"""Feature control frames: rows of cells with a sign, a tolerance and datums (ISO 1101)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.grammar.geometric import parse_geometric
from drawing_ocr.reading.layout import Zone
from drawing_ocr.reading.structure.contract import Box, ToleranceFrame
from drawing_ocr.reading.structure.line import Line, box_around
from drawing_ocr.reading.structure.tables import box_of_cells

_LEAST_CELLS: Final = 2
_MARGIN: Final = 0.5  # heights of lettering around a text: a frame is twice as high (ISO 7083)


def frames_of(lines: Sequence[Line], zones: Sequence[Zone]) -> list[ToleranceFrame]:
    """The frames of a page: those whose cells were seen, and lines that say what only a frame says.

    A frame of several rows is several frames; a datum letter in its box is none.
    """
    found = [frame for zone in zones if zone.category is Category.SYMBOL for frame in _of_zone(lines, zone)]
    taken = {member for frame in found for member in frame.members}
    return found + [
        frame for index, line in enumerate(lines) if index not in taken and (frame := _of_line(index, line)) is not None
    ]


def _of_zone(lines: Sequence[Line], zone: Zone) -> Iterator[ToleranceFrame]:
    if not len(lines):
        return
    for row in _rows(zone.cells):
        if len(row) < _LEAST_CELLS:
            continue
        inside = [index for cell in row for index in np.flatnonzero(zone.cell_of_text == cell).tolist()]
        members = sorted(inside, key=lambda index: float(lines[index].corners[:, 0].min()))
        # A letter alone in two cells is a datum beside something else.
        if members and len("".join(lines[index].text for index in members)) >= _LEAST_CELLS:
            yield _frame([lines[index] for index in members], members, box_of_cells(zone.cells[row], zone))


def _rows(cells: npt.NDArray[np.float64]) -> list[list[int]]:
    """Cells beside each other, from the left; rows from the top."""
    rows: list[list[int]] = []
    for cell in np.argsort(cells[:, 1], kind="stable").tolist():
        middle = (cells[cell, 1] + cells[cell, 3]) / 2
        if rows and middle < cells[rows[-1][0], 3]:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda cell: float(cells[cell, 0])) for row in rows]


def _of_line(index: int, line: Line) -> ToleranceFrame | None:
    if line.category in (Category.TABLE, Category.TITLE_BLOCK) or parse_geometric(line.text) is None:
        return None
    return _frame([line], [index], box_around([line], margin=_MARGIN))


def _frame(lines: Sequence[Line], members: Sequence[int], box: Box) -> ToleranceFrame:
    text = " ".join(line.text for line in lines)
    meaning = parse_geometric(text, without_sign=True)
    if meaning is None:
        return ToleranceFrame(box=box, text=text, members=tuple(members), cells=tuple(line.text for line in lines))
    return ToleranceFrame(
        box=box,
        text=str(meaning),
        members=tuple(members),
        cells=meaning.cells,
        characteristic=meaning.characteristic,
        tolerance=float(meaning.value.value),
        zone=meaning.zone,
        modifiers=meaning.modifiers,
        datums=meaning.datums,
    )
