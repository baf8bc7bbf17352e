"""What of a view is the part itself: dimensions, leaders and notes beside it are drawn one way today, another tomorrow.

They also decide where the part lies in the picture that the network sees, and how large it is.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from drawing_ocr.embedding.ink import Ink

_LINE: Final = 0.006  # of the page's longer side; what is narrower is a line and no body
_KEPT: Final = 0.5  # of the ink of the body with most; with less it is a cell between two dimension lines


def body_of(view: Ink, page: float) -> Ink:
    """The ink of a view's bodies: what its outlines enclose.

    Args:
        view: uint8 [height, width], 255 where there is ink. What touches the edge is taken for cut off there.
        page: The longer side of the page that it is of, pixels.

    Returns:
        uint8 [height, width]; the view as it is where nothing is enclosed.
    """
    left, top, wide, tall = cv2.boundingRect(view)
    drawn = view[top : top + tall, left : left + wide]
    outlined = view.copy()
    for edge in (outlined[0], outlined[-1], outlined[:, 0], outlined[:, -1]):
        cut = np.flatnonzero(edge)
        if len(cut) > 1:
            edge[cut[0] : cut[-1] + 1] = 255
    outside = np.pad(outlined[top : top + tall, left : left + wide], 1)
    cv2.floodFill(outside, np.zeros((tall + 4, wide + 4), np.uint8), (0, 0), (128,))
    solid = np.where(outside == 128, 0, 255).astype(np.uint8)
    side = round(_LINE * page) | 1
    _, labels, _, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)), connectivity=8
    )
    inks = np.bincount(labels[1:-1, 1:-1][drawn > 0])
    inks[0] = 0
    if not inks.any():
        return view
    bodies = (inks >= _KEPT * inks.max()).astype(np.uint8)
    bodies[0] = 0
    kept = cv2.dilate(bodies[np.minimum(labels, len(inks) - 1)] * (labels < len(inks)), np.ones((side, side), np.uint8))
    result = np.zeros_like(view)
    result[top : top + tall, left : left + wide] = drawn * kept[1:-1, 1:-1]
    return result
