"""A page taken apart: furniture out, views apart, so that drawings are compared by what they show.

Two drawings of unlike parts on one company's sheet share more ink than two of one part on different sheets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.embedding.body import body_of
from drawing_ocr.embedding.furniture import erase_furniture
from drawing_ocr.embedding.ink import Ink, Picture, ink_of

Kind = Literal["sheet", "view"]
Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

# Lengths are shares of the page's longer side.
_GAP: Final = 0.014  # ink that is nearer belongs to one view; dimensions stand by their view, views apart
_OUTLINE: Final = 0.03  # the largest outline of a view that encloses paper; dimensions and notes enclose none
_LEAST_VIEW: Final = 0.06
_CONTAINED: Final = 0.6  # of the smaller box, from which two belong to one view
_MOST_VIEWS: Final = 6
_COARSE: Final = 4  # views are separated at a quarter of the resolution


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """What one vector is of.

    Attributes:
        kind: The whole sheet without its furniture, or one view.
        box: Its corners on the page, pixels, clockwise from the top left.
        picture: Its ink, uint8 [height, width], 255 where there is ink, cut to it.
    """

    kind: Kind
    box: Corners
    picture: Ink


def regions(page: Picture) -> list[Region]:
    """The sheet and its views.

    Args:
        page: uint8 [height, width] or [height, width, 3] (BGR), dark on light, in any of four ways.

    Returns:
        The sheet first, then its views, the largest first, where there are two or more. Nothing for an empty page.
    """
    ink, shrink = ink_of(page)
    drawn = erase_furniture(ink)
    views = [body_of(view, max(ink.shape)) for view in views_of(drawn)]
    if not views:
        # Nothing like a view: letters only, or a drawing that is all table. Then all ink is what there is to compare.
        drawn = drawn if cv2.countNonZero(drawn) else ink
        return [_region("sheet", drawn, shrink)] if cv2.countNonZero(drawn) else []
    sheet = np.zeros_like(ink)
    for view in views:
        np.maximum(sheet, view, out=sheet)
    found = [_region("sheet", sheet, shrink)]
    if len(views) > 1:
        found += [_region("view", view, shrink) for view in views[:_MOST_VIEWS]]
    return found


def _region(kind: Kind, ink: Ink, shrink: float) -> Region:
    left, top, wide, tall = cv2.boundingRect(ink)
    x0, y0, x1, y1 = (shrink * side for side in (left, top, left + wide, top + tall))
    return Region(kind, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), ink[top : top + tall, left : left + wide].copy())


def views_of(ink: Ink) -> list[Ink]:
    """The ink of each view on an empty page, the largest first.

    Args:
        ink: uint8 [height, width], 255 where there is ink.
    """
    long = max(ink.shape)
    reach = round(_GAP * long / _COARSE) | 1  # odd: an even kernel would shift what it closes
    padded = np.pad(ink, [(0, -side % _COARSE) for side in ink.shape])
    # Whole rows first: they lie together in memory.
    tall = np.maximum.reduce([padded[step::_COARSE] for step in range(_COARSE)])
    coarse = np.maximum.reduce([tall[:, step::_COARSE] for step in range(_COARSE)])
    near = cv2.morphologyEx(
        cv2.copyMakeBorder(coarse, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(0,)),
        cv2.MORPH_CLOSE,
        np.ones((reach, reach), np.uint8),
    )[reach:-reach, reach:-reach]
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(near), connectivity=8)
    outlined = np.zeros(len(statistics), np.bool_)
    contours, hierarchy = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for contour, (_, _, _, around) in zip(contours, hierarchy[0] if contours else (), strict=True):
        if around >= 0 and max(cv2.boundingRect(contour)[2:]) >= _OUTLINE * long:
            x, y = contour[0, 0]  # on the ink around the hole
            outlined[labels[y // _COARSE, x // _COARSE]] = True
    extent = np.maximum(statistics[:, cv2.CC_STAT_WIDTH], statistics[:, cv2.CC_STAT_HEIGHT])
    good = outlined & (extent >= _LEAST_VIEW * long / _COARSE)
    good[0] = False
    groups = _merged(np.asarray(statistics[:, :4], np.int32), np.flatnonzero(good))
    of_group = np.zeros(len(statistics), np.uint16)
    for number, group in enumerate(groups, 1):
        of_group[group] = number
    places = cv2.resize(of_group[labels], padded.shape[::-1], interpolation=cv2.INTER_NEAREST)
    places = places[: ink.shape[0], : ink.shape[1]]
    views = [cv2.bitwise_and(ink, ink, mask=(places == number).view(np.uint8)) for number in range(1, len(groups) + 1)]
    return sorted((np.asarray(view, np.uint8) for view in views if cv2.countNonZero(view)), key=_area, reverse=True)


def _area(view: Ink) -> int:
    _, _, wide, tall = cv2.boundingRect(view)
    return int(wide) * int(tall)


def _merged(boxes: npt.NDArray[np.int32], numbers: npt.NDArray[np.intp]) -> list[list[int]]:
    """Numbers of boxes (left, top, width, height), together where one lies mostly within another."""
    groups: list[tuple[list[int], list[int]]] = []
    for number in numbers:
        left, top, wide, tall = (int(value) for value in boxes[number])
        group, around = [int(number)], [left, top, left + wide, top + tall]
        while True:
            met = next((other for other in groups if _within(around, other[1])), None)
            if met is None:
                break
            groups.remove(met)
            group += met[0]
            around = [*np.minimum(around[:2], met[1][:2]), *np.maximum(around[2:], met[1][2:])]
        groups.append((group, around))
    return [group for group, _ in groups]


def _within(a: list[int], b: list[int]) -> bool:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return False
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return wide * tall >= _CONTAINED * smaller
