"""The inspection list of a drawing as a workbook: a first-article form and the ballooned sheets beside it.

Its columns follow the characteristic accountability form of AS9102 (form 3); the fields of the form's head are left to
whoever inspects, except what the drawing's file says.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter
from PIL import Image

from drawing_ocr.drawing import Drawing
from drawing_ocr.output.characteristics import Characteristic

HEADINGS: Final = (
    ("Char. no.", 9),
    ("Reference zone", 11),
    ("Characteristic", 18),
    ("Requirement", 26),
    ("Quantity", 9),
    ("Nominal", 10),
    ("Lower limit", 11),
    ("Upper limit", 11),
    ("Unit", 7),
    ("Result", 12),
    ("Tool", 14),
    ("Remark", 46),
)
FIRST_ROW: Final = 7  # of the list, from 0; above are the head and the headings
# Fields of the form's head, each with the field of the title block that fills it.
_HEAD: Final = (
    ("Part number", "number"),
    ("Part name", "title"),
    ("Revision", "revision"),
    ("Serial number", None),
    ("Inspector", None),
    ("Date", None),
)
_RESULT: Final = 9  # the column of results
_PICTURE_PIXELS: Final = 1600  # of a ballooned sheet on screen; the picture itself keeps all its pixels


def inspection_workbook(
    drawing: Drawing, characteristics: Sequence[Characteristic], ballooned: Sequence[Image.Image]
) -> bytes:
    """The content of an XLSX file.

    Args:
        drawing: What was read.
        characteristics: The rows.
        ballooned: The pages with their balloons.
    """
    file = io.BytesIO()
    # Texts stay texts: a reading that begins with = is no formula.
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Inspection list")
        _head(book, sheet, drawing)
        _list(book, sheet, characteristics)
        for number, picture in enumerate(ballooned, 1):
            _picture(book.add_worksheet(f"Sheet {number}"), picture, number)
    return file.getvalue()


def _head(book: Any, sheet: Any, drawing: Drawing) -> None:
    bold = book.add_format({"bold": True, "font_size": 14})
    label = book.add_format({"bold": True, "font_color": "#555555"})
    field = book.add_format({"bottom": 1})
    sheet.write_string(0, 0, "First article inspection: characteristic accountability", bold)
    sheet.write_string(1, 0, "Drawing", label)
    sheet.write_string(1, 3, drawing.path.name)
    model = drawing.result.model
    sheet.write_string(2, 0, "Read by", label)
    sheet.write_string(2, 3, " ".join(part for part in (model.name, model.version) if part))
    for place, (name, source) in enumerate(_HEAD):
        row, column = 1 + place % 3, 4 + 4 * (place // 3)
        sheet.write_string(row, column, name, label)
        value = drawing.title_block.get(source) if source else None
        if value:
            sheet.write_string(row, column + 2, value, field)
        else:
            sheet.write_blank(row, column + 2, None, field)
    for place, warning in enumerate(drawing.warnings[:1]):
        sheet.write_string(4 + place, 0, f"Note: {warning}")


def _list(book: Any, sheet: Any, characteristics: Sequence[Characteristic]) -> None:
    heading = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True, "valign": "top"})
    cell = book.add_format({"border": 1, "valign": "top"})
    wrapped = book.add_format({"border": 1, "valign": "top", "text_wrap": True})
    empty = book.add_format({"border": 1, "bg_color": "#FFF9E5"})
    for column, (name, width) in enumerate(HEADINGS):
        sheet.set_column(column, column, width)
        sheet.write_string(FIRST_ROW - 1, column, name, heading)
    for row, each in enumerate(characteristics, FIRST_ROW):
        lower, upper = limits_of(each)
        values = (
            each.number, each.zone, each.kind, each.requirement, each.count, each.nominal, lower, upper, each.unit,
            None, None, _remark(each),
        )  # fmt: skip
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, value, wrapped if column in (3, 11) else cell)
            elif value is not None:
                sheet.write_number(row, column, value, cell)
            else:
                sheet.write_blank(row, column, None, empty if column in (_RESULT, _RESULT + 1) else cell)
    last = FIRST_ROW + max(len(characteristics), 1) - 1
    # A measured value outside its limits is red as soon as it is typed.
    result, low, high = f"$J{FIRST_ROW + 1}", f"$G{FIRST_ROW + 1}", f"$H{FIRST_ROW + 1}"
    outside = f'OR(AND({low}<>"",{result}<{low}),AND({high}<>"",{result}>{high}))'
    sheet.conditional_format(
        FIRST_ROW,
        _RESULT,
        last,
        _RESULT,
        {
            "type": "formula",
            "criteria": f"=AND(ISNUMBER({result}),{outside})",
            "format": book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"}),
        },
    )
    sheet.freeze_panes(FIRST_ROW, 0)
    sheet.autofilter(FIRST_ROW - 1, 0, last, len(HEADINGS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW - 1)


def limits_of(each: Characteristic) -> tuple[float | None, float | None]:
    """Least and greatest size that are allowed, None where the drawing states none beside the size itself."""
    if each.least is not None or each.greatest is not None or each.nominal is None:
        return each.least, each.greatest
    lower = None if each.lower is None else round(each.nominal + each.lower, 6)
    upper = None if each.upper is None else round(each.nominal + each.upper, 6)
    return lower, upper


def _remark(each: Characteristic) -> str | None:
    general = each.nominal is not None and limits_of(each) == (None, None) and "not inspected" not in each.remark
    parts = [
        f"fit {each.fit}" if each.fit else "",
        "general tolerance" if general and not each.fit else "",
        each.remark,
    ]
    return "; ".join(part for part in parts if part) or None


def _picture(sheet: Any, picture: Image.Image, number: int) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=False)
    scale = min(_PICTURE_PIXELS / max(picture.size), 1.0)
    # The picture's own resolution would change its size: it is stated as that of the screen.
    sheet.insert_image(0, 0, f"sheet-{number}.png", {"image_data": buffer, "x_scale": scale, "y_scale": scale})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)
    sheet.hide_gridlines(2)
