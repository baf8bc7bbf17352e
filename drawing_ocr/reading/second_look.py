"""Where a page is worth a look turned by a quarter: at what the first look saw and no lying line explains.

A detector sees upright that something is there where text stands, only not well how far it reaches; what it takes for
lying lines that are clearly longer than high it takes rightly. So a second look at what is left of the first one's map
finds the standing text that a second look at everything finds, at .39 of the area (nine sheets).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.rectify import TALL

Mask = npt.NDArray[np.uint8]
Quads = npt.NDArray[np.float32]

_FAINT: Final = 0.05  # probability of text from which a pixel is to be explained
_FRINGE: Final = 7  # width of the line around a box that is its own, pixels
_SPECK: Final = 3  # what is narrower is the rim of something, pixels


def unexplained(probability: Mask, boxes: Quads) -> Mask:
    """1 where a look at a page saw something that no clearly lying line explains.

    Args:
        probability: Of text, 0 to 255, uint8 [height, width]; of a look at the upright page.
        boxes: Taken from it, float32 [boxes, 4, 2], pixels, clockwise from the upper left.
    """
    _, left = cv2.threshold(probability, int(_FAINT * 255.0), 1, cv2.THRESH_BINARY)
    for box in boxes:
        if np.linalg.norm(box[1] - box[0]) >= TALL * np.linalg.norm(box[2] - box[1]):
            corners = np.round(box).astype(np.int32)
            cv2.fillPoly(left, [corners], (0,))
            cv2.polylines(left, [corners], True, (0,), _FRINGE)
    return np.asarray(cv2.morphologyEx(left, cv2.MORPH_OPEN, np.ones((_SPECK, _SPECK), np.uint8)), np.uint8)
