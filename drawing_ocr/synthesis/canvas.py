"""The sheet under the pen: strokes and texts in page pixels, with the polygon of every text and no text over another.

A `Plan` is something drawn as a whole (a dimension with its lines, arrows and texts). The canvas takes it only if every
text of it stands on free paper and none of its lines runs through a text.

Coordinates are continuous page pixels, x to the right, y down; pixel (0, 0) covers the square from 0 to 1.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.lettering import Ink
from drawing_ocr.synthesis.structure import Structure

Mask = npt.NDArray[np.uint8]
Polygon = npt.NDArray[np.float64]

_SHIFT = 4  # OpenCV draws at 1/16 pixel
_INK = (255.0,)


class Point(NamedTuple):
    """A place or a direction on the page."""

    x: float
    y: float

    def plus(self, direction: "Point", length: float = 1.0) -> "Point":
        return Point(self.x + direction.x * length, self.y + direction.y * length)

    def towards(self, other: "Point") -> "Point":
        """The unit direction to another point."""
        length = math.hypot(other.x - self.x, other.y - self.y) or 1.0
        return Point((other.x - self.x) / length, (other.y - self.y) / length)

    def distance(self, other: "Point") -> float:
        return math.hypot(other.x - self.x, other.y - self.y)


def direction(degrees: float) -> Point:
    """The unit direction at an angle counted counter-clockwise as seen on the page; 90 points up."""
    return Point(math.cos(math.radians(degrees)), -math.sin(math.radians(degrees)))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A polyline in page pixels; `width` in pixels.

    filled: it bounds a filled area, as an arrow head is. divides: it stands between the cells of its own plan's text,
    inside that text's box.
    """

    points: tuple[Point, ...]
    width: int = 1
    filled: bool = False
    divides: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PlacedText:
    """One text on the page: its ink, the middle of its ink box, its reading direction in degrees, and its label."""

    ink: Ink
    centre: Point
    degrees: float
    text: str
    category: Category

    def polygon(self) -> Polygon:
        """The ink box on the page, float64 [4, 2], clockwise from the text's own top left."""
        return self._box(0.0)

    def _box(self, clearance: float) -> Polygon:
        along, up = direction(self.degrees), direction(self.degrees + 90)
        half_width, half_height = self.ink.width / 2 + clearance, self.ink.height / 2 + clearance
        return np.array(
            [
                self.centre.plus(along, sx * half_width).plus(up, sy * half_height)
                for sx, sy in ((-1, 1), (1, 1), (1, -1), (-1, -1))
            ]
        )

    def snapped(self) -> "PlacedText":
        """The same text moved by less than a pixel so that upright and turned ink falls on whole pixels."""
        if self.degrees % 90:
            return self
        box = self.polygon()
        left, top = box.min(axis=0)
        centre = Point(self.centre.x + round(left) - left, self.centre.y + round(top) - top)
        return PlacedText(self.ink, centre, self.degrees, self.text, self.category)


@dataclass(slots=True)
class Plan:
    """Strokes and texts that are drawn together or not at all.

    areas: convex outlines around texts, such as frames, that need free paper and through which no later line may run.
    structure: what belongs together, its regions being positions in `texts`.
    """

    strokes: list[Stroke] = field(default_factory=list)
    texts: list[PlacedText] = field(default_factory=list)
    areas: list[tuple[Point, ...]] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)

    def line(self, *points: Point, width: int = 1) -> None:
        self.strokes.append(Stroke(points, width))

    def frame(self, *corners: Point, width: int) -> None:
        """A closed outline around texts of the plan."""
        self.line(*corners, corners[0], width=width)
        self.areas.append(corners)

    def arrow(self, tip: Point, pointing: Point, length: float, *, half: float = 0.17, open_width: int = 0) -> None:
        """An arrow head whose tip lies at `tip`, half as wide as `half` of its length.

        It is filled, or two lines of `open_width` pixels where that is not 0.
        """
        base = tip.plus(pointing, -length)
        across = Point(-pointing.y * half * length, pointing.x * half * length)
        wings = base.plus(across), base.plus(across, -1)
        if open_width:
            self.line(wings[0], tip, wings[1], width=open_width)
        else:
            self.strokes.append(Stroke((tip, *wings), 1, filled=True))

    def dot(self, centre: Point, radius: float) -> None:
        """A filled circle."""
        ring = tuple(centre.plus(direction(degrees), radius) for degrees in range(0, 360, 30))
        self.strokes.append(Stroke(ring, 1, filled=True))


