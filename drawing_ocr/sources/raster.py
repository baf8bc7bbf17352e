"""Pages of picture files: PNG, JPEG, TIFF, BMP and WebP, and the resolution that they state."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import repeat
from typing import Final

from PIL import Image

from drawing_ocr.reading.image import FORMATS, Limits, Page, load_bytes
from drawing_ocr.sources.page import SourcePage

# Cameras and programs that know nothing of paper write 72 or 96.
_LEAST_DPI: Final = 100.0
_MOST_DPI: Final = 4800.0
_SQUARE: Final = 0.02  # by how much the two resolutions of a square pixel may differ


def raster_pages(data: bytes, *, name: str, limits: Limits) -> Iterator[SourcePage]:
    """The pages of a picture file, one after the other; errors as `drawing_ocr.reading.image.load_bytes`."""
    pages = load_bytes(data, name=name, limits=limits)
    return _pages(pages, _resolutions(data))


def _pages(pages: Iterator[Page], resolutions: Iterator[tuple[float, float] | None]) -> Iterator[SourcePage]:
    for pixels, stated in zip(pages, resolutions, strict=False):
        dpi, warnings = None, tuple[str, ...]()
        if stated is not None and min(stated) >= _LEAST_DPI / 2 and max(stated) <= _MOST_DPI:
            across, down = stated
            if abs(across - down) > _SQUARE * max(stated):
                warnings = (
                    f"pixels are not square ({across:.0f} × {down:.0f} dpi): scan at one resolution, letters look flat",
                )
            elif across >= _LEAST_DPI:
                dpi = (across + down) / 2
        yield SourcePage(pixels=pixels, unread=pixels, dpi=dpi, warnings=warnings)


def _resolutions(data: bytes) -> Iterator[tuple[float, float] | None]:
    """What a file states of each of its pages, pixels an inch across and down; it goes on for ever."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            yield _stated(picture)
            for number in range(1, int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1):
                picture.seek(number)
                yield _stated(picture)
    except Exception:  # decoders raise whatever the damage leads them to; the page itself is decoded elsewhere
        pass
    yield from repeat(None)


def _stated(picture: Image.Image) -> tuple[float, float] | None:
    stated = picture.info.get("dpi")
    return (float(stated[0]), float(stated[1])) if stated else None
