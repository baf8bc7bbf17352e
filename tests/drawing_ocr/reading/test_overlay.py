from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from drawing_ocr.annotation import Category
from drawing_ocr.reading import overlay
from drawing_ocr.reading.overlay import COLOURS, draw_overlay, overlay_file
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

BOX = ((100.0, 100.0), (200.0, 100.0), (200.0, 140.0), (100.0, 140.0))


def result(*predictions: Prediction, pages: int = 1) -> ReadingResult:
    return ReadingResult(predictions=predictions, width=400, height=300, pages=pages, model=ModelName(name="x"))


def white() -> np.ndarray:
    return np.full((300, 400, 3), 255, np.uint8)


@pytest.mark.parametrize("category", Category)
def test_a_box_is_drawn_in_the_colour_of_its_category(category: Category) -> None:
    picture = draw_overlay(white(), result(Prediction(box=BOX, text="⌀5", confidence=1, category=category)))
    assert picture.size == (400, 300)
    assert picture.getpixel((100, 120)) == ImageColor.getrgb(COLOURS[category])


def test_the_text_stands_beside_its_box() -> None:
    drawn = np.asarray(draw_overlay(white(), result(Prediction(box=BOX, text="⌀5 材料", confidence=1))))
    without = np.asarray(draw_overlay(white(), result(Prediction(box=BOX, text=" ", confidence=1))))
    assert (drawn[60:98, 95:260] != without[60:98, 95:260]).any()


def test_only_what_stands_on_a_page_is_drawn_on_it() -> None:
    picture = draw_overlay(white(), result(Prediction(box=BOX, text="5", confidence=1, page=2), pages=2), number=1)
    assert picture.getpixel((100, 120)) == (255, 255, 255)


@pytest.mark.parametrize("corner", [(-30.0, -30.0), (390.0, 290.0)])
def test_boxes_beyond_the_page_are_drawn_without_complaint(corner: tuple[float, float]) -> None:
    x, y = corner
    beyond = ((x, y), (x + 50, y), (x + 50, y + 20), (x, y + 20))
    assert draw_overlay(white(), result(Prediction(box=beyond, text="long text", confidence=0.3))).size == (400, 300)


def test_without_any_font_the_pictures_are_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "_FONT_ROOTS", ())
    overlay._fonts.cache_clear()
    try:
        picture = draw_overlay(white(), result(Prediction(box=BOX, text="⌀5 材料", confidence=1)))
    finally:
        overlay._fonts.cache_clear()
    assert picture.getpixel((100, 120)) == ImageColor.getrgb(COLOURS[Category.TEXT])


def test_a_document_has_one_picture_a_page(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(white()).save(buffer, format="TIFF", save_all=True, append_images=[Image.new("L", (50, 40))])
    (tmp_path / "in.tiff").write_bytes(buffer.getvalue())
    written = overlay_file(tmp_path / "in.tiff", result(pages=2), tmp_path / "out" / "part.png")
    assert [path.name for path in written] == ["part.png", "part-2.png"]
    assert [Image.open(path).size for path in written] == [(400, 300), (50, 40)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["part-2.png", "part.png"]
