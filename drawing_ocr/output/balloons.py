"""Numbered balloons beside the texts of a page: none hides a text or another balloon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.overlay import font_of_size
from drawing_ocr.reading.result import Prediction
from drawing_ocr.sources.ink import darkest

COLOUR: Final = "#C00000"
_RADIUS: Final = 0.9  # of the height of a page's letters
_LEAST_RADIUS, _GREATEST_RADIUS = 11.0, 60.0  # pixels
_DIRECTIONS: Final = 24
_RINGS: Final = tuple(1.35 + 0.6 * step for step in range(40))  # radii from the text's edge to the balloon's middle
_FREE: Final = 1.15  # radii around a balloon's middle that it wants for itself
_INK: Final = 6.0  # radii of way that a balloon on ink is worth
_OVER_TEXT: Final = 12.0  # radii of way that a pointer over another text is worth
_DARK: Final = 160
_LOOKED_AT: Final = 12_000_000  # pixels of the picture on which places are looked for

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Balloon:
    """A circle with a number and the point of its text that its pointer ends in; pixels."""

    number: int
    middle: Point
    radius: float
    target: Point


def place_balloons(
    page: Page, numbered: Sequence[tuple[int, Prediction]], texts: Sequence[Prediction]
) -> list[Balloon]:
    """A balloon for each numbered text, near it.

    Args:
        page: uint8 [height, width, 3].
        numbered: What gets a balloon.
        texts: All texts of the page, which are not hidden.

    Returns:
        As many; where the page is full they stand to the right of it (`middle` beyond its width).
    """
    height, width = page.shape[:2]
    # Places are looked for on a smaller picture of a large sheet: tables of sums have four bytes a pixel.
    shrink = min(1.0, math.sqrt(_LOOKED_AT / (width * height)))
    radius = _radius(texts) * shrink
    size = (math.ceil(width * shrink), math.ceil(height * shrink))
    taken = np.zeros(size[::-1], np.uint8)
    for item in texts:
        cv2.fillPoly(taken, [np.round(np.array(item.box) * shrink).astype(np.int32)], [1])
    ink = cv2.resize((darkest(page) < _DARK).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    text_sum = np.asarray(cv2.integral(taken), np.int32)
    ink_sum = np.asarray(cv2.integral(ink), np.int32)
    placed: list[Balloon] = []
    beside = 0
    for number, item in numbered:
        box = np.array(item.box) * shrink
        found = _best(box, radius, taken, text_sum, ink_sum, placed)
        if found is None:
            column, row = divmod(beside, max(int(size[1] // (2.5 * radius)), 1))
            found = (size[0] + (2 * column + 2) * 1.25 * radius, (2 * row + 1) * 1.25 * radius)
            beside += 1
        placed.append(Balloon(number, found, radius, _nearest(box, found)))
    return [_grown(each, 1 / shrink) for each in placed]


def _grown(balloon: Balloon, by: float) -> Balloon:
    (x, y), (tx, ty) = balloon.middle, balloon.target
    return Balloon(balloon.number, (x * by, y * by), balloon.radius * by, (tx * by, ty * by))


def draw_balloons(page: Page, balloons: Sequence[Balloon]) -> Image.Image:
    """The page with its balloons, wider where some stand beside it; RGB."""
    height, width = page.shape[:2]
    right = max((math.ceil(each.middle[0] + 1.25 * each.radius) for each in balloons), default=width)
    picture = Image.new("RGB", (max(width, right), height), "white")
    picture.paste(Image.fromarray(np.ascontiguousarray(page[:, :, ::-1])), (0, 0))
    canvas = ImageDraw.Draw(picture)
    for each in balloons:
        line = max(round(each.radius / 9), 1)
        _pointer(canvas, each, line)
        x, y = each.middle
        edges = (x - each.radius, y - each.radius, x + each.radius, y + each.radius)
        canvas.ellipse(edges, fill="white", outline=COLOUR, width=line)
        size = round(each.radius * (1.2, 1.05, 0.85)[min(len(str(each.number)), 3) - 1])
        canvas.text((x, y), str(each.number), fill=COLOUR, font=font_of_size(size), anchor="mm")
    return picture


def _pointer(canvas: ImageDraw.ImageDraw, balloon: Balloon, line: int) -> None:
    (x, y), (tx, ty) = balloon.middle, balloon.target
    distance = math.hypot(tx - x, ty - y)
    if distance > balloon.radius:
        share = balloon.radius / distance
        canvas.line((x + (tx - x) * share, y + (ty - y) * share, tx, ty), fill=COLOUR, width=line)


def _radius(texts: Sequence[Prediction]) -> float:
    heights = [min(math.dist(item.box[0], item.box[1]), math.dist(item.box[1], item.box[2])) for item in texts]
    letters = float(np.median(heights)) if heights else 0.0
    return float(np.clip(_RADIUS * letters, _LEAST_RADIUS, _GREATEST_RADIUS))


def _best(
    box: npt.NDArray[np.float64],
    radius: float,
    taken: npt.NDArray[np.uint8],
    text_sum: npt.NDArray[np.int32],
    ink_sum: npt.NDArray[np.int32],
    placed: Sequence[Balloon],
) -> Point | None:
    height, width = taken.shape
    need = _FREE * radius
    others = np.array([each.middle for each in placed]) if placed else np.empty((0, 2))
    best, least = None, math.inf
    for ring in _RINGS:
        if ring >= least:  # what lies further cannot be better
            break
        for x, y in _around(box, ring * radius):
            if not (need <= x <= width - need and need <= y <= height - need):
                continue
            if len(others) and np.hypot(*(others - (x, y)).T).min() < 2 * need:
                continue
            if _sum(text_sum, x, y, need):
                continue
            cost = ring + _INK * _sum(ink_sum, x, y, need) / (4 * need * need)
            if cost < least:
                cost += _OVER_TEXT * _crosses(taken, (x, y), _nearest(box, (x, y)), radius)
            if cost < least:
                best, least = (x, y), cost
    return best


def _around(box: npt.NDArray[np.float64], distance: float) -> list[Point]:
    """Points at a distance from the outline of a text, in all directions from its middle."""
    middle = box.mean(axis=0)
    along, down = box[1] - box[0], box[3] - box[0]
    length, height = max(float(np.hypot(*along)), 1.0), max(float(np.hypot(*down)), 1.0)
    along, down = along / length, down / height
    points = []
    for step in range(_DIRECTIONS):
        angle = 2 * math.pi * step / _DIRECTIONS
        cosine, sine = math.cos(angle), math.sin(angle)
        x = cosine * distance + math.copysign(length / 2, cosine) * min(abs(cosine) * 1.5, 1)
        y = sine * distance + math.copysign(height / 2, sine) * min(abs(sine) * 1.5, 1)
        point = middle + along * x + down * y
        points.append((float(point[0]), float(point[1])))
    return points


def _sum(integral: npt.NDArray[np.int32], x: float, y: float, half: float) -> float:
    top, bottom, left, right = int(y - half), math.ceil(y + half), int(x - half), math.ceil(x + half)
    return float(integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left])


def _nearest(box: npt.NDArray[np.float64], point: Point) -> Point:
    """The point of a text's outline that is nearest to a point."""
    best, least = (float(box[0][0]), float(box[0][1])), math.inf
    for start, end in zip(box, np.roll(box, -1, axis=0), strict=True):
        side = end - start
        share = float(np.clip(np.dot(np.array(point) - start, side) / max(float(side @ side), 1e-9), 0, 1))
        place = start + side * share
        distance = math.dist(place, point)
        if distance < least:
            best, least = (float(place[0]), float(place[1])), distance
    return best


def _crosses(taken: npt.NDArray[np.uint8], start: Point, end: Point, radius: float) -> bool:
    """Whether the way from a balloon to its text leads over another text."""
    steps = max(int(math.dist(start, end) / (radius / 3)), 2)
    shares = np.linspace(0, 1, steps, endpoint=False)[:-1]
    x = np.clip(start[0] + (end[0] - start[0]) * shares, 0, taken.shape[1] - 1).astype(int)
    y = np.clip(start[1] + (end[1] - start[1]) * shares, 0, taken.shape[0] - 1).astype(int)
    return bool(taken[y, x].any())
