"""Boxes that several looks at a page found in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from drawing_ocr.reading.rectify import TALL

Quad = npt.NDArray[np.float32]

_SAME_BOX: Final = 0.7  # intersection over union from which two boxes are the same box
_SAME_PLACE: Final = 0.5  # part of a box that others may cover before it counts as said already


def one_of_each(upright: Sequence[Quad], turned: Sequence[Quad]) -> tuple[list[int], list[int]]:
    """Which boxes of two passes need to be read.

    Lying boxes come from the pass over the upright sheet, standing ones from that over the turned sheet, where they
    lay; a box that only the other pass found stays. A lying one of the turned sheet that a clearly lying one of the
    upright sheet covers is a part of it: the second look was at a part of the sheet.

    Returns:
        Indices into `upright` and into `turned`.
    """
    if not len(upright) or not len(turned):
        return list(range(len(upright))), list(range(len(turned)))
    first, second = _shapes(upright), _shapes(turned)
    left, right = shapely.STRtree(second).query(first, predicate="intersects")
    shared = _areas(shapely.intersection(first[left], second[right]))
    same = shared >= _SAME_BOX * (_areas(first[left]) + _areas(second[right]) - shared)
    gone_upright = {int(i) for i, j in zip(left[same], right[same], strict=True) if _stands(turned[int(j)])}
    lies = np.array([_lies(quad) for quad in upright])
    part = same | (lies[left] & (shared >= _SAME_PLACE * _areas(second[right])))
    gone_turned = {int(j) for j in right[part] if not _stands(turned[int(j)])}
    return (
        [index for index in range(len(upright)) if index not in gone_upright],
        [index for index in range(len(turned)) if index not in gone_turned],
    )


def without_doubles(quads: Sequence[Quad], worth: Sequence[float]) -> list[int]:
    """Of boxes in the same place, the one that is worth most.

    A box goes when half of it lies in better ones, or half of a better one lies in it.

    Args:
        quads: [4, 2] each.
        worth: Of each box.

    Returns:
        Indices of the boxes that stay, the best first.
    """
    if not len(quads):
        return []
    shapes = _shapes(quads)
    areas = _areas(shapes)
    tree = shapely.STRtree(shapes)
    stays: set[int] = set()
    order = sorted(range(len(quads)), key=lambda index: worth[index], reverse=True)
    for index in order:
        better = np.array([other for other in tree.query(shapes[index]) if int(other) in stays], dtype=np.intp)
        shared = _areas(shapely.intersection(shapes[index], shapes[better]))
        if shared.sum() < _SAME_PLACE * areas[index] and bool(np.all(shared < _SAME_PLACE * areas[better])):
            stays.add(index)
    return [index for index in order if index in stays]


def _shapes(quads: Sequence[Quad]) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.polygons(np.array(quads)))


def _areas(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    return np.asarray(shapely.area(shapes))


def _lies(quad: Quad) -> bool:
    return bool(np.linalg.norm(quad[0] - quad[1]) >= TALL * np.linalg.norm(quad[1] - quad[2]))


def _stands(quad: Quad) -> bool:
    return bool(np.linalg.norm(quad[0] - quad[1]) < np.linalg.norm(quad[1] - quad[2]))
