from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from drawing_ocr.annotation import Category
from drawing_ocr.grammar.interpret import meaning_of
from drawing_ocr.grammar.parse import parse
from drawing_ocr.output.characteristics import characteristics_of
from drawing_ocr.output.dimension_table import COLUMNS, dimensions_csv
from drawing_ocr.output.inspection import FIRST_ROW, HEADINGS, inspection_workbook
from drawing_ocr.reading.result import Prediction
from drawing_ocr.reading.structure.contract import GroupedDimension, Structure, TitleField, ToleranceFrame
from tests.drawing_ocr.output.world import box, drawing, text


def sheet_with_zones() -> list[Prediction]:
    marks = [("1", 225, 5), ("2", 675, 5), ("A", 5, 150), ("B", 5, 450)]
    return [
        *(text(mark, box(x, y, 12, 14), Category.TEXT) for mark, x, y in marks),
        text("25 H7", box(150, 100, 80, 20)),
        text("4×⌀6.6 +0.2 -0.1", box(600, 100, 160, 20), confidence=0.6),
        text("R5", box(150, 400, 40, 20)),
        text("Ra 3.2", box(600, 400, 70, 20), Category.SYMBOL),
        text("NOTE", box(300, 300, 70, 20), Category.TEXT),
        text("=1+1", box(300, 500, 70, 20)),
    ]


