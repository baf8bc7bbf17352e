"""The small picture by which people recognise a drawing."""

import io

from PIL import Image

from drawing_ocr.reading.image import ImageError, Limits, load_bytes
from shared.drawings import THUMBNAILS, Drawings

SIDE = 512  # pixels at most
QUALITY = 80
# Decoding wants four bytes a pixel; an A0 sheet at 300 dpi has 139 megapixels.
LIMITS = Limits(pixels=160_000_000)


def thumbnail(picture: bytes) -> bytes | None:
    """JPEG of the upright first page; None where there is nothing to be seen."""
    try:
        page = next(load_bytes(picture, limits=LIMITS), None)
    except ImageError:
        return None
    if page is None:
        return None
    image = Image.fromarray(page[:, :, ::-1])
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()


def put_thumbnail(drawings: Drawings, drawing_id: str, picture: bytes) -> None:
    """Puts the small picture of a drawing into the bucket."""
    small = thumbnail(picture)
    if small:
        drawings.s3.put_object(
            Bucket=drawings.bucket, Key=f"{THUMBNAILS}{drawing_id}.jpg", Body=small, ContentType="image/jpeg"
        )
