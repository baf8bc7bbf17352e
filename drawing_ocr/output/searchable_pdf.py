"""A PDF that looks like the drawing and in which its texts are found: the page, and the texts over it, invisible."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from drawing_ocr.drawing import Drawing
from drawing_ocr.output.box_font import DESCENT, codes_of, font_file, glyph_of_code, to_unicode
from drawing_ocr.reading.image import PDF_DPI, PDFIUM, POINTS_PER_INCH, Page, is_pdf
from drawing_ocr.reading.result import Prediction
from drawing_ocr.sources.page import SourcePage
from drawing_ocr.sources.pdf import user_space_to_pixels
from drawing_ocr.text import canonical

_QUALITY: Final = 90  # of the JPEG of a page's picture
_SAME_PLACE: Final = 1.0  # pixels

ToUserSpace = Callable[[float, float], tuple[float, float]]


def searchable_pdf(drawing: Drawing) -> bytes:
    """The drawing as a PDF.

    The pages of a PDF stay as they are and get what was read in their pictures; the pictures of other files become
    pages of the size on paper that their resolution gives (`PDF_DPI` where it is not known).

    Raises:
        drawing_ocr.reading.image.ImageError: the file is not there any more, or cannot be read.
    """
    original = drawing.path.read_bytes()
    keeps_pages = is_pdf(original)
    codes = codes_of(item.text for item in drawing.texts)
    with PDFIUM:
        document = pypdfium2.PdfDocument(original) if keeps_pages else pypdfium2.PdfDocument.new()
    try:
        # `pages` takes the lock of PDFium itself, for PDF files.
        for number, source in enumerate(drawing.pages(), 1):
            texts = [item for item in drawing.on_page(number) if not (keeps_pages and _is_there(item, source))]
            with PDFIUM:
                page = document[number - 1] if keeps_pages else _picture_page(document, source)
                _write(document, page, texts, codes, _to_user_space(page, source.pixels))
                page.close()
        buffer = io.BytesIO()
        with PDFIUM:
            document.save(buffer)
        return buffer.getvalue()
    finally:
        with PDFIUM:
            document.close()


def _is_there(item: Prediction, source: SourcePage) -> bool:
    """Whether the page has a text as text already."""
    return any(
        canonical(known.text) == item.text and math.dist(known.quad[0], item.box[0]) < _SAME_PLACE
        for known in source.known
    )


def _picture_page(document: pypdfium2.PdfDocument, source: SourcePage) -> pypdfium2.PdfPage:
    scale = POINTS_PER_INCH / (source.dpi or PDF_DPI)
    height, width = source.pixels.shape[:2]
    page = document.new_page(width * scale, height * scale)
    picture = pypdfium2.PdfImage.new(document)
    picture.load_jpeg(_jpeg(source.pixels), inline=True)
    picture.set_matrix(pypdfium2.PdfMatrix().scale(width * scale, height * scale))
    page.insert_obj(picture)
    return page


def _jpeg(pixels: Page) -> io.BytesIO:
    picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))
    if (pixels[:, :, 0] == pixels[:, :, 1]).all() and (pixels[:, :, 1] == pixels[:, :, 2]).all():
        picture = picture.convert("L")
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=_QUALITY)
    buffer.seek(0)
    return buffer


def _to_user_space(page: pypdfium2.PdfPage, pixels: Page) -> ToUserSpace:
    place = user_space_to_pixels(page, pixels)
    origin = np.array(place(0.0, 0.0))
    axes = np.array([np.array(place(1.0, 0.0)) - origin, np.array(place(0.0, 1.0)) - origin]).T
    back = np.linalg.inv(axes)

    def to_user_space(x: float, y: float) -> tuple[float, float]:
        across, up = back @ (np.array([x, y]) - origin)
        return float(across), float(up)

    return to_user_space


def _write(
    document: pypdfium2.PdfDocument,
    page: pypdfium2.PdfPage,
    texts: Sequence[Prediction],
    codes: dict[str, int],
    to_user_space: ToUserSpace,
) -> None:
    if texts:
        font = _load_font(document, codes)
        for item in texts:
            _insert(document, page, font, item, codes, to_user_space)
        pdfium.FPDFFont_Close(font)
    page.gen_content()


def _load_font(document: pypdfium2.PdfDocument, codes: dict[str, int]) -> Any:
    file, glyphs = font_file(), glyph_of_code(codes)
    return pdfium.FPDFText_LoadCidType2Font(
        document.raw,
        (ctypes.c_uint8 * len(file)).from_buffer_copy(file),
        len(file),
        to_unicode(codes).encode("ascii") + b"\0",
        (ctypes.c_uint8 * len(glyphs)).from_buffer_copy(glyphs),
        len(glyphs),
    )


def _insert(
    document: pypdfium2.PdfDocument,
    page: pypdfium2.PdfPage,
    font: Any,
    item: Prediction,
    codes: dict[str, int],
    to_user_space: ToUserSpace,
) -> None:
    top_left, _, bottom_right, bottom_left = (np.array(to_user_space(*corner)) for corner in item.box)
    along, up = bottom_right - bottom_left, top_left - bottom_left
    width, height = float(np.hypot(*along)), float(np.hypot(*up))
    if width <= 0 or height <= 0:
        return
    # Every character is as wide as high in this font: together they are stretched over the box.
    stretched = along / (len(item.text) * height)
    upright = up / height
    start = bottom_left + up * DESCENT
    text = pdfium.FPDFPageObj_CreateTextObj(document.raw, font, height)
    values = [codes[character] for character in item.text]
    pdfium.FPDFText_SetCharcodes(text, (ctypes.c_uint32 * len(values))(*values), len(values))
    pdfium.FPDFTextObj_SetTextRenderMode(text, pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)
    matrix = pdfium.FS_MATRIX(*stretched, *upright, *start)
    pdfium.FPDFPageObj_SetMatrix(text, matrix)
    pdfium.FPDFPage_InsertObject(page.raw, text)
