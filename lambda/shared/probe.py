"""A sheet on which embedders show whose vectors they give."""

import io

from PIL import Image, ImageDraw

_PIXELS = 256


def probe_sheet() -> bytes:
    """PNG of a sheet with a rectangle on it."""
    image = Image.new("L", (_PIXELS, _PIXELS), 255)
    quarter = _PIXELS // 4
    ImageDraw.Draw(image).rectangle((quarter, quarter, 3 * quarter, 3 * quarter), outline=0, width=3)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
