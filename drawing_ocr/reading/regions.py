"""Where on a page text may stand, found without a network: most of a drawing is paper and long lines.

Looking for text costs as much as there are pixels to look at, and on a drawing six of seven hold none. Letters are
pieces of ink of a letter's size; what is fused with other ink is left to a coarse look of the detector (`coarse`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page

Mask = npt.NDArray[np.uint8]

# Pixels; below it are specks and dots, which stand near letters.
_LEAST_LETTER: Final = 7
# The longest side of a letter: a share of the page's, and the range that it is held in.
_LETTER_SHARE: Final = 1 / 40
_LARGEST_LETTER: Final = (90, 240)
_LONGEST_STROKE: Final = 12  # times as long as wide: dashes and pieces of centre lines are longer
_DARKER: Final = 20  # than the paper around it, of 255
_PAPER: Final = 51  # side of what counts as around it, pixels
_DARK_PAGE: Final = 110  # a page darker than this is light on dark
_WORD_GAP: Final = 21  # ink this near to other ink stands in one region, pixels
_MARGIN: Final = 44  # of paper around the ink of a region: the network needs to see where text ends
_BAND: Final = 2048  # rows labelled at a time: labels take four bytes a pixel


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the page, pixels; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the page."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Letters:
    """Pieces of ink that have the size of letters.

    Attributes:
        mask: 1 where there is one, uint8 [height, width].
        height: The usual one, pixels; None without any.
    """

    mask: Mask
    height: float | None


def letters(page: Page) -> Letters:
    """What on a page may be letters.

    Args:
        page: uint8 [height, width, 3] BGR.
    """
    largest = int(np.clip(max(page.shape[:2]) * _LETTER_SHARE, *_LARGEST_LETTER))
    mask = np.zeros(page.shape[:2], np.uint8)
    heights = []
    for top in range(0, page.shape[0], _BAND):
        # A letter that a band cuts is two pieces of ink, and both are small.
        mask[top : top + _BAND], longer_sides = _letters_of(page[top : top + _BAND], largest)
        heights.append(longer_sides)
    every = np.concatenate(heights)
    return Letters(mask, float(np.median(every)) if len(every) else None)


def _letters_of(band: Page, largest: int) -> tuple[Mask, npt.NDArray[np.int32]]:
    """The mask of a band, and the longer sides of its pieces, which is the height of most letters."""
    grey = cv2.cvtColor(band, cv2.COLOR_BGR2GRAY)
    if grey.mean() < _DARK_PAGE:
        grey = cv2.bitwise_not(grey)
    ink = (cv2.subtract(cv2.blur(grey, (_PAPER, _PAPER)), grey) > _DARKER).astype(np.uint8)
    _, labels, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    sides = found[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    longer, shorter = sides.max(axis=1), sides.min(axis=1)
    kept = (longer >= _LEAST_LETTER) & (longer <= largest) & (longer <= _LONGEST_STROKE * shorter)
    kept[0] = False  # the paper
    return np.asarray(kept.astype(np.uint8)[labels], np.uint8), longer[kept]


def regions_of(mask: Mask) -> list[Region]:
    """Rectangles that hold all of the mask, with a margin; what stands near to each other is in one."""
    height, width = mask.shape
    joined = cv2.dilate(mask, np.ones((_WORD_GAP, _WORD_GAP), np.uint8))
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        left, top, wide, tall = cv2.boundingRect(contour)
        found.append(
            Region(
                max(0, left - _MARGIN),
                max(0, top - _MARGIN),
                min(width, left + wide + _MARGIN),
                min(height, top + tall + _MARGIN),
            )
        )
    return list(_merged(found))


def _merged(regions: Sequence[Region]) -> Iterator[Region]:
    """Of regions that cover each other, one that holds them where that is no larger than both."""
    waiting = sorted(regions, key=lambda region: region.area)
    while waiting:
        region = waiting.pop(0)
        for index, other in enumerate(waiting):
            both = Region(
                min(region.left, other.left),
                min(region.top, other.top),
                max(region.right, other.right),
                max(region.bottom, other.bottom),
            )
            if both.area <= region.area + other.area:
                waiting[index] = both
                break
        else:
            yield region
