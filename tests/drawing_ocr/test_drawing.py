from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

import drawing_ocr
from drawing_ocr.annotation import Category
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from drawing_ocr.sources.page import Quad, SourcePage
from tests.drawing_ocr.output.world import SIZE, box, drawing, text
from tests.drawing_ocr.sources.world import pdf, show


class KnownTexts(Reader):
    """Answers what the pages carry as text; reads nothing."""

    def __init__(self) -> None:
        self.pages = 0

    def read_lines(self, page: Page, quads: Sequence[Quad]) -> list[str]:  # noqa: ARG002
        return [""] * len(quads)

    def read_pages(self, pages: Iterable[SourcePage]) -> ReadingResult:
        found = []
        for number, page in enumerate(pages, 1):
            self.pages = number
            for known in page.known:
                (a, b, c, d) = ((float(x), float(y)) for x, y in known.quad)
                found.append(Prediction(box=(a, b, c, d), text=known.text, confidence=1, page=number))
        return ReadingResult(predictions=tuple(found), width=1, height=1, pages=number, model=ModelName(name="none"))


def test_a_file_is_read_page_by_page_and_knows_its_sheets(tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(pdf(show("FIRST", 20, 20), show("SECOND", 20, 20)))
    read = drawing_ocr.read(tmp_path / "plan.pdf", model=KnownTexts())
    assert [(item.page, item.text) for item in read.texts] == [(1, "FIRST"), (2, "SECOND")]
    assert [sheet.dpi for sheet in read.sheets] == [200, 200]
    place = read.millimetres(read.texts[0])
    assert place is not None
    # Helvetica's F begins .08 of its size behind its origin, 20 points from the left: 7.4 mm.
    assert place[3][0] == pytest.approx((20 + 0.08 * 12) / 72 * 25.4, abs=0.15)
    assert place[3][1] == pytest.approx((200 - 20) / 72 * 25.4, abs=0.15)


def test_a_drawing_prints_itself(tmp_path: Path) -> None:
    read = drawing(tmp_path, [text("⌀50 H7", box(50, 50, 90, 20)), text("<b>", box(9, 300, 90, 20), Category.TEXT)])
    assert str(read) == "plate.tif: 2 texts, 1 dimensions"
    assert [item.text for item in read.dimensions] == ["⌀50 H7"]
    console = Console(width=80, file=io.StringIO())
    console.print(read)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "⌀50 H7" in shown
    assert "warning: page 1: a note" in shown
    page = read._repr_html_()
    assert "<td>⌀50 H7<td>0.95" in page
    assert "&lt;b&gt;" in page


def test_a_drawing_plots_its_pages(tmp_path: Path) -> None:
    read = drawing(tmp_path, [text("R5", box(50, 50, 90, 20))], [])
    assert read.plot().size == SIZE
    assert read.plot(2).size == SIZE
    with pytest.raises(IndexError, match=r"plate\.tif: no page 3, it has 2"):
        read.plot(3)
