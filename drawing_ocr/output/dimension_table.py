"""The dimensions of a drawing as a table: one characteristic a row, for spreadsheets and scripts.

RFC 4180, UTF-8 with a byte order mark, so that spreadsheets show the signs. They read `+0.1` as a number when they open
the file: import the column `requirement` as text.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from drawing_ocr.drawing import Drawing
from drawing_ocr.output.characteristics import characteristics_of

COLUMNS: Final = (
    "number", "page", "zone", "category", "requirement", "kind", "count", "nominal", "upper", "lower", "greatest",
    "least", "unit", "fit", "confidence", "remark", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4",
    "x1_mm", "y1_mm", "x2_mm", "y2_mm", "x3_mm", "y3_mm", "x4_mm", "y4_mm",
)  # fmt: skip


def dimensions_csv(drawing: Drawing) -> str:
    """The content of the table; what is not known is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in characteristics_of(drawing):
        millimetres = drawing.millimetres(each.item)
        writer.writerow(
            [
                each.number,
                each.item.page or 1,
                each.zone,
                each.item.category.value,
                each.requirement,
                each.kind,
                *("" if value is None else value for value in (each.count, each.nominal, each.upper, each.lower)),
                *("" if value is None else value for value in (each.greatest, each.least, each.unit, each.fit)),
                each.item.confidence,
                each.remark,
                *(round(value, 2) for point in each.item.box for value in point),
                *((value for point in millimetres for value in point) if millimetres else [""] * 8),
            ]
        )
    return "\ufeff" + out.getvalue()
