"""Held-out sheets: labels as exact as those of the other generator, with nothing else in common with it."""

import ast
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.held_out import pdf_page, words
from drawing_ocr.synthesis.held_out.board import Board, Item, Text
from drawing_ocr.synthesis.held_out.pdf_page import picture
from drawing_ocr.synthesis.held_out.sheet import draw_held_out_sheet
from drawing_ocr.synthesis.held_out.typesetting import Script, compose
from drawing_ocr.synthesis.structure import FieldName, Sheet
from drawing_ocr.text import canonical

ROOT = Path(__file__).parents[4]
HELD_OUT = "drawing_ocr.synthesis.held_out"


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return [draw_held_out_sheet(seed) for seed in range(10)]


def test_the_same_seed_draws_the_same_sheet(sheets: list[Sheet]) -> None:
    again = draw_held_out_sheet(3)
    assert np.array_equal(again.picture, sheets[3].picture)
    assert again.annotation == sheets[3].annotation
    assert again.structure == sheets[3].structure


def test_a_sheet_carries_all_categories_signs_and_slants(sheets: list[Sheet]) -> None:
    regions = [region for sheet in sheets for region in sheet.annotation.regions]
    assert {region.category for region in regions} == set(Category)
    assert all(region.text == canonical(region.text) for region in regions)
    assert {"⌀", "±", "⌴", "↧", "°", "×"} <= set("".join(region.text for region in regions))
    slopes = np.array([np.degrees(np.arctan2(*(np.array(r.points[1]) - np.array(r.points[0]))[::-1])) for r in regions])
    assert ((np.abs(slopes) > 10) & (np.abs(slopes) < 80)).sum() > len(sheets)


def test_no_text_stands_on_another(sheets: list[Sheet]) -> None:
    for sheet in sheets:
        boxes = [np.array(region.points, np.float32) for region in sheet.annotation.regions]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert cv2.intersectConvexConvex(a, b)[0] < 1.0


@pytest.mark.parametrize("degrees", [0.0, 33.0, -61.0])
@pytest.mark.parametrize("text", ["4x ⌀12.5 ±0.1", "⌖ ⌀0.05Ⓜ A B", "0", "Matière"])
def test_all_ink_of_a_text_lies_in_its_polygon_and_the_polygon_is_tight(text: str, degrees: float) -> None:
    board = Board(110, 110, (0, 0, 110, 110), clearance=1.0)
    written = Text(text, Script(face=0, size=11, pen=0.8), (55, 55), degrees)
    assert board.add(Item(texts=[written]))
    scale = 4.0
    ink = picture(board.content(), 110, 110, scale) < 128
    corners = written.corners() * scale
    corners[:, 1] = ink.shape[0] - corners[:, 1]

    def inside(grown: float) -> np.ndarray:
        y, x = np.mgrid[: ink.shape[0], : ink.shape[1]] + 0.5
        within = np.ones(ink.shape, bool)
        for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            within &= ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / np.hypot(bx - ax, by - ay) >= -grown
        return within

    assert ink.any()
    assert not (ink & ~inside(1.5)).any()
    assert (ink & ~inside(-3.0)).any()


def test_a_text_over_another_or_over_a_line_is_refused() -> None:
    board = Board(200, 200, (10, 10, 190, 190), clearance=2.0)
    script = Script(face=0, size=10)
    assert board.add(Item(texts=[Text("12.5", script, (100, 100))]))
    assert not board.add(Item(texts=[Text("R8", script, (104, 101))]))
    board.outline(1.0, (20, 50), (180, 50))
    assert not board.add(Item(texts=[Text("R8", script, (100, 51))]))
    assert not board.add(Item(texts=[Text("R8", script, (12, 150))]))
    assert len(board.texts) == 1


def test_structure_is_told_of_everything(sheets: list[Sheet]) -> None:
    frames = 0
    for sheet in sheets:
        regions = sheet.annotation.regions
        told = sorted(index for dimension in sheet.structure.dimensions for index in dimension.regions)
        assert told == [i for i, region in enumerate(regions) if region.category is Category.DIMENSION]
        for dimension in sheet.structure.dimensions:
            assert dimension.text == canonical(" ".join(regions[index].text for index in dimension.regions))
        for frame in sheet.structure.frames:
            assert canonical(" ".join(cell.text for cell in frame.cells)) == regions[frame.region].text
            frames += 1
        for table in sheet.structure.tables:
            for cell in table.cells:
                outline = np.array(cell.points, np.float32)
                corners = [corner for index in cell.regions for corner in regions[index].points]
                assert all(cv2.pointPolygonTest(outline, corner, True) > -1.5 for corner in corners)
        names = {field.name for field in sheet.structure.fields}
        assert {FieldName.NUMBER, FieldName.TITLE, FieldName.MATERIAL} <= names
    assert frames >= 5


def test_it_shares_neither_fonts_nor_renderer_nor_words_with_the_generator_that_trains() -> None:
    folder = ROOT / "drawing_ocr/synthesis/held_out"
    shared = {
        name for path in folder.glob("*.py") for name in _imports(path) if name.startswith("drawing_ocr.synthesis")
    }
    others = {name for name in shared if not name.startswith(HELD_OUT)}
    assert others
    assert all(name.startswith("drawing_ocr.synthesis.structure") for name in others)
    training = (ROOT / "drawing_ocr/synthesis/vocabulary.py").read_text() + (
        ROOT / "drawing_ocr/synthesis/general_text.py"
    ).read_text()
    assert not [text for text in (*words.NOTES, *words.TITLES, *words.NAMES) if f'"{text}"' in training]
    assert all("/" not in face for face in pdf_page.FACES)  # names of PDF's own faces, no font files


def test_nothing_that_trains_draws_held_out_sheets() -> None:
    for folder in ("drawing_ocr/training", "drawing_ocr/dataset", "drawing_ocr/models", "containers/training"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not [name for name in _imports(path) if name.startswith(HELD_OUT)], path


def test_a_character_outside_of_the_faces_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        compose("技术", Script(face=0, size=10))


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names
