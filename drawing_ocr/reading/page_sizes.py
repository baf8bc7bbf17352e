"""How many pages a file has and how large they are, told from its headers: nothing is decoded."""

from __future__ import annotations

import io
import math

import pypdfium2
from PIL import Image

from drawing_ocr.reading.image import PDF_DPI, PDFIUM, POINTS_PER_INCH, is_pdf


def megapixels(data: bytes) -> float:
    """Pixels of all pages of an image file or PDF together, in millions, as they are read (PDF at `PDF_DPI`).

    0 for what is no image: whoever reads it says why.
    """
    try:
        return (_pdf(data) if is_pdf(data) else _picture(data)) / 1e6
    except Exception:  # decoders raise whatever the damage leads them to
        return 0.0


def count(data: bytes) -> int:
    """Pages of an image file or PDF. 0 for what is no image: whoever reads it says why."""
    try:
        return _pdf_pages(data) if is_pdf(data) else _picture_pages(data)
    except Exception:  # decoders raise whatever the damage leads them to
        return 0


def _pdf_pages(data: bytes) -> int:
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            return len(document)
        finally:
            document.close()


def _picture_pages(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as picture:
        return _frames(picture)


def _frames(picture: Image.Image) -> int:
    return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1


def _pdf(data: bytes) -> float:
    scale = (PDF_DPI / POINTS_PER_INCH) ** 2
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            sizes = [document.get_page_size(number) for number in range(len(document))]
            return float(sum(scale * math.prod(size) for size in sizes))
        finally:
            document.close()


def _picture(data: bytes) -> float:
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        return float(width * height * _frames(picture))
