"""Pages of PDF files: vector text is taken as it stands, the rest is left to be read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from drawing_ocr.reading.image import (
    PDF_DPI,
    PDFIUM,
    POINTS_PER_INCH,
    Limits,
    Page,
    open_pdf,
    open_pdf_page,
    render_pdf_page,
)
from drawing_ocr.sources.ink import Mask, difference, is_blank, tight
from drawing_ocr.sources.page import KnownText, Quad, ReadLines, SourcePage
from drawing_ocr.sources.pdf_text import PageText, Place, hide, page_text
from drawing_ocr.sources.text_lines import Line, lines_of
from drawing_ocr.sources.trust import suspects

_COVERS: Final = 0.25  # of a page, from which a picture on it is taken to be a scan of it
_LOOKED_AT: Final = 20.0  # times the area of a page that its texts may have together
_SHARPER: Final = 1.1  # times our own resolution, from which a scan loses by being rendered


def pdf_pages(data: bytes, *, name: str, limits: Limits, read_lines: ReadLines | None) -> Iterator[SourcePage]:
    """The pages of a PDF file at `PDF_DPI`, one after the other.

    Args:
        data: The file's bytes.
        name: What errors call it.
        limits: What is refused.
        read_lines: Reads a few lines of each embedded font, to see whether it tells what one sees; without it only
            fonts that say themselves that they tell nothing are distrusted.

    Raises:
        drawing_ocr.reading.image.ImageError: when called, or for a later page when it is asked for.
    """
    document, pages = open_pdf(data, name, limits)
    return _pages(document, pages, name, read_lines)


def _pages(
    document: pypdfium2.PdfDocument, pages: int, name: str, read_lines: ReadLines | None
) -> Iterator[SourcePage]:
    distrusted: set[str] = set()
    try:
        for number in range(pages):
            yield _page(document, number, name, read_lines, distrusted)
    finally:
        with PDFIUM:
            document.close()


def _page(
    document: pypdfium2.PdfDocument, number: int, name: str, read_lines: ReadLines | None, distrusted: set[str]
) -> SourcePage:
    with PDFIUM:
        page = open_pdf_page(document, number, name)
    try:
        with PDFIUM:
            pixels = render_pdf_page(page, name)
            text, sharper = _content(page, pixels)
        trusted = {key for key, font in text.fonts.items() if font.told and font.name not in distrusted}
        unread, lines = _apart(page, pixels, text, trusted, name)
        if read_lines is not None:
            embedded = [key for key in sorted(trusted) if text.fonts[key].embedded]
            found = suspects(lines, embedded, pixels, read_lines)
            if found:
                distrusted |= {text.fonts[key].name for key in found if text.fonts[key].is_subset}
                trusted -= found
                unread, lines = _apart(page, pixels, text, trusted, name)
    finally:
        with PDFIUM:
            page.close()
    return SourcePage(
        pixels=pixels,
        unread=None if is_blank(unread) else unread,
        known=tuple(KnownText(line.text, quad) for line, quad in lines),
        dpi=float(PDF_DPI),
        warnings=tuple(_warnings(text, trusted, sharper)),
    )


def _content(page: pypdfium2.PdfPage, pixels: Page) -> tuple[PageText, float | None]:
    """The text of a page and the resolution of its scan; of a page that can be drawn, but is damaged, none."""
    try:
        return page_text(page, user_space_to_pixels(page, pixels)), _scan_dpi(page)
    except (pypdfium2.PdfiumError, ValueError, ArithmeticError):
        return PageText(), None


def _apart(
    page: pypdfium2.PdfPage, pixels: Page, text: PageText, trusted: set[int], name: str
) -> tuple[Page, list[tuple[Line, Quad]]]:
    """The page without the texts of trusted fonts, and these texts as lines with the outlines of their ink.

    A text without ink is not seen: white on white, beyond the paper, under a picture. It is left out.
    """
    if not text.characters:
        return pixels, []
    with PDFIUM:
        hide(text, trusted)
        without = render_pdf_page(page, name)
    ink: Mask = difference(pixels, without)
    lines = lines_of(item for item in text.characters if item.font in trusted)
    outlined = []
    left = _LOOKED_AT * ink.size
    for line in lines:
        loose = line.quad
        left -= math.prod(np.ptp(loose, axis=0).tolist())
        # A page of giant texts over each other would be looked at for minutes: the rest of it keeps its loose boxes.
        quad = tight(ink, loose) if left > 0 else loose
        if quad is not None:
            outlined.append((line, quad))
    return without, outlined


def user_space_to_pixels(page: pypdfium2.PdfPage, pixels: Page) -> Place:
    """From PDF user space (points, y upwards, not turned) to the page as it is rendered (ISO 32000, 8.3.2)."""
    left, bottom, right, top = page.get_bbox()
    height, width = pixels.shape[:2]
    page_width, page_height = page.get_size()
    across, down = width / page_width, height / page_height
    quarters = page.get_rotation() // 90

    def place(x: float, y: float) -> tuple[float, float]:
        turned = ((x - left, top - y), (y - bottom, x - left), (right - x, y - bottom), (top - y, right - x))
        return turned[quarters][0] * across, turned[quarters][1] * down

    return place


def _scan_dpi(page: pypdfium2.PdfPage) -> float | None:
    """The resolution of the sharpest picture that covers much of a page."""
    width, height = page.get_size()
    found = []
    for picture in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = picture.get_bounds()
        # A page turned on its side has its pictures' bounds unturned: areas say the same in both.
        area = abs(right - left) * abs(top - bottom)
        if area >= _COVERS * width * height and area > 0:
            found.append(math.sqrt(math.prod(picture.get_px_size()) / area) * POINTS_PER_INCH)
    return max(found, default=None)


def _warnings(text: PageText, trusted: set[int], scan_dpi: float | None) -> Iterator[str]:
    drawn = {item.font for item in text.characters} | {key for key, objects in text.objects.items() if objects}
    broken = sorted(text.fonts[key].name or "without a name" for key in drawn - trusted)
    if broken:
        yield f"the font {broken[0]}{f' and {len(broken) - 1} more' if len(broken) > 1 else ''} does not tell its " + (
            "characters: its texts were read from the picture"
        )
    if text.hidden:
        yield f"{text.hidden} hidden characters of an earlier reading were not used: the page was read from the picture"
    if scan_dpi is not None and scan_dpi > _SHARPER * PDF_DPI:
        yield (
            f"a scan of {scan_dpi:.0f} dpi was read at {PDF_DPI}: give the scan itself (TIFF, PNG, JPEG) if small "
            "letters are missed"
        )
