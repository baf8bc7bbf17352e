"""Ruled lines of a sheet: long straight strokes along its edges, found in the ink, whatever way the scan is skewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page

Points = npt.NDArray[np.float64]
_Ink = npt.NDArray[np.uint8]

# Lengths are in heights of the sheet's lettering.
_WORKING_HEIGHT: Final = 12.0  # pixels; pages with larger lettering are looked at smaller
_DARKER: Final = 12  # grey levels below its surroundings from which a pixel is ink
_SURROUNDINGS: Final = 4.0  # side of the square that ink is darker than
_RUN: Final = 1.7  # shortest straight run of ink: more than a letter's stroke
_LINE: Final = 2.4  # shortest line; two rows of a small table are 3.5 high
_THICKEST: Final = 1.0  # of a line; what is thicker is a filled area
_STEEPEST: Final = 0.06  # slope of a line against the page's edge: 3.4 degrees
_ALIGNED: Final = 0.012  # slope of a line against the sheet's ruling: 0.7 degrees
_DRIFT: Final = 1.0  # between the ends of a line: other lines may begin where it ends, a little beside it
_APART: Final = 0.3  # pieces of one line are out of step by less
_GAP: Final = 1.5  # widest break in a line


@dataclass(frozen=True, slots=True)
class Ruling:
    """Lines in the coordinates of the straightened sheet, pixels.

    Attributes:
        horizontal: Rows of y, first x, last x.
        vertical: Rows of x, first y, last y.
        falls: How far its horizontals fall, pixels a pixel; positive where the right end is lower.
        leans: How far its verticals lean, pixels a pixel; positive where the lower end is further right. Not quite the
            opposite of `falls` in a photograph, or where a scanner pulled the paper unevenly.
        lettering: Height of the sheet's lettering, pixels.
    """

    horizontal: Points
    vertical: Points
    falls: float
    leans: float
    lettering: float

    @classmethod
    def of_page(cls, page: Page, lettering: float) -> Self:
        """The ruled lines of a page.

        Args:
            page: uint8 [height, width, 3]; dark on light.
            lettering: Usual height of its letters, pixels.
        """
        shrink = max(1.0, lettering / _WORKING_HEIGHT)
        ink = _ink(page, shrink, lettering / shrink)
        unit = lettering / shrink
        lying, standing = _strokes(ink, unit), _strokes(np.ascontiguousarray(ink.T), unit)
        for strokes in (lying, standing):
            strokes[:, :4] *= shrink
        falls, leans = _common_slope(lying), _common_slope(standing)
        return cls(
            _straightened(lying, falls, leans, lettering),
            _straightened(standing, leans, falls, lettering),
            falls,
            leans,
            lettering,
        )

    def straighten(self, points: Points) -> Points:
        """Points [n, 2] of the page in the coordinates of the straightened sheet."""
        x, y = points.T
        return np.stack([x - self.leans * y, y - self.falls * x], axis=1)

    def as_on_page(self, points: Points) -> Points:
        """Points [n, 2] of the straightened sheet in the coordinates of the page: the way back of `straighten`."""
        x, y = points.T
        scale = 1 - self.leans * self.falls
        return np.stack([(x + self.leans * y) / scale, (y + self.falls * x) / scale], axis=1)


def _ink(page: Page, shrink: float, unit: float) -> _Ink:
    """255 where the page is darker than around: shadows and yellowed paper are not ink."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    if shrink > 1:
        size = (max(1, round(grey.shape[1] / shrink)), max(1, round(grey.shape[0] / shrink)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    block = 2 * round(_SURROUNDINGS * unit / 2) + 1
    method, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    return np.asarray(cv2.adaptiveThreshold(grey, 255, method, kind, max(3, block), _DARKER), np.uint8)


def _strokes(ink: _Ink, unit: float) -> Points:
    """Lying strokes of an ink picture: rows of first x, last x, centre x, centre y, slope."""
    # Thickened by a pixel, hair lines stay in one piece where skew makes them step.
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    run = max(3, round(_RUN * unit))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    _, labels, statistics, centres = cv2.connectedComponentsWithStats(runs, connectivity=8)
    left, top, width, height, area = statistics.T
    thickness = area / np.maximum(width, 1)
    good = (width >= _LINE * unit) & (thickness <= _THICKEST * unit + 2) & (height <= thickness + _STEEPEST * width)
    good[0] = False
    strokes = []
    for index in np.flatnonzero(good):
        rows = labels[top[index] : top[index] + height[index]]
        # The ends of a slanted stroke lack a corner: its slope is taken a run before them.
        first, last = int(left[index]), int(left[index] + width[index] - 1)
        inset = run if last - first > 4 * run else 0
        y0, y1 = (float(np.flatnonzero(rows[:, x] == index).mean()) for x in (first + inset, last - inset))
        strokes.append((first, last, *centres[index], (y1 - y0) / (last - first - 2 * inset)))
    return np.array(strokes, np.float64).reshape(-1, 5)


def _common_slope(strokes: Points) -> float:
    """The median slope, long lines counting more than short ones."""
    if not len(strokes):
        return 0.0
    by_slope = strokes[np.argsort(strokes[:, 4])]
    passed = np.cumsum((by_slope[:, 1] - by_slope[:, 0]) ** 2)
    return float(by_slope[np.searchsorted(passed, passed[-1] / 2), 4])


def _straightened(strokes: Points, slope: float, across: float, lettering: float) -> Points:
    """Strokes along the ruling, those of one line joined: rows of position, start, end."""
    allowed = np.maximum(_ALIGNED, _DRIFT * lettering / (strokes[:, 1] - strokes[:, 0]))
    first, last, x, y, own = strokes[np.abs(strokes[:, 4] - slope) <= allowed].T
    start, end = (side - across * (y + own * (side - x)) for side in (first, last))
    return _joined(np.stack([y - slope * x, start, end], axis=1), lettering)


def _joined(lines: Points, lettering: float) -> Points:
    """Lines with what continues them on the same level joined to them."""
    by_position = lines[np.argsort(lines[:, 0])]
    level = np.cumsum(np.diff(by_position[:, 0], prepend=-np.inf) > _APART * lettering)
    joined: list[tuple[int, npt.NDArray[np.float64]]] = []
    order = np.lexsort((by_position[:, 1], level))
    for at, line in zip(level[order], by_position[order], strict=True):
        last = joined[-1][1] if joined and joined[-1][0] == at else None
        if last is None or line[1] - last[2] > _GAP * lettering:
            joined.append((int(at), line.copy()))
            continue
        length, more = last[2] - last[1], line[2] - line[1]
        last[0] = (last[0] * length + line[0] * more) / (length + more)
        last[2] = max(last[2], line[2])
    return np.array([line for _, line in joined], np.float64).reshape(-1, 3)
