"""The furniture of a sheet, erased: its frame with what is outside, title block and tables that stand on the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.embedding.ink import Ink
from drawing_ocr.reading.cells import Boxes, cells_of, grids_of
from drawing_ocr.reading.ruling import Points, Ruling

# Of the page's longer side.
_LETTERING: Final = 0.011  # usual height of letters, where nothing was read
_LOW: Final = 0.06  # shorter side of a cell of a title block or table
_OUT: Final = 0.012  # distance to the page's edge of the end of a line that the edge cuts
# Of a side of the page.
_BORDER: Final = 0.1  # where a line of the frame lies
_SPAN: Final = 0.55  # its length
# Heights of lettering.
_ON_FRAME: Final = 1.5
_LINE: Final = 0.5  # to each side of a line, which may be thick and not quite straight
_LEAST_CELLS: Final = 3
_FILLED: Final = 0.6  # of a table's box by cells that were found; below, only these are erased


@dataclass(frozen=True, slots=True)
class _Side:
    """One line of a frame.

    Attributes:
        at: Its position, pixels of the straightened sheet.
        proves: Whether it is a frame's for certain: the page's edge cuts it, or another line runs beside it as where
            zone marks stand. The outline of a part that was cut out of its sheet looks like a frame otherwise.
    """

    at: float
    proves: bool


def erase_furniture(ink: Ink) -> Ink:
    """A copy without frame, zone marks, title block and tables.

    A drawing without a frame, as a view that was cut out, comes back as it is.

    Args:
        ink: uint8 [height, width], 255 where there is ink.
    """
    height, width = ink.shape
    lettering = max(5.0, _LETTERING * max(ink.shape))
    ruling = Ruling.of_page(np.repeat(255 - ink[:, :, None], 3, axis=2), lettering)
    if not (len(ruling.horizontal) and len(ruling.vertical)):
        return ink.copy()
    out = _OUT * max(ink.shape)
    sides = [
        _side(ruling.vertical, width, height, out, low=True),
        _side(ruling.horizontal, height, width, out, low=True),
        _side(ruling.vertical, width, height, out, low=False),
        _side(ruling.horizontal, height, width, out, low=False),
    ]
    tables = _tables(ruling, sides, _LOW * max(ink.shape))
    if not tables and not any(side and side.proves for side in sides):
        return ink.copy()
    return _without(ink, ruling, sides, tables)


def _side(lines: Points, across: float, along: float, out: float, *, low: bool) -> _Side | None:
    """The innermost long line near one edge of the page, or None.

    Args:
        lines: Rows of position, start, end.
        across, along: The page's extents.
        low: Near its lower or its upper end.
    """
    position, start, end = lines.T
    near = position < _BORDER * across if low else position > (1 - _BORDER) * across
    long = lines[near & (end - start >= _SPAN * along)]
    if not len(long):
        return None
    inner = long[np.argmax(long[:, 0]) if low else np.argmin(long[:, 0])]
    is_cut = inner[1] < out or inner[2] > along - out
    return _Side(float(inner[0]), bool(is_cut or np.ptp(long[:, 0]) > out / 2))


def _tables(ruling: Ruling, sides: list[_Side | None], low: float) -> list[Boxes]:
    """Grids of low cells that stand on a side of the frame."""
    cells = cells_of(ruling)
    reach = _ON_FRAME * ruling.lettering
    # Zone marks make cells with the frame too, on its other side.
    for axis, (first, last) in enumerate(zip(sides[:2], sides[2:], strict=True)):
        cells = cells[cells[:, axis] >= first.at - reach] if first else cells
        cells = cells[cells[:, axis + 2] <= last.at + reach] if last else cells
    size = cells[:, 2:] - cells[:, :2]
    grids = grids_of(cells[size.min(axis=1) <= low], ruling.lettering) if len(cells) else []

    def stands(grid: Boxes) -> bool:
        box = (*grid[:, :2].min(axis=0), *grid[:, 2:].max(axis=0))
        return any(side and abs(at - side.at) <= reach for at, side in zip(box, sides, strict=True))

    return [grid for grid in grids if len(grid) >= _LEAST_CELLS and stands(grid)]


def _without(ink: Ink, ruling: Ruling, sides: list[_Side | None], tables: list[Boxes]) -> Ink:
    line, beyond = _LINE * ruling.lettering, float(max(ink.shape))
    left, top, right, bottom = (
        side.at + (line if first else -line) if side else (-beyond if first else 2 * beyond)
        for side, first in zip(sides, (True, True, False, False), strict=True)
    )
    inside = np.zeros_like(ink)
    _fill(inside, ruling, (left, top, right, bottom), 255)
    for grid in tables:
        around = np.array([(*grid[:, :2].min(axis=0), *grid[:, 2:].max(axis=0))])
        for box in around if _surface(grid) >= _FILLED * _surface(around) else grid:
            _fill(inside, ruling, box + np.array((-line, -line, line, line)), 0)
    return np.asarray(ink & inside, np.uint8)


def _surface(boxes: Boxes) -> float:
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum())


def _fill(mask: Ink, ruling: Ruling, box: npt.ArrayLike, value: int) -> None:
    """Fills a box of the straightened sheet on the page."""
    left, top, right, bottom = np.asarray(box, np.float64)
    x, y = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]).T
    on_page = (x + ruling.leans * y) / (1 - ruling.leans * ruling.falls)
    corners = np.stack([on_page, y + ruling.falls * on_page], axis=1)
    cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), (value,))
