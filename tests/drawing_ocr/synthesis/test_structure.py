"""Structure: what belongs together is told of everything that is written, and told where it stands."""

import cv2
import numpy as np
import pytest

from drawing_ocr.annotation import Category, polygon_fault
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.structure import FieldName, Sheet, Structure, StructureError, Table, ToleranceFrame
from drawing_ocr.text import canonical


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return [draw_structured_sheet(seed) for seed in range(300, 312)]


def inside(outline: object, points: object) -> bool:
    """Whether a text stands in an outline, its edges half a pixel thick."""
    outer = np.array(outline, np.float32)
    return all(cv2.pointPolygonTest(outer, (float(x), float(y)), True) >= -1.0 for x, y in points)  # type: ignore[attr-defined]


def test_every_dimension_text_is_in_one_dimension(sheets: list[Sheet]) -> None:
    for sheet in sheets:
        told = sorted(index for dimension in sheet.structure.dimensions for index in dimension.regions)
        regions = sheet.annotation.regions
        assert told == [i for i, region in enumerate(regions) if region.category is Category.DIMENSION]


def test_the_text_of_a_dimension_is_that_of_its_pieces_in_reading_order(sheets: list[Sheet]) -> None:
    stacked = 0
    for sheet in sheets:
        for dimension in sheet.structure.dimensions:
            pieces = [sheet.annotation.regions[index].text for index in dimension.regions]
            assert dimension.text == canonical(" ".join(pieces))
            if len(pieces) == 3 and pieces[1][0] in "+-0":
                upper, lower = (float(piece.replace(",", ".")) for piece in pieces[1:])
                assert upper > lower
                stacked += 1
    assert stacked >= 2


def test_a_frame_is_its_region_and_its_cells_hold_its_text(sheets: list[Sheet]) -> None:
    count = 0
    for sheet in sheets:
        symbols = [i for i, region in enumerate(sheet.annotation.regions) if region.category is Category.SYMBOL]
        for frame in sheet.structure.frames:
            region = sheet.annotation.regions[frame.region]
            assert frame.region in symbols
            assert canonical(" ".join(cell.text for cell in frame.cells)) == region.text
            assert inside(frame.points, region.points)
            left = [np.array(cell.points)[:, 0].min() for cell in frame.cells]
            assert left == sorted(left)
            count += 1
    assert count >= 8


def test_cells_of_a_table_hold_their_texts_and_fill_it(sheets: list[Sheet]) -> None:
    for sheet in sheets:
        for table in sheet.structure.tables:
            area = sum(cv2.contourArea(np.array(cell.points, np.float32)) for cell in table.cells)
            assert area == pytest.approx(cv2.contourArea(np.array(table.points, np.float32)), rel=0.01)
            places = {
                (cell.row + i, cell.column + j)
                for cell in table.cells
                for i in range(cell.row_span)
                for j in range(cell.column_span)
            }
            assert len(places) == sum(cell.row_span * cell.column_span for cell in table.cells)
            for cell in table.cells:
                regions = [sheet.annotation.regions[index] for index in cell.regions]
                assert cell.text == canonical(" ".join(region.text for region in regions))
                assert all(inside(cell.points, region.points) for region in regions)


def test_title_block_texts_are_all_in_cells_and_fields_name_what_they_say(sheets: list[Sheet]) -> None:
    for sheet in sheets:
        blocks = [table for table in sheet.structure.tables if table.kind == "title_block"]
        told = sorted(index for block in blocks for cell in block.cells for index in cell.regions)
        regions = sheet.annotation.regions
        assert told == [i for i, region in enumerate(regions) if region.category is Category.TITLE_BLOCK]
        fields = {field.name: field for field in sheet.structure.fields}
        assert len(fields) == len(sheet.structure.fields)
        assert {FieldName.TITLE, FieldName.NUMBER, FieldName.MATERIAL, FieldName.SCALE} <= set(fields)
        for field in fields.values():
            whole = canonical(" ".join(regions[index].text for index in field.value))
            assert field.text == whole or (set(field.caption) == set(field.value) and whole.endswith(field.text))
        assert ":" in fields[FieldName.SCALE].text


def test_notes_are_paragraphs_under_one_heading(sheets: list[Sheet]) -> None:
    noted = [sheet.structure.paragraphs for sheet in sheets if sheet.structure.paragraphs]
    assert len(noted) > len(sheets) / 2
    for paragraphs in noted:
        assert [paragraph.heading for paragraph in paragraphs] == [True] + [False] * (len(paragraphs) - 1)


def test_outlines_are_sound_and_can_be_exchanged(sheets: list[Sheet]) -> None:
    structure = sheets[0].structure
    outlines = structure.outlines()
    assert all(polygon_fault(points) is None for points in outlines)
    assert structure.with_outlines(outlines) == structure
    parts: tuple[ToleranceFrame | Table, ...] = (*structure.frames, *structure.tables)
    assert len(outlines) == sum(1 + len(part.cells) for part in parts)


def test_a_record_survives_its_json_and_a_damaged_one_is_one_line() -> None:
    structure = draw_structured_sheet(5).structure
    assert Structure.parse(structure.to_json(), where="structure.jsonl line 1") == structure
    with pytest.raises(StructureError, match=r"^structure\.jsonl line 1: .*dimensions"):
        Structure.parse('{"dimensions": [{"regions": [], "text": ""}]}', where="structure.jsonl line 1")
