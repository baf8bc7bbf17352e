"""Takes apart, on a detector's map, what it joined: rows along a wall of a table, a size and the deviation below it.

A text makes a piece of the map that fills its rectangle. What joins several is less sure than the texts themselves, so
a ragged piece is looked at again above higher thresholds, until what is left of it is compact.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.uint8]
Contour = npt.NDArray[np.int32]

_COMPACT: Final = 0.72  # share of its smallest rectangle that a piece of one text fills
_LEVELS: Final = (0.5, 0.7, 0.85, 0.93, 0.97)  # probabilities
_LEAST: Final = 3.0  # shorter side of a piece, pixels


def texts_of(contour: Contour, probability: Map) -> list[Contour]:
    """The pieces of one text each that a piece of the map consists of; itself where it is one.

    Args:
        contour: [points, 1, 2], x and y in pixels of the map.
        probability: Of text, 0 to 255, [height, width].
    """
    return _texts_of(contour, probability, 0)


def _texts_of(contour: Contour, probability: Map, level: int) -> list[Contour]:
    if level == len(_LEVELS) or _is_compact(contour):
        return [contour]
    left, top, width, height = cv2.boundingRect(contour)
    own = np.zeros((height, width), np.uint8)
    cv2.drawContours(own, [contour], 0, (1,), cv2.FILLED, offset=(-left, -top))
    sure = probability[top : top + height, left : left + width] > _LEVELS[level] * 255.0
    found, _ = cv2.findContours(
        own & sure.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top)
    )
    parts = [_texts_of(np.asarray(part, np.int32), probability, level + 1) for part in found if _side(part) >= _LEAST]
    if len(parts) == 1 and len(parts[0]) == 1:
        return [contour]  # nothing came apart: as large as it was
    return [text for part in parts for text in part] or [contour]


def _is_compact(contour: Contour) -> bool:
    (_, _), (width, height), _ = cv2.minAreaRect(contour)
    # The outline runs through the middles of the outer pixels.
    filled = cv2.contourArea(contour) + cv2.arcLength(contour, True) / 2 + 1
    return bool(filled >= _COMPACT * (width + 1) * (height + 1))


def _side(contour: npt.NDArray[Any]) -> float:
    return float(min(cv2.minAreaRect(contour)[1])) + 1
