"""One way in: a file or its bytes to pages, whatever kind it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drawing_ocr.reading.image import Limits, UnreadableImage, UnsupportedImage, check_bytes, is_pdf
from drawing_ocr.sources.page import ReadLines, SourcePage
from drawing_ocr.sources.pdf import pdf_pages
from drawing_ocr.sources.raster import raster_pages

SUFFIXES: Final = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pdf", ".dxf"))
"""Of files that are looked for in folders."""

DEFAULT: Final = Limits()

_DXF: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:0[ \t]*\r?\n[ \t]*SECTION|999[ \t]*\r?\n)|AutoCAD Binary DXF")
_DWG: Final = re.compile(rb"AC(?:10\d\d|1\.\d|2\.\d\d)")


def open_file(path: Path, limits: Limits = DEFAULT, *, read_lines: ReadLines | None = None) -> Iterator[SourcePage]:
    """The pages of a picture, PDF or DXF file, one after the other.

    Args:
        path: The file; its kind is told by its content.
        limits: What is refused.
        read_lines: See `drawing_ocr.sources.pdf.pdf_pages`.

    Raises:
        drawing_ocr.reading.image.ImageError: it cannot be read; one line with the reason. When called, or for a later
            page when it is asked for.
    """
    try:
        check_bytes(path.stat().st_size, str(path), limits)
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"{path}: {error.strerror or error}: name an image file that can be read") from error
    if _DXF.match(data):
        # ezdxf takes half a second to load: only for those who need it.
        from drawing_ocr.sources.dxf import dxf_pages

        return dxf_pages(data, name=str(path), limits=limits)
    return open_bytes(data, name=str(path), limits=limits, read_lines=read_lines)


def open_bytes(
    data: bytes, *, name: str = "image", limits: Limits = DEFAULT, read_lines: ReadLines | None = None
) -> Iterator[SourcePage]:
    """The pages of an encoded picture or PDF; arguments and errors as `open_file`.

    DXF is read from files only: it may ask for any amount of work, which is no way to treat a server.
    """
    if is_pdf(data):
        check_bytes(len(data), name, limits)
        return pdf_pages(data, name=name, limits=limits, read_lines=read_lines)
    if _DWG.match(data):
        raise UnsupportedImage(
            f"{name}: DWG is a closed format: save it as DXF (SAVEAS, or ODA File Converter), or plot it to PDF"
        )
    if _DXF.match(data):
        raise UnsupportedImage(
            f"{name}: DXF is not read by an endpoint: `drawingops read` without --endpoint, or plot it to PDF"
        )
    return raster_pages(data, name=name, limits=limits)
