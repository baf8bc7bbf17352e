"""Takes apart, on a detector's map, what it joined: rows along a wall of a table, a size and the deviation below it.

A text makes a piece of the map that fills its rectangle. What joins several is less sure than the texts themselves, so
a ragged piece is looked at again above higher thresholds, until what is left of it is compact. Words of one row stay
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.uint8]
Contour = npt.NDArray[np.int32]

_COMPACT: Final = 0.72  # share of its smallest rectangle that a piece of one text fills
_LEVELS: Final = (0.5, 0.7, 0.85, 0.93, 0.97)  # probabilities
_LEAST: Final = 3.0  # shorter side of a piece, pixels
_SQUARE: Final = 1.5  # times as long as high, a piece tells which way it lies
# In heights of a row on the map, where a text is about half as high as its letters.
_WORD_GAP: Final = 1.2  # paper between words of one row at most
_SAME_ROW: Final = 0.7  # of the heights of two words that they share


def texts_of(contour: Contour, probability: Map) -> list[Contour]:
    """The pieces of one text each that a piece of the map consists of; itself where it is one.

    Args:
        contour: [points, 1, 2], x and y in pixels of the map.
        probability: Of text, 0 to 255, [height, width].
    """
    found = _above(contour, probability, 0)
    rows = _rows(found) if len(found) > 1 else found
    # Where nothing came apart the piece is as large as it was.
    return [_level(row) for row in rows] if len(rows) > 1 else [contour]


def _level(piece: Contour) -> Contour:
    """The piece; its upright rectangle where it is so small or square that its own slope says nothing."""
    _, sides, _ = cv2.minAreaRect(piece)
    if max(sides) > _SQUARE * min(sides) + 1:
        return piece
    left, top, width, height = cv2.boundingRect(piece)
    right, bottom = left + width - 1, top + height - 1
    return np.array([[[left, top]], [[right, top]], [[right, bottom]], [[left, bottom]]], np.int32)


def _above(contour: Contour, probability: Map, level: int) -> list[Contour]:
    """The compact pieces of a piece above rising thresholds."""
    if level == len(_LEVELS) or _is_compact(contour):
        return [contour]
    left, top, width, height = cv2.boundingRect(contour)
    own = np.zeros((height, width), np.uint8)
    cv2.drawContours(own, [contour], 0, (1,), cv2.FILLED, offset=(-left, -top))
    sure = probability[top : top + height, left : left + width] > _LEVELS[level] * 255.0
    parts, _ = cv2.findContours(
        own & sure.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top)
    )
    found: list[Contour] = []
    for part in parts:
        piece = np.asarray(part, np.int32)
        if min(cv2.minAreaRect(piece)[1]) + 1 >= _LEAST:
            found += _above(piece, probability, level + 1)
    return found if len(found) > 1 else [contour]


def _is_compact(contour: Contour) -> bool:
    _, (width, height), _ = cv2.minAreaRect(contour)
    # The outline runs through the middles of the outer pixels.
    filled = cv2.contourArea(contour) + cv2.arcLength(contour, True) / 2 + 1
    return bool(filled >= _COMPACT * (width + 1) * (height + 1))


def _rows(pieces: Sequence[Contour]) -> list[Contour]:
    """The pieces, those that are words of one row put together."""
    waiting, rows = sorted(pieces, key=lambda piece: tuple(piece.min(axis=(0, 1)))), list[Contour]()
    while waiting:
        row = waiting.pop(0)
        beside = next((index for index, other in enumerate(waiting) if _in_one_row(row, other)), None)
        if beside is None:
            rows.append(row)
        else:
            waiting.insert(0, np.asarray(cv2.convexHull(np.concatenate([row, waiting.pop(beside)])), np.int32))
    return rows


def _in_one_row(first: Contour, second: Contour) -> bool:
    """Whether two pieces are words of a row that lies or stands."""
    boxes = [np.array(cv2.boundingRect(piece)) for piece in (first, second)]
    return any(_beside(boxes, along) for along in (0, 1))


def _beside(boxes: Sequence[npt.NDArray[np.int_]], along: int) -> bool:
    """Whether boxes (left, top, width, height) stand beside each other along an axis, 0 for x."""
    across = 1 - along
    starts, sizes = np.array([box[:2] for box in boxes]), np.array([box[2:] for box in boxes])
    ends = starts + sizes
    highest, shared = sizes[:, across].max(), ends[:, across].min() - starts[:, across].max()
    gap = starts[:, along].max() - ends[:, along].min()
    # A row's words are longer than high, or nearly so; the rows of a paragraph are no words of a column.
    long = bool((sizes[:, along] >= 0.6 * sizes[:, across]).all())
    return long and bool(shared >= _SAME_ROW * highest and gap <= _WORD_GAP * highest)
