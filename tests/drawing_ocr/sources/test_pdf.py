from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from drawing_ocr.reading.image import Limits, Page
from drawing_ocr.sources.page import Quad, ReadLines, SourcePage
from drawing_ocr.sources.pdf import pdf_pages
from tests.drawing_ocr.sources.world import pdf, show, stream, to_unicode

SLANT = (math.cos(math.radians(30)), math.sin(math.radians(30)))
BAR = b"0 g 20 150 200 4 re f "


def only_page(data: bytes, read_lines: ReadLines | None = None) -> SourcePage:
    (page,) = pdf_pages(data, name="plan.pdf", limits=Limits(), read_lines=read_lines)
    return page


def ink(page: Page) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is dark."""
    rows, columns = np.nonzero(page.min(axis=2) < 200)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def around(quad: Quad) -> np.ndarray:
    return np.array([*quad.min(axis=0), *quad.max(axis=0)])


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", [(1, 0), (0, 1), (0, -1), (-1, 0)])
def test_a_text_is_found_where_its_ink_is_however_page_and_text_are_turned(
    rotate: int, turn: tuple[float, float]
) -> None:
    placed = show("25 H7", 150, 90, turn=turn)
    alone = only_page(pdf(placed, rotate=rotate))
    page = only_page(pdf(placed + BAR + show("far away", 20, 20), rotate=rotate))
    found = next(item for item in page.known if item.text == "25 H7")
    assert np.abs(around(found.quad) - ink(alone.pixels)).max() <= 1


def test_the_box_of_a_slanted_text_is_slanted_and_tight() -> None:
    page = only_page(pdf(show("50.5", 100, 60, size=20, turn=SLANT)))
    (found,) = page.known
    along = found.quad[1] - found.quad[0]
    assert math.degrees(math.atan2(along[1], along[0])) == pytest.approx(-30, abs=0.1)
    # Digits of Helvetica are .72 of the size high: 40 pixels at 200 dpi.
    assert np.hypot(*(found.quad[3] - found.quad[0])) == pytest.approx(0.72 * 20 / 72 * 200, abs=2)
    assert np.abs(around(found.quad) - ink(page.pixels)).max() < 12


def test_words_of_one_line_are_one_text_and_columns_are_two() -> None:
    page = only_page(pdf(show("M8", 20, 20) + show("x1", 42, 20) + show("REV B", 150, 20)))
    assert sorted(item.text for item in page.known) == ["M8 x1", "REV B"]


def test_what_has_to_be_read_is_the_page_without_its_texts() -> None:
    page = only_page(pdf(show("25 H7", 20, 20) + BAR))
    assert page.unread is not None
    assert ink(page.unread) == ink(only_page(pdf(BAR)).pixels)
    assert only_page(pdf(show("25 H7", 20, 20))).unread is None


def test_text_that_nobody_sees_is_no_text() -> None:
    white = b"1 g " + show("white", 20, 20) + b"0 g "
    page = only_page(pdf(white + show("beyond", 400, 20) + show("seen", 20, 90)))
    assert [item.text for item in page.known] == ["seen"]


def test_the_hidden_layer_of_an_earlier_reading_is_not_believed() -> None:
    page = only_page(pdf(BAR + show("0CR TEXT", 20, 150, mode=3)))
    assert page.known == ()
    assert page.unread is not None
    assert page.warnings == (
        "8 hidden characters of an earlier reading were not used: the page was read from the picture",
    )


def subset(shift: int) -> tuple[bytes, tuple[bytes, ...]]:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Helvetica /ToUnicode 6 0 R >>"
    return font, (to_unicode(shift),)


def reading(*texts: str) -> ReadLines:
    """A reader that sees what is drawn."""

    def read(_: Page, quads: Sequence[Quad]) -> list[str]:
        assert len(quads) == len(texts)
        return list(texts)

    return read


def test_a_subset_whose_table_tells_other_characters_is_read_from_the_picture() -> None:
    font, extra = subset(5)
    page = only_page(pdf(show("FLANGE PLATE", 20, 20), font=font, extra=extra), reading("FLANGE PLATE"))
    assert page.known == ()
    assert page.unread is not None
    assert ink(page.unread) == ink(page.pixels)
    assert page.warnings == (
        "the font ABCDEF+Helvetica does not tell its characters: its texts were read from the picture",
    )


def test_a_subset_with_a_right_table_is_believed_although_the_reader_errs_a_little() -> None:
    font, extra = subset(0)
    page = only_page(pdf(show("FLANGE PLATE", 20, 20), font=font, extra=extra), reading("FLAN6E PLATF"))
    assert [item.text for item in page.known] == ["FLANGE PLATE"]
    assert page.warnings == ()


def test_characters_without_a_meaning_are_not_believed_and_need_no_reader() -> None:
    font, extra = subset(0xE000 - 0x20)  # private use
    page = only_page(pdf(show("FLANGE", 20, 20), font=font, extra=extra))
    assert page.known == ()
    assert page.unread is not None


def test_a_scan_sharper_than_it_is_read_is_said() -> None:
    pixels = bytes(300 * 2 * 200 * 2 * 4)
    scan = stream(
        pixels, b"/Type /XObject /Subtype /Image /Width 1200 /Height 800 /BitsPerComponent 2 /ColorSpace /DeviceGray"
    )
    page = only_page(pdf(b"q 300 0 0 200 0 0 cm /X1 Do Q", extra=(scan,)))
    (warning,) = page.warnings
    assert warning.startswith("a scan of 288 dpi was read at 200")


def test_pages_know_their_resolution() -> None:
    assert only_page(pdf(BAR)).dpi == 200
