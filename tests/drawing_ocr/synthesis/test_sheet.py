"""Sheets: every text labelled, exactly where it stands, and none over another."""

from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest

from drawing_ocr import models
from drawing_ocr.annotation import Annotation, Category, Region
from drawing_ocr.synthesis import sheet, text_source
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Point
from drawing_ocr.synthesis.fonts import DEJAVU
from drawing_ocr.synthesis.lettering import Lettering, letter
from drawing_ocr.synthesis.scan import scan
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import BARE, DETAILS, HOUSE, PLOTTED, SCANNED, SheetStyle
from drawing_ocr.text import Charset, SymbolClass, canonical, symbol_class

SEEDS = range(100, 124)


@pytest.fixture(scope="module")
def sheets() -> list[tuple[np.ndarray, Annotation]]:
    return [draw_sheet(seed) for seed in SEEDS]


def corners(region: Region) -> np.ndarray:
    return np.array(region.points, np.float32)


def test_the_same_seed_draws_the_same_sheet(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    picture, annotation = draw_sheet(SEEDS[0])
    assert np.array_equal(picture, sheets[0][0])
    assert annotation == sheets[0][1]
    assert not np.array_equal(picture.shape, sheets[1][0].shape) or not np.array_equal(picture, sheets[1][0])


def test_a_sheet_has_the_asked_size_and_is_dark_on_light(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    for picture, annotation in sheets:
        assert picture.dtype == np.uint8
        assert picture.shape == (annotation.height, annotation.width)
        assert SCANNED.width[0] <= max(picture.shape) <= SCANNED.width[1]
        assert max(picture.shape) / min(picture.shape) == pytest.approx(2**0.5, rel=0.01)
        assert np.median(picture) > 180


def test_no_text_stands_on_another(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    for _, annotation in sheets:
        boxes = [corners(region) for region in annotation.regions]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                apart = (a.min(axis=0) > b.max(axis=0)).any() or (b.min(axis=0) > a.max(axis=0)).any()
                assert apart or cv2.intersectConvexConvex(a, b)[0] < 1.0, annotation.image


def test_there_is_ink_in_every_polygon(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    for picture, annotation in sheets:
        paper = int(np.median(picture))
        for region in annotation.regions:
            x, y, w, h = cv2.boundingRect(corners(region))
            window = picture[max(0, y) : y + h, max(0, x) : x + w]
            assert paper - int(window.min()) > 40, region


def test_five_categories_and_every_sign_class_are_drawn(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    regions = [region for _, annotation in sheets for region in annotation.regions]
    assert {region.category for region in regions} == set(Category)
    assert set().union(*(symbol_class(region.text) for region in regions)) == set(SymbolClass)
    assert all(region.text == canonical(region.text) for region in regions)


def test_a_sheet_is_worth_learning_from(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    dimensions = [sum(r.category is Category.DIMENSION for r in annotation.regions) for _, annotation in sheets]
    symbols = [sum(r.category is Category.SYMBOL for r in annotation.regions) for _, annotation in sheets]
    assert min(dimensions) >= 3
    assert np.mean(dimensions) >= 10
    assert np.mean(symbols) >= 3


def test_text_stands_level_upright_and_slanted(sheets: list[tuple[np.ndarray, Annotation]]) -> None:
    measured = []
    for _, annotation in sheets:
        for region in annotation.regions:
            (ax, ay), (bx, by) = region.points[:2]
            measured.append(np.degrees(np.arctan2(ay - by, bx - ax)))
    angles = np.array(measured)
    assert (np.abs(angles) < 2).any()
    assert (np.abs(angles - 90) < 2).any()
    assert ((np.abs(angles) > 8) & (np.abs(angles) < 82)).any()


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_all_ink_of_all_texts_lies_in_their_polygons(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts alone, without any line: nothing of their ink is outside the labels."""
    drawn: list[Canvas] = []
    scanned = sheet.scanned

    def scan_and_keep(canvas: Canvas, *rest: Any) -> Any:
        drawn.append(canvas)
        return scanned(canvas, *rest)

    monkeypatch.setattr(sheet, "scanned", scan_and_keep)
    _, annotation = draw_sheet(seed, PLOTTED)
    alone = Canvas(annotation.width, annotation.height, clearance=0)
    for text in drawn[0].texts:
        alone.write(text)
    labelled = np.zeros_like(alone.ink)
    for region in annotation.regions:
        cv2.fillConvexPoly(labelled, ((corners(region) - 0.5) * 16).round().astype(np.int32), (255,), cv2.LINE_8, 4)
    assert len(annotation.regions) == len(drawn[0].texts)
    assert alone.ink.any()
    assert not alone.ink[labelled == 0].any() or (alone.ink[labelled == 0] < 160).all()


@pytest.mark.parametrize("seed", range(5))
def test_labels_turn_exactly_with_a_skewed_scan(seed: int) -> None:
    canvas = Canvas(1600, 1130, clearance=0)
    places = [(150, 120, 0), (1450, 120, 90), (150, 1010, 30), (1450, 1010, -45), (800, 560, 0)]
    for x, y, degrees in places:
        ink = letter("4×⌀6.60", Lettering(DEJAVU, 28))
        canvas.write(PlacedText(ink, Point(x, y), degrees, "4×⌀6.60", Category.DIMENSION))
    skewed = SheetStyle(skewed=1, max_skew=3, blurred=0, noisy=0, compressed=0, faded=0, bled=0)
    picture, polygons = scan(canvas.ink, [text.polygon() for text in canvas.texts], skewed, Random(seed))
    moved = np.abs(polygons[0] - canvas.texts[0].polygon()).max()
    assert moved > 0.5
    inside = np.zeros_like(picture)
    for polygon in polygons:
        assert np.linalg.norm(polygon[1] - polygon[0]) == pytest.approx(canvas.texts[0].ink.width, abs=0.01)
        cv2.fillConvexPoly(inside, ((polygon - 0.5) * 16).round().astype(np.int32), (255,), cv2.LINE_8, 4)
    dark = picture < 128
    assert dark.sum() > 1000
    assert not (dark & (inside == 0)).any()


def test_a_plotted_sheet_is_free_of_scan_effects() -> None:
    picture, annotation = draw_sheet(7, PLOTTED)
    paper = np.bincount(picture.ravel()).argmax()
    assert (picture == paper).mean() > 0.85
    level = [region for region in annotation.regions if region.points[0][1] == region.points[1][1]]
    assert len(level) > 0.7 * len(annotation.regions)


def test_details_are_crowded_with_signs_and_carry_no_title_block() -> None:
    regions = [region for seed in range(12) for region in draw_sheet(seed, DETAILS)[1].regions]
    new = {SymbolClass.DIAMETER, SymbolClass.GDT, SymbolClass.COUNTERBORE}
    assert np.mean([bool(symbol_class(region.text) & new) for region in regions]) > 0.28
    assert {region.category for region in regions} == {Category.DIMENSION, Category.SYMBOL, Category.TEXT}


def test_a_sheet_size_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sheet width \(300, 500\) is out of range: give"):
        SheetStyle(width=(300, 500))


def test_a_bare_sheet_has_views_and_not_a_single_text() -> None:
    for seed in range(3):
        picture, annotation = draw_sheet(seed, BARE)
        assert not annotation.regions
        assert (picture < 128).mean() > 0.002


def test_only_sheets_of_a_house_with_signs_of_its_own_carry_the_new_modifiers() -> None:
    new = set(text_source.NEW_MODIFIERS)
    texts = {
        style: [region.text for seed in range(6) for region in draw_sheet(seed, style)[1].regions]
        for style in (DETAILS, HOUSE)
    }
    assert not any(new & set(text) for text in texts[DETAILS])
    assert np.mean([bool(new & set(text)) for text in texts[HOUSE]]) > 0.35
    assert new - set("".join(texts[HOUSE])) <= {"Ⓤ"}  # a profile's tolerance is rare


def test_the_shipped_reader_does_not_know_the_new_modifiers() -> None:
    dictionary = Path(models.__file__).with_name("default") / "dict.txt"
    assert not set(Charset.load(dictionary).characters) & set(text_source.NEW_MODIFIERS)


def test_a_text_that_a_scan_moves_partly_off_the_page_is_labelled_as_far_as_it_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = draw_sheet(SEEDS[0], PLOTTED)[1]
    lowest = max(corners(region)[:, 1].max() for region in whole.regions)
    down = np.array([0, whole.height - lowest + 4])

    def low(ink: Any, polygons: Any, *_: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        return 255 - ink, [polygon + down for polygon in polygons]

    monkeypatch.setattr(sheet, "scan", low)
    moved = draw_sheet(SEEDS[0], PLOTTED)[1]
    assert max(corners(region)[:, 1].max() for region in moved.regions) <= whole.height + 1