class Canvas:
    """A sheet being drawn.

    ink: uint8 [height, width], 255 = ink. texts: what has been written, in drawing order. structure: what of it belongs
    together, its regions being positions in `texts`.
    """

    def __init__(self, width: int, height: int, clearance: float) -> None:
        """`clearance` is the free paper around every text in pixels."""
        self.ink: Mask = np.zeros((height, width), np.uint8)
        self.texts: list[PlacedText] = []
        self.structure = Structure()
        self._written: Mask = np.zeros((height, width), np.uint8)
        self._planned: Mask = np.zeros((height, width), np.uint8)
        self._clearance = clearance

    @property
    def width(self) -> int:
        return int(self.ink.shape[1])

    @property
    def height(self) -> int:
        return int(self.ink.shape[0])

    def draw(self, strokes: Iterable[Stroke]) -> None:
        """Draw strokes without asking what they cross."""
        for stroke in strokes:
            _draw_stroke(self.ink, stroke, Point(0, 0))

    def write(self, text: PlacedText) -> None:
        """Write one text without asking what it covers."""
        text = text.snapped()
        _stamp(self.ink, text)
        _fill(self._written, text._box(self._clearance))
        self.texts.append(text)

    def add(
        self, plan: Plan, within: tuple[float, float, float, float] | None = None, crossings: float = math.inf
    ) -> bool:
        """Draw the plan if it fits; returns whether it did.

        within: left, top, right, bottom that every text and stroke must keep to (default: the whole page).
        crossings: how many pixels its strokes may share with those of the plans before.
        """
        plan = replace(plan, texts=[text.snapped() for text in plan.texts])
        left, top, right, bottom = within or (0.0, 0.0, float(self.width), float(self.height))
        boxes = [text._box(self._clearance) for text in plan.texts]
        corners = np.concatenate([*boxes, *(np.array(stroke.points) for stroke in plan.strokes)])
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        if x0 < left or y0 < top or x1 > right or y1 > bottom:
            return False
        areas = [np.array(area) for area in plan.areas]
        if not all(self._is_free(box) for box in (*boxes, *areas)) or not _apart(
            [text.polygon() for text in plan.texts]
        ):
            return False
        # Its own lines may come nearer to a text than strangers': that distance is the design of the dimension.
        own = [text._box(0.25 * self._clearance) for text in plan.texts]
        window = _window(np.array([[x0, y0], [x1, y1]]), self.ink.shape)
        if window is None:
            return False
        strokes = np.zeros_like(self.ink[window])
        origin = Point(window[1].start, window[0].start)
        for stroke in plan.strokes:
            if not stroke.divides:
                _draw_stroke(strokes, stroke, origin)
        kept_free = self._written[window].copy()
        for box in own:
            _fill(kept_free, box - origin)
        if (strokes & kept_free).any() or np.count_nonzero(strokes & self._planned[window]) > crossings:
            return False
        for stroke in plan.strokes:
            if stroke.divides:
                _draw_stroke(strokes, stroke, origin)
        np.maximum(self._planned[window], strokes, out=self._planned[window])
        np.maximum(self.ink[window], strokes, out=self.ink[window])
        for area in areas:
            _fill(self._written, area)
        self.structure = self.structure.joined(plan.structure, len(self.texts))
        for text in plan.texts:
            self.write(text)
        return True

    def _is_free(self, box: Polygon) -> bool:
        window = _window(box, self.ink.shape)
        if window is None:
            return False
        rows, columns = window
        area = np.zeros_like(self.ink[window])
        _fill(area, box - (columns.start, rows.start))
        return not (area & (self.ink[window] | self._written[window])).any()


def _apart(boxes: Sequence[Polygon]) -> bool:
    """Whether no two convex boxes overlap."""
    return all(
        cv2.intersectConvexConvex(a.astype(np.float32), b.astype(np.float32))[0] <= 0.5
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def _window(points: Polygon, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    x0, y0 = np.floor(points.min(axis=0)).astype(int) - 2
    x1, y1 = np.ceil(points.max(axis=0)).astype(int) + 3
    rows = slice(max(0, y0), min(shape[0], y1))
    columns = slice(max(0, x0), min(shape[1], x1))
    return (rows, columns) if rows.stop > rows.start and columns.stop > columns.start else None


def _fixed(points: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Continuous page coordinates to OpenCV's: pixel centres at whole numbers, in sixteenths."""
    return ((np.asarray(points, float) - 0.5) * (1 << _SHIFT)).round().astype(np.int32)


def _draw_stroke(area: Mask, stroke: Stroke, origin: Point) -> None:
    points = _fixed(np.array(stroke.points) - np.array(origin))
    if stroke.filled:
        cv2.fillPoly(area, [points], _INK, cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(area, [points], False, _INK, stroke.width, cv2.LINE_AA, _SHIFT)


def _fill(area: Mask, polygon: Polygon) -> None:
    cv2.fillConvexPoly(area, _fixed(polygon), _INK, cv2.LINE_8, _SHIFT)


def _stamp(page: Mask, text: PlacedText) -> None:
    """Lay the text's ink on the page, turned into its reading direction."""
    box = text.polygon()
    left, top = np.floor(box.min(axis=0) + 1e-6).astype(int) - 1
    right, bottom = np.ceil(box.max(axis=0) - 1e-6).astype(int) + 1
    if text.degrees % 90 == 0:
        turned = np.rot90(text.ink.mask, round(text.degrees / 90))
        left, top = left + 1, top + 1
    else:
        origin, along, down = box[0], direction(text.degrees), direction(text.degrees - 90)
        matrix = np.array([[along.x, down.x, origin[0]], [along.y, down.y, origin[1]]])
        window = (right - left, bottom - top)
        turned = cv2.warpAffine(text.ink.mask, centred(matrix, (left, top)), window).astype(np.uint8)
    cut_left, cut_top = max(0, -left), max(0, -top)
    target = page[max(0, top) : top + turned.shape[0], max(0, left) : left + turned.shape[1]]
    np.maximum(target, turned[cut_top:, cut_left:][: target.shape[0], : target.shape[1]], out=target)


def centred(matrix: npt.NDArray[np.float64], origin: tuple[float, float] = (0.0, 0.0)) -> npt.NDArray[np.float64]:
    """A 2×3 map of continuous coordinates as OpenCV wants it: between pixel centres, into a window at `origin`."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5 - np.array(origin)
    return shifted
