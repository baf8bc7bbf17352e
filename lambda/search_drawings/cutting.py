"""A part of a drawing as an image file of its own."""

import io

from PIL import Image

from drawing_ocr.reading.image import ImageError, Limits, load_bytes
from search_drawings.body import Rectangle
from shared.refusal import Refused

LIMITS = Limits(pixels=160_000_000)  # an A0 sheet at 300 dpi has 139 million


def cut(picture: bytes, region: Rectangle) -> bytes:
    """PNG of a region of the upright first page.

    Raises:
        Refused: the picture cannot be read, or the region is not on it.
    """
    try:
        page = next(load_bytes(picture, limits=LIMITS))
    except (ImageError, StopIteration) as error:
        raise Refused(422, "unreadable_image", f"the picture cannot be read: {error}") from None
    height, width = page.shape[:2]
    if region.x + region.width > width or region.y + region.height > height:
        message = f"the region leaves the page, which is {width} x {height} pixels: draw it inside"
        raise Refused(400, "bad_region", message)
    part = page[region.y : region.y + region.height, region.x : region.x + region.width, ::-1]
    written = io.BytesIO()
    Image.fromarray(part).save(written, "PNG", compress_level=1)
    return written.getvalue()
