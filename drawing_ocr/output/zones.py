"""The grid of fields by which places on a sheet are named (ISO 5457): B4 is row B, column 4."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from drawing_ocr.drawing import Sheet
from drawing_ocr.reading.result import Prediction

_BORDER: Final = 0.05  # of a sheet's longer side, within which the marks of fields stand
_LEAST_MARKS: Final = 2
_ROW: Final = re.compile("[A-HJ-NP-Z]")  # without I and O (ISO 5457, 4.3)
_COLUMN: Final = re.compile("[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class Zones:
    """The marks that were read, each with the middle of its field in pixels."""

    rows: tuple[tuple[str, float], ...]
    columns: tuple[tuple[str, float], ...]

    def at(self, x: float, y: float) -> str:
        """The field in which a point lies: that of the nearest marks."""
        row, _ = min(self.rows, key=lambda mark: abs(mark[1] - y))
        column, _ = min(self.columns, key=lambda mark: abs(mark[1] - x))
        return f"{row}{column}"


def zones_of(sheet: Sheet, items: Sequence[Prediction]) -> Zones | None:
    """The grid of a sheet by what was read on its border, None where no marks were."""
    border = _BORDER * max(sheet.width, sheet.height)
    rows: dict[str, list[float]] = {}
    columns: dict[str, list[float]] = {}
    for item in items:
        x, y = fmean(point[0] for point in item.box), fmean(point[1] for point in item.box)
        if _ROW.fullmatch(item.text) and not border < x < sheet.width - border:
            rows.setdefault(item.text, []).append(y)
        elif _COLUMN.fullmatch(item.text) and not border < y < sheet.height - border:
            columns.setdefault(item.text, []).append(x)
    if len(rows) < _LEAST_MARKS or len(columns) < _LEAST_MARKS:
        return None
    return Zones(_middles(rows), _middles(columns))


def _middles(marks: dict[str, list[float]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, fmean(places)) for name, places in marks.items())
