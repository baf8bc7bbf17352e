"""Pieces of a page laid side by side, so that a network looks at them in a few calls and at nothing between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_WIDTH: Final = 1280  # of a mosaic at most, pixels; less where all pieces are narrower
_HEIGHT: Final = 1280
_GAP: Final = 8  # of paper between pieces


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece lies."""

    mosaic: int
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of the mosaics (width, height), and the place of every piece in the order in which they were given."""

    sizes: tuple[tuple[int, int], ...]
    places: tuple[Place, ...]


def lay_out(sizes: Sequence[tuple[int, int]], *, multiple: int) -> Layout:
    """Places pieces in rows, the highest first.

    Args:
        sizes: Width and height of each piece, pixels; one larger than a mosaic has one of its own.
        multiple: Of which the sides of mosaics are.
    """
    order = sorted(range(len(sizes)), key=lambda index: (-sizes[index][1], -sizes[index][0]))
    places: dict[int, Place] = {}
    mosaics: list[tuple[int, int]] = []
    left = top = row = right = 0
    for index in order:
        width, height = sizes[index]
        if left and left + width > _WIDTH:
            left, top, row = 0, top + row + _GAP, 0
        if top and top + height > _HEIGHT:
            mosaics.append((right, top - _GAP))
            left = top = row = right = 0
        places[index] = Place(len(mosaics), left, top)
        left += width + _GAP
        right, row = max(right, left - _GAP), max(row, height)
    if order:
        mosaics.append((right, top + row))
    rounded = tuple((_rounded(width, multiple), _rounded(height, multiple)) for width, height in mosaics)
    return Layout(rounded, tuple(places[index] for index in range(len(sizes))))


def _rounded(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple
