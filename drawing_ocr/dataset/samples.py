"""Sample pictures of a dataset: drawings with their labelled boxes, for a person to see that they fit."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from drawing_ocr.annotation import Category, Region
from drawing_ocr.dataset.picture import Pixels, decode_picture

_LONGEST_SIDE = 1600  # pixels of a sample
_COLOURS = {  # BGR
    Category.TEXT: (160, 96, 0),
    Category.DIMENSION: (0, 0, 208),
    Category.SYMBOL: (0, 136, 255),
    Category.TABLE: (0, 128, 0),
    Category.TITLE_BLOCK: (160, 0, 144),
}
_IGNORED = (128, 128, 128)


def write_sample(picture: Path, regions: Sequence[Region], target: Path) -> None:
    """Write a JPEG of a drawing, made smaller, with each region outlined in its category's colour.

    The first side of a region, along the top of its text, is drawn thicker.
    """
    pixels = decode_picture(picture.read_bytes(), picture.name).pixels
    scale = min(1.0, _LONGEST_SIDE / max(pixels.shape[:2]))
    if scale < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _outline(pixels, regions, scale)
    encoded, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not encoded:
        raise OSError(f"{target}: the sample could not be encoded")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data.tobytes())


def _outline(pixels: Pixels, regions: Sequence[Region], scale: float) -> None:
    for region in regions:
        corners = np.rint(np.asarray(region.points) * scale).astype(np.int32)
        colour = _IGNORED if region.ignore else _COLOURS[region.category]
        cv2.polylines(pixels, [corners], True, colour, 1, cv2.LINE_AA)
        cv2.line(pixels, corners[0].tolist(), corners[1].tolist(), colour, 2, cv2.LINE_AA)
