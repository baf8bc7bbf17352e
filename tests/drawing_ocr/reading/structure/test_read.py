"""Frames, tables and title blocks of ruled sheets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.reading.categorise import categories_in
from drawing_ocr.reading.layout import layout_of
from drawing_ocr.reading.result import Prediction
from drawing_ocr.reading.structure.contract import Structure
from drawing_ocr.reading.structure.read import structure_of
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from tests.drawing_ocr.reading.ruled import PARTS, Ruled, framed

Quad = npt.NDArray[np.float32]


def structure(sheet: Ruled) -> Structure:
    layout = layout_of(sheet.picture, sheet.texts, sheet.quads)
    return structure_of(layout, read_as(sheet.texts, sheet.quads, categories_in(layout, sheet.texts)))


def read_as(texts: Sequence[str], quads: Sequence[Quad], categories: Sequence[Category]) -> list[Prediction]:
    return [
        Prediction(box=[tuple(map(float, corner)) for corner in quad], text=text, confidence=0.9, category=category)
        for text, quad, category in zip(texts, quads, categories, strict=True)
    ]


def with_block(rows: tuple[tuple[str, ...], ...], columns: tuple[int, ...]) -> Ruled:
    sheet = framed()
    sheet.grid(1560 - sum(columns), 1060 - 40 * len(rows), columns, rows)
    return sheet


def fields(sheet: Ruled) -> dict[str, str]:
    return {field.name: field.text for field in structure(sheet).title_block}


def test_a_value_stands_right_of_a_caption_that_fills_its_cell() -> None:
    rows = (("Material", "S235JR", "Scale", "1:2"), ("Drawn", "K. Weber", "Date", "2024-05-06"))
    assert fields(with_block(rows, (140, 180, 120, 200))) == {
        "material": "S235JR",
        "scale": "1:2",
        "author": "K. Weber",
        "date": "2024-05-06",
    }


def test_a_value_may_stand_behind_a_colon() -> None:
    rows = (("比例: 1:2", "材料: 45"), ("Blatt: 1/2", "Gewicht: 2,5 kg"))
    assert fields(with_block(rows, (240, 240))) == {"scale": "1:2", "material": "45", "sheet": "1/2", "mass": "2,5 kg"}


def test_dates_of_a_column_belong_to_the_people_of_their_rows() -> None:
    rows = (
        ("", "Datum", "Name"),
        ("Bearb.", "01.02.2024", "A. Berg"),
        ("Gepr.", "03.02.2024", "B. Kurz"),
    )
    assert fields(with_block(rows, (120, 180, 180))) == {
        "date": "01.02.2024",
        "author": "A. Berg",
        "checked_date": "03.02.2024",
        "checked": "B. Kurz",
    }


def test_what_can_only_be_one_field_needs_no_caption() -> None:
    rows = (("SHEET 1 OF 2", "A3"), ("ISO 2768-mK", "Nordwerk GmbH"))
    assert fields(with_block(rows, (240, 240))) == {
        "sheet": "1 OF 2",
        "format": "A3",
        "tolerance": "ISO 2768-mK",
        "company": "Nordwerk GmbH",
    }


def test_an_empty_field_is_not_filled_from_its_neighbour() -> None:
    sheet = framed()
    for index, (caption, value) in enumerate((("Scale", ""), ("Material", "S235JR"), ("Sheet", "1/1"))):
        left = 1560 - 600 + 200 * index
        sheet.box(left, 1060 - 60, left + 200, 1060)
        sheet.write(caption, left + 6, 1060 - 56)
        if value:
            sheet.write(value, left + 20, 1060 - 26)
    assert fields(sheet) == {"material": "S235JR", "sheet": "1/1"}


def test_a_table_is_rows_and_columns_of_cells() -> None:
    sheet = framed()
    sheet.grid(500, 600, (60, 60, 200, 130), PARTS)
    (table,) = structure(sheet).tables
    assert table.kind == "table"
    assert [[cell.text for cell in table.cells if cell.row == row] for row in range(3)] == [list(row) for row in PARTS]
    assert {(cell.rows, cell.columns) for cell in table.cells} == {(1, 1)}
    assert table.text.splitlines()[0] == "2\t4\tHex bolt\t8.8"
    assert np.array(table.box) == pytest.approx(np.array([(500, 600), (950, 600), (950, 720), (500, 720)]), abs=4)


def test_a_frame_is_its_cells_in_order_though_a_reader_does_not_know_the_sign() -> None:
    sheet = framed()
    sheet.grid(500, 600, (50, 120, 50, 50), (("", "⌀0.05Ⓜ", "A", "B"),))
    (frame,) = structure(sheet).frames
    assert frame.cells == ("⌀0.05Ⓜ", "A", "B")
    assert (frame.tolerance, frame.zone, frame.modifiers, frame.datums) == (0.05, "⌀", "Ⓜ", ("A", "B"))
    assert frame.characteristic is None


def test_a_frame_read_as_one_line_is_a_frame() -> None:
    sheet = framed()
    sheet.write("⌖ ⌀0.1 A", 500, 600)
    (frame,) = structure(sheet).frames
    assert frame.cells == ("⌖", "⌀0.1", "A")
    assert frame.characteristic == "position"


def test_a_page_without_texts_has_no_structure() -> None:
    sheet = Ruled()
    assert structure(sheet) == Structure()


@pytest.mark.parametrize("seed", [1003, 1008])
def test_the_dimensions_frames_and_fields_of_a_drawn_sheet_are_found(seed: int) -> None:
    drawn = draw_structured_sheet(seed)
    texts = [region.text for region in drawn.annotation.regions]
    quads = [np.array(region.points, np.float32) for region in drawn.annotation.regions]
    categories = [region.category for region in drawn.annotation.regions]
    layout = layout_of(np.repeat(drawn.picture[:, :, None], 3, axis=2), texts, quads)
    found = structure_of(layout, read_as(texts, quads, categories))
    truth = {frozenset(each.regions) for each in drawn.structure.dimensions}
    assert len(truth & {frozenset(each.members) for each in found.dimensions}) >= 0.9 * len(truth) > 0
    assert len(found.frames) == len(drawn.structure.frames)
    wanted = {str(field.name) for field in drawn.structure.fields}
    assert len(wanted & {field.name for field in found.title_block}) >= 0.9 * len(wanted)