def rows_of(book: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Inspection list"]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_ROW + 1, max_col=len(HEADINGS))]


def test_dimensions_and_symbols_are_numbered_with_zone_and_limits(tmp_path: Path) -> None:
    found = characteristics_of(drawing(tmp_path, sheet_with_zones()))
    assert [(each.number, each.zone, each.requirement) for each in found] == [
        ("1", "1/A1", "25 H7"),
        ("2", "1/A2", "4×⌀6.6 +0.2 -0.1"),
        ("3", "1/B1", "R5"),
        ("4", "1/B2", "Ra 3.2"),
        ("5", "1/B1", "=1+1"),
    ]
    assert found[3].kind == "surface texture"
    assert "compare with the drawing" in found[1].remark


def test_what_stands_behind_a_size_is_its_remark_and_a_depth_a_characteristic_of_its_own(tmp_path: Path) -> None:
    lines = [text("50 MAX", box(150, 400, 40, 20)), text("⌀8 ↧12", box(150, 500, 40, 20))]
    found = characteristics_of(drawing(tmp_path, lines))
    assert [(each.number, each.requirement, each.nominal, each.remark) for each in found] == [
        ("1", "50 MAX", 50, "MAX"),
        ("2.1", "⌀8", 8, ""),
        ("2.2", "↧12", 12, ""),
    ]


def test_pieces_of_a_dimension_are_one_characteristic_and_frames_are_told(tmp_path: Path) -> None:
    lines = [
        text("R5", box(150, 400, 40, 20)),
        text("50", box(100, 100, 40, 30)),
        text("+0.1", box(145, 95, 40, 15), confidence=0.7),
        text("-0.2", box(145, 115, 40, 15)),
        text("⌖", box(300, 100, 20, 20), Category.SYMBOL),
        text("⌀0.2", box(325, 100, 40, 20), Category.SYMBOL),
    ]
    read = drawing(tmp_path, lines)
    whole = parse("50 +0.1 -0.2")
    assert whole is not None
    structure = Structure(
        dimensions=(
            GroupedDimension(box=box(150, 400, 40, 20), text="R5", members=(0,), confidence=0.95),
            GroupedDimension(
                box=box(100, 95, 85, 35),
                text="50 +0.1 -0.2",
                members=(1, 2, 3),
                confidence=0.7,
                meaning=meaning_of(whole),
            ),
        ),
        frames=(
            ToleranceFrame(
                box=box(300, 100, 65, 20),
                text="⌖|⌀0.2",
                members=(4, 5),
                cells=("⌖", "⌀0.2"),
                characteristic="position",
                tolerance=0.2,
            ),
        ),
        title_block=(TitleField(box=box(0, 0, 1, 1), text="DRG-7", name="number", confidence=1),),
    )
    read = replace(read, result=read.result.model_copy(update={"structure": structure}))
    rows = rows_of(inspection_workbook(read, characteristics_of(read), []))
    assert [row[:8] for row in rows] == [
        ["1", "1", "characteristic", "R5", None, None, None, None],
        ["2", "1", "length", "50 +0.1 -0.2", None, 50, 49.8, 50.1],
        ["3", "1", "position", "⌖|⌀0.2", None, None, None, 0.2],
    ]
    assert read.title_block == {"number": "DRG-7"}


def test_without_marks_on_its_border_a_sheet_has_no_zones(tmp_path: Path) -> None:
    (only,) = characteristics_of(drawing(tmp_path, [text("R5", box(150, 400, 40, 20))]))
    assert only.zone == "1"


def test_the_workbook_opens_with_the_right_cells(tmp_path: Path) -> None:
    read = drawing(tmp_path, sheet_with_zones())
    book = inspection_workbook(read, characteristics_of(read), [Image.new("RGB", (900, 600))])
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Inspection list"]
    assert [sheet.cell(FIRST_ROW, column + 1).value for column in range(len(HEADINGS))] == [
        name for name, _ in HEADINGS
    ]
    rows = rows_of(book)
    assert rows[0][:9] == ["1", "1/A1", "length", "25 H7", None, 25, 25, 25.021, None]
    assert rows[0][9:] == [None, None, "fit H7"]
    assert rows[1][3:8] == ["4×⌀6.6 +0.2 -0.1", 4, 6.6, 6.5, 6.8]
    assert rows[2][3:8] == ["R5", None, 5, None, None]
    assert rows[2][11] == "general tolerance"
    assert sheet["D2"].value == "plate.tif"


def test_a_reading_that_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    read = drawing(tmp_path, sheet_with_zones())
    book = inspection_workbook(read, characteristics_of(read), [])
    cell = openpyxl.load_workbook(io.BytesIO(book))["Inspection list"].cell(FIRST_ROW + 5, 4)
    assert cell.value == "=1+1"
    assert cell.data_type == "s"


def test_a_result_outside_its_limits_turns_red(tmp_path: Path) -> None:
    read = drawing(tmp_path, sheet_with_zones())
    book = inspection_workbook(read, characteristics_of(read), [])
    formats = openpyxl.load_workbook(io.BytesIO(book))["Inspection list"].conditional_formatting
    (rules,) = (each.rules for each in formats)
    (formula,) = rules[0].formula
    assert formula == 'AND(ISNUMBER($J8),OR(AND($G8<>"",$J8<$G8),AND($H8<>"",$J8>$H8)))'


def test_the_ballooned_sheets_lie_in_the_workbook(tmp_path: Path) -> None:
    read = drawing(tmp_path, [text("R5", box(9, 9, 40, 20))], [text("R6", box(9, 9, 40, 20))])
    book = inspection_workbook(read, characteristics_of(read), [Image.new("RGB", (900, 600))] * 2)
    assert openpyxl.load_workbook(io.BytesIO(book)).sheetnames == ["Inspection list", "Sheet 1", "Sheet 2"]
    pictures = [name for name in zipfile.ZipFile(io.BytesIO(book)).namelist() if name.startswith("xl/media/")]
    assert pictures  # equal pictures are kept once
    assert [each.zone for each in characteristics_of(read)] == ["1", "2"]


@pytest.mark.parametrize("dpi", [200, None])
def test_the_table_has_one_row_a_characteristic_with_its_place(tmp_path: Path, dpi: float | None) -> None:
    content = dimensions_csv(drawing(tmp_path, sheet_with_zones(), dpi=dpi))
    assert content.startswith("\ufeffnumber,")
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["requirement"] for row in rows] == ["25 H7", "4×⌀6.6 +0.2 -0.1", "R5", "Ra 3.2", "=1+1"]
    first = rows[0]
    assert (first["fit"], first["upper"], first["least"], first["greatest"]) == ("H7", "0.021", "25.0", "25.021")
    assert (first["x1"], first["y3"]) == ("150.0", "120.0")
    assert first["x1_mm"] == ("19.05" if dpi else "")
