"""Pictures and the page over them: of every page, of a screen's size, and harmless whatever drawings are called."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from cli.batch.gallery import OVERLAY_PIXELS, Card, write_gallery, write_pictures
from drawing_ocr.reading.image import ImageError
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

COLOUR = (0, 114, 178)  # of texts in overlays


def result(pages: int = 1, scale: float = 1.0) -> ReadingResult:
    """One text a page, in a box from (1000, 400) to (2000, 800)."""
    corners = ((1000.0, 400.0), (2000.0, 400.0), (2000.0, 800.0), (1000.0, 800.0))
    box = tuple((x * scale, y * scale) for x, y in corners)
    predictions = tuple(Prediction(box=box, text="A", confidence=0.9, page=page) for page in range(1, pages + 1))
    return ReadingResult(predictions=predictions, width=1, height=1, pages=pages, model=ModelName(name="test"))


def picture(width: int, height: int, pages: int = 1) -> bytes:
    buffer = io.BytesIO()
    page = Image.new("L", (width, height), 255)
    page.save(buffer, format="TIFF", save_all=True, append_images=[page] * (pages - 1))
    return buffer.getvalue()


def test_a_large_sheet_becomes_a_screens_size_with_its_boxes_in_place(tmp_path: Path) -> None:
    write_pictures(picture(4800, 2400), "a/b.tif", result(), tmp_path / "o", tmp_path / "t")
    overlay = Image.open(tmp_path / "o" / "a" / "b.tif.jpg").convert("RGB")
    assert overlay.size == (OVERLAY_PIXELS, OVERLAY_PIXELS // 2)
    found = overlay.getpixel((500, 300))  # the left edge of the box, at half its size
    assert isinstance(found, tuple)
    assert all(abs(seen - wanted) < 60 for seen, wanted in zip(found, COLOUR, strict=True))
    assert max(Image.open(tmp_path / "t" / "a" / "b.tif.jpg").size) == 320


def test_every_page_has_its_overlay_and_the_first_the_thumbnail(tmp_path: Path) -> None:
    write_pictures(picture(3000, 1000, pages=3), "b.tif", result(pages=3), tmp_path / "o", tmp_path / "t")
    assert sorted(file.name for file in (tmp_path / "o").iterdir()) == ["b.tif-2.jpg", "b.tif-3.jpg", "b.tif.jpg"]
    assert [file.name for file in (tmp_path / "t").iterdir()] == ["b.tif.jpg"]


def test_what_cannot_be_decoded_is_an_error_of_reading(tmp_path: Path) -> None:
    with pytest.raises(ImageError):
        write_pictures(b"hello", "x.png", result(), tmp_path / "o", tmp_path / "t")


def test_names_and_reasons_are_text_never_markup(tmp_path: Path) -> None:
    name = '<b>"x" & #1?.png'
    write_gallery(tmp_path, "<i>all</i>", [Card(name, 2, 0.5), Card("blank.png", 0, None)], [("<u>", "<script>")])
    page = (tmp_path / "index.html").read_text()
    assert not any(tag in page for tag in ("<b>", "<i>", "<u>", "<script>"))
    assert 'href="answers/%3Cb%3E%22x%22%20%26%20%231%3F.png.json"' in page
    assert "2 texts, the most doubtful 50%" in page
    assert "no text" in page
