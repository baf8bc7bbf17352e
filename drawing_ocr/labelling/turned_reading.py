"""The same sheet read again, turned by a quarter: what lies stands, and is found, cut and read in another way."""

from __future__ import annotations

import numpy as np

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.rectify import sheet_to_upright, turn
from drawing_ocr.reading.result import Box, Prediction


def read_turned(reader: Reader, page: Page) -> list[Prediction]:
    """What a reader finds on a page that is turned clockwise by a quarter; boxes as they lie on the upright page.

    Args:
        reader: With `vertical="both"`, or lines that stand are read in one direction only.
        page: Upright, uint8 [height, width, 3].
    """
    turned = turn(page, 1)
    found = reader.read(turned).predictions
    if not found:
        return []
    quads = sheet_to_upright(np.array([each.box for each in found], np.float32), turned.shape[1])
    return [each.model_copy(update={"box": _box(quad)}) for each, quad in zip(found, quads.tolist(), strict=True)]


def _box(quad: list[list[float]]) -> Box:
    first, second, third, fourth = ((x, y) for x, y in quad)
    return first, second, third, fourth
