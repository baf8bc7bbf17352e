from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.drawing import Drawing, measure
from drawing_ocr.output.searchable_pdf import searchable_pdf
from drawing_ocr.reading.image import PDF_DPI, POINTS_PER_INCH
from drawing_ocr.reading.result import Box, ModelName, Prediction, ReadingResult
from drawing_ocr.sources.pdf import user_space_to_pixels
from tests.drawing_ocr.output.world import SIZE, box, drawing, standing, text
from tests.drawing_ocr.sources.world import pdf, show

SLANTED = ((100.0, 500.0), (238.6, 420.0), (258.6, 454.6), (120.0, 534.6))


def found(document: bytes, number: int = 0) -> tuple[str, list[tuple[float, float, float, float]]]:
    """The text of a page, and the boxes of its characters in points from the upper left."""
    page = pypdfium2.PdfDocument(document)[number]
    reading = page.get_textpage()
    height = page.get_height()
    boxes = [reading.get_charbox(index, loose=True) for index in range(reading.count_chars())]
    return reading.get_text_range(), [
        (left, height - top, right, height - bottom) for left, bottom, right, top in boxes
    ]


def page_of_texts() -> tuple[Prediction, ...]:
    return (
        text("4×⌀6.6 H7 图样", box(100, 100, 300, 40)),
        text("⌖ 𠀋", box(100, 200, 80, 40), Category.SYMBOL),
        text("35.36", standing(700, 100, 40, 160)),
        text("SLANTED", SLANTED, Category.TEXT),
    )


def test_every_text_is_found_chinese_and_signs_too(tmp_path: Path) -> None:
    content, _ = found(searchable_pdf(drawing(tmp_path, page_of_texts())))
    assert {line.strip() for line in content.splitlines()} == {"4×⌀6.6 H7 图样", "⌖ 𠀋", "35.36", "SLANTED"}


@pytest.mark.parametrize("place", [box(100, 100, 300, 40), standing(700, 100, 40, 160), SLANTED])
def test_a_text_lies_in_its_place_within_a_pixel(tmp_path: Path, place: Box) -> None:
    _, boxes = found(searchable_pdf(drawing(tmp_path, [text("ABCDEFGH", place)], dpi=200)))
    pixels = np.array(boxes) / POINTS_PER_INCH * 200
    corners = np.array(place)
    assert pixels[:, :2].min(axis=0) == pytest.approx(corners.min(axis=0), abs=1)
    assert pixels[:, 2:].max(axis=0) == pytest.approx(corners.max(axis=0), abs=1)


def test_the_page_has_its_size_on_paper_and_looks_as_before(tmp_path: Path) -> None:
    read = drawing(tmp_path, page_of_texts(), dpi=300)
    page = pypdfium2.PdfDocument(searchable_pdf(read))[0]
    assert page.get_size() == pytest.approx([side / 300 * POINTS_PER_INCH for side in SIZE], abs=0.01)
    (original,) = (source.pixels for source in read.pages())
    rendered = page.render(scale=300 / POINTS_PER_INCH).to_numpy()[: SIZE[1], : SIZE[0], :3]
    # Invisible: what differs is the JPEG of the picture.
    assert np.abs(rendered.astype(int) - original.astype(int)).mean() < 1


def test_every_page_has_its_texts(tmp_path: Path) -> None:
    document = searchable_pdf(
        drawing(tmp_path, [text("FIRST", box(50, 50, 90, 20))], [text("2ND", box(50, 90, 90, 20))])
    )
    assert [found(document, number)[0] for number in range(2)] == ["FIRST", "2ND"]


def read_pdf(folder: Path, data: bytes, *items: Prediction) -> Drawing:
    (folder / "plan.pdf").write_bytes(data)
    result = ReadingResult(predictions=items, width=834, height=556, model=ModelName(name="test"))
    return measure(folder / "plan.pdf", result)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_pdf_keeps_its_pages_and_gets_only_what_it_does_not_say(tmp_path: Path, rotate: int) -> None:
    data = pdf(show("VECTOR", 40, 40), rotate=rotate)
    (tmp_path / "plan.pdf").write_bytes(data)
    (known,) = next(iter(read_pdf(tmp_path, data).pages())).known
    a, b, c, d = ((float(x), float(y)) for x, y in known.quad)
    vector = text("VECTOR", (a, b, c, d), confidence=1.0)
    place = box(300, 100, 160, 40)
    read = read_pdf(tmp_path, data, vector, text("READ IT", place, confidence=0.9))
    document = searchable_pdf(read)
    content, _ = found(document)
    assert sorted(content.split()) == ["IT", "READ", "VECTOR"]
    assert place_in_pixels(document, "READ IT") == pytest.approx(
        [*np.array(place).min(axis=0), *np.array(place).max(axis=0)], abs=1
    )
    before, after = (pypdfium2.PdfDocument(each)[0].render(scale=1).to_numpy() for each in (data, document))
    assert np.array_equal(before, after)


def place_in_pixels(document: bytes, wanted: str) -> np.ndarray:
    """Where a text lies on the page as one sees it at 200 dpi."""
    page = pypdfium2.PdfDocument(document)[0]
    width, height = page.get_size()
    scale = PDF_DPI / POINTS_PER_INCH
    place = user_space_to_pixels(page, np.zeros((math.ceil(height * scale), math.ceil(width * scale), 3), np.uint8))
    reading = page.get_textpage()
    first = reading.get_text_range().index(wanted)
    corners = []
    for index in range(first, first + len(wanted)):
        left, bottom, right, top = reading.get_charbox(index, loose=True)
        corners += [place(left, bottom), place(right, top)]
    points = np.array(corners)
    return np.array([*points.min(axis=0), *points.max(axis=0)])
