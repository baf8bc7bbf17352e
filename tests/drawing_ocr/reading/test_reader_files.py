"""Files that carry texts as text: what stands in the file stays, the rest is read."""

from __future__ import annotations

import numpy as np

from drawing_ocr.reading.reader import Reader
from drawing_ocr.sources.page import KnownText, SourcePage
from tests.drawing_ocr.reading.world import sheet
from tests.drawing_ocr.sources.world import pdf, show, stream, to_unicode


def scan(text: str) -> bytes:
    """A picture of 400 by 80 pixels with a text, as an object of a PDF."""
    page = sheet({text: (20, 15, 0)}, size=(400, 80))
    entries = b"/Type /XObject /Subtype /Image /Width 400 /Height 80 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return stream(np.ascontiguousarray(page[:, :, 0]).tobytes(), entries)


def test_of_a_mixed_page_vector_text_stands_and_the_scan_on_it_is_read(reader: Reader) -> None:
    content = show("25 H7", 20, 20) + b"q 150 0 0 30 100 120 cm /X1 Do Q"
    result = reader.read_bytes(pdf(content, extra=(scan("M12x40"),)))
    assert {(item.text, item.confidence == 1) for item in result.predictions} == {("25 H7", True), ("M12×40", False)}


def test_a_wrong_table_of_a_font_is_seen_by_reading_its_lines(reader: Reader) -> None:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Helvetica /ToUnicode 6 0 R >>"
    result = reader.read_bytes(pdf(show("FLANGE PLATE", 20, 90, size=16), font=font, extra=(to_unicode(7),)))
    assert [item.text for item in result.predictions] == ["FLANGE PLATE"]
    assert result.predictions[0].confidence < 1
    assert result.warnings == (
        "page 1: the font ABCDEF+Helvetica does not tell its characters: its texts were read from the picture",
    )


def test_letters_that_are_too_small_are_warned_of(reader: Reader) -> None:
    page = sheet(
        {"SECTION A-A": (20, 20, 0), "MATERIAL": (20, 60, 0), "NOTE 3": (20, 100, 0)}, size=(400, 200), height=7
    )
    (warning,) = reader.read(page).warnings
    assert warning.startswith("page 1: letters are ")
    assert "pixels high, and below 9 they are misread: scan at" in warning


def test_what_the_file_calls_a_dimension_is_one(reader: Reader) -> None:
    page = sheet({})
    quad = np.array([[10, 10], [60, 10], [60, 30], [10, 30]], np.float32)
    result = reader.read_pages(
        [SourcePage(pixels=page, unread=None, known=(KnownText("TYP", quad, is_dimension=True),))]
    )
    assert [(item.text, item.category.value, item.confidence) for item in result.predictions] == [
        ("TYP", "dimension", 1.0)
    ]
