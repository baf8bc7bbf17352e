from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.reading.layout import layout_of
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import STYLES, StyleName
from tests.drawing_ocr.reading.ruled import PARTS, TITLE_BLOCK, Ruled, framed

BLOCK = {text for row in TITLE_BLOCK for text in row if text}
LISTED = {text for row in PARTS for text in row}


def with_title_block() -> Ruled:
    sheet = framed()
    sheet.grid(1560 - 450, 1060 - 120, (120, 150, 180), TITLE_BLOCK)
    return sheet


def texts_of(found: dict[str, Category], category: Category) -> set[str]:
    return {text for text, own in found.items() if own is category}


def test_a_grid_in_the_lower_right_corner_is_the_title_block_whatever_it_says() -> None:
    found = with_title_block().categories()
    assert texts_of(found, Category.TITLE_BLOCK) == BLOCK
    assert found["120.5"] is Category.DIMENSION


def test_a_grid_with_the_captions_of_a_title_block_is_one_also_elsewhere() -> None:
    sheet = framed()
    sheet.grid(40, 1060 - 120, (120, 150, 180), TITLE_BLOCK)
    assert texts_of(sheet.categories(), Category.TITLE_BLOCK) == BLOCK


def test_the_parts_list_that_stands_on_a_title_block_is_a_table() -> None:
    sheet = with_title_block()
    sheet.grid(1560 - 450, 1060 - 240, (60, 60, 200, 130), PARTS)
    found = sheet.categories()
    assert texts_of(found, Category.TITLE_BLOCK) == BLOCK
    assert texts_of(found, Category.TABLE) == LISTED


def test_a_parts_list_is_known_without_its_headings() -> None:
    sheet = with_title_block()
    sheet.grid(1560 - 450, 1060 - 200, (60, 60, 200, 130), PARTS[:2])
    assert texts_of(sheet.categories(), Category.TABLE) == {text for row in PARTS[:2] for text in row}


@pytest.mark.parametrize(("left", "top"), [(40, 40), (1560 - 450, 40), (500, 600)], ids=["left", "right", "free"])
def test_a_grid_with_words_is_a_table_wherever_it_is(left: int, top: int) -> None:
    sheet = with_title_block()
    sheet.grid(left, top, (60, 60, 200, 130), PARTS)
    found = sheet.categories()
    assert texts_of(found, Category.TABLE) == LISTED
    assert texts_of(found, Category.TITLE_BLOCK) == BLOCK


def test_a_sheet_without_a_frame_has_its_title_block_where_its_lines_end() -> None:
    sheet = Ruled()
    sheet.write("R12", 300, 300)
    sheet.grid(1000, 900, (120, 150, 180), TITLE_BLOCK)
    assert texts_of(sheet.categories(), Category.TITLE_BLOCK) == BLOCK


def test_a_tolerance_frame_and_a_datum_letter_are_symbols() -> None:
    sheet = framed()
    sheet.grid(300, 500, (50, 90, 40), [("⊥", "0.05", "A")], row=36)
    sheet.grid(700, 500, (36,), [("B",)], row=36)
    found = sheet.categories()
    assert {found[text] for text in ("⊥", "0.05", "A", "B")} == {Category.SYMBOL}


def test_a_tolerance_frame_of_two_rows_is_no_table() -> None:
    sheet = framed()
    sheet.grid(300, 500, (50, 90, 40, 40), [("⌖", "0.1", "A", "B"), ("∥", "0.05", "C", "D")], row=36)
    assert set(map(sheet.categories().get, ("⌖", "0.1", "A", "0.05", "D"))) == {Category.SYMBOL}


def test_dimensions_between_their_own_lines_stay_dimensions() -> None:
    sheet = framed()
    sheet.grid(300, 500, (150, 150, 150), [("20", "30.5", "25"), ("18", "⌀7", "60")], row=50)
    assert set(map(sheet.categories().get, ("20", "30.5", "25", "18", "⌀7", "60"))) == {Category.DIMENSION}


def test_a_number_in_a_box_is_a_dimension() -> None:
    sheet = framed()
    sheet.grid(300, 500, (80,), [("7.00",)])
    assert sheet.categories()["7.00"] is Category.DIMENSION


def test_zone_marks_outside_the_frame_are_text() -> None:
    sheet = with_title_block()
    sheet.write("3", 500, 12)
    sheet.write("B", 12, 500)
    found = sheet.categories()
    assert (found["3"], found["B"]) == (Category.TEXT, Category.TEXT)


def test_lines_of_a_view_that_end_at_the_title_block_are_no_part_of_it() -> None:
    sheet = with_title_block()
    sheet.grid(1560 - 450, 1060 - 200, (150,), [("63",)], row=80)
    assert sheet.categories()["63"] is Category.DIMENSION


def test_broken_lines_still_rule_a_grid() -> None:
    sheet = with_title_block()
    rng = np.random.default_rng(0)
    for x, y in zip(rng.integers(1110, 1560, 60), rng.integers(940, 1060, 60), strict=True):
        sheet.picture[y : y + 5, x : x + 5] = 255
    assert texts_of(sheet.categories(), Category.TITLE_BLOCK) == BLOCK


@pytest.mark.parametrize("degrees", [-1.5, -0.5, 1.0])
def test_a_skewed_scan_has_the_same_categories(degrees: float) -> None:
    sheet = with_title_block()
    sheet.grid(40, 40, (60, 60, 200, 130), PARTS)
    straight = sheet.categories()
    turn = cv2.getRotationMatrix2D((800, 550), degrees, 1.0)
    sheet.picture = np.asarray(cv2.warpAffine(sheet.picture, turn, (1600, 1100), borderValue=(255, 255, 255)), np.uint8)
    sheet.quads = [(quad @ turn[:, :2].T + turn[:, 2]).astype(np.float32) for quad in sheet.quads]
    assert sheet.categories() == straight


def test_a_shadow_over_the_sheet_changes_nothing() -> None:
    sheet = with_title_block()
    straight = sheet.categories()
    sheet.picture = (sheet.picture * np.linspace(1, 0.4, 1600)[None, :, None]).astype(np.uint8)
    assert sheet.categories() == straight


def test_few_texts_or_no_lines_leave_all_to_the_words() -> None:
    bare = Ruled()
    for index in range(6):
        bare.write("Item", 100, 100 + 50 * index)
    assert layout_of(bare.picture, bare.texts, bare.quads).categories == [None] * 6
    assert layout_of(bare.picture, bare.texts[:2], bare.quads[:2]).categories == [None] * 2
    assert layout_of(bare.picture, [], []).categories == []


@pytest.mark.parametrize("style", [StyleName.SCANNED, StyleName.VIEWS])
def test_on_synthetic_sheets_nearly_all_of_tables_and_title_blocks_is_known(style: StyleName) -> None:
    labelled, right, wrong = 0, 0, 0
    for seed in range(5):
        grey, annotation = draw_sheet(seed, STYLES[style])
        quads = [np.array(region.points, np.float32) for region in annotation.regions]
        texts = [region.text for region in annotation.regions]
        found = layout_of(np.repeat(grey[:, :, None], 3, axis=2), texts, quads).categories
        ruled = {Category.TABLE, Category.TITLE_BLOCK}
        labelled += sum(region.category in ruled for region in annotation.regions)
        right += sum(own in ruled and own is r.category for own, r in zip(found, annotation.regions, strict=True))
        wrong += sum(own in ruled and own is not r.category for own, r in zip(found, annotation.regions, strict=True))
    assert right >= 0.97 * labelled
    assert wrong <= 0.03 * labelled
