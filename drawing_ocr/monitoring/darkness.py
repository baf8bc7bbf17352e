"""How dark a page is: a thin fax is lighter than the original, a bad copy darker."""

from __future__ import annotations

import cv2

from drawing_ocr.reading.image import Page

_WHITE = 255.0


def darkness(page: Page) -> float:
    """Mean darkness of a page.

    Args:
        page: uint8 [height, width, 3], BGR.

    Returns:
        0 (white) to 1 (black).
    """
    return 1.0 - float(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY).mean()) / _WHITE
