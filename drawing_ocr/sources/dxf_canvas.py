"""What a DXF file draws, kept in drawing units until its extent is known, then painted with OpenCV."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from ezdxf.addons.drawing.backend import Backend, BkPath2d, BkPoints2d, ImageData
from ezdxf.addons.drawing.properties import BackendProperties
from ezdxf.math import Vec2

from drawing_ocr.reading.image import Page

Points = npt.NDArray[np.float64]
"""[count, 2] in drawing units, y upwards."""

_SUBPIXEL: Final = 4  # bits of a coordinate that lie behind the point, for OpenCV
_FINE: Final = 4  # times the size of a page, at which letters are filled
_FINE_AREA: Final = 1_000_000  # pixels of a page, above which something is no letter
_DARK_ENOUGH: Final = 140.0  # of 255: yellow lines of dark screens are drawn this dark on paper
_WHITE: Final = 250.0
_FLATNESS: Final = 1000  # parts of its own extent that a curve may be off
_HAIRLINE: Final = 0.18  # millimetres
_BEYOND: Final = 100_000.0  # pixels; more would not fit into OpenCV's coordinates


@dataclass(frozen=True, slots=True)
class _Stroke:
    points: Points
    colour: tuple[int, int, int]
    millimetres: float


@dataclass(frozen=True, slots=True)
class _Filled:
    loops: list[Points]
    colour: tuple[int, int, int]


class Canvas(Backend):
    """A backend of ezdxf's drawing add-on that records, and paints at any scale."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: list[_Stroke | _Filled] = []

    @property
    def marks(self) -> int:
        """How many things were drawn so far."""
        return len(self._drawn)

    def points_since(self, mark: int) -> Points | None:
        """All points of what was drawn since `marks` was asked, None where nothing was."""
        found = [points for item in self._drawn[mark:] for points in _loops(item)]
        return np.concatenate(found) if found else None

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Left, bottom, right and top of everything, drawing units."""
        ends = [(points.min(axis=0), points.max(axis=0)) for item in self._drawn for points in _loops(item)]
        if not ends:
            return None
        low, high = np.min([end[0] for end in ends], axis=0), np.max([end[1] for end in ends], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def paint(
        self, scale: float, margin: int, inch: float | None
    ) -> tuple[Page, Callable[[Points], npt.NDArray[np.float64]]]:
        """The picture, and the way from drawing units to its pixels.

        Args:
            scale: Pixels of a drawing unit.
            margin: Pixels around.
            inch: Drawing units of an inch, for the width of lines; None draws them all thin.
        """
        bounds = self.bounds()
        assert bounds is not None, "nothing is drawn"
        left, bottom, right, top = bounds
        width, height = (int(np.ceil((right - left) * scale)), int(np.ceil((top - bottom) * scale)))

        def to_pixels(points: Points) -> npt.NDArray[np.float64]:
            placed = np.empty_like(points, dtype=np.float64)
            placed[:, 0] = (points[:, 0] - left) * scale + margin
            placed[:, 1] = (top - points[:, 1]) * scale + margin
            return placed

        page = np.full((height + 2 * margin, width + 2 * margin, 3), 255, np.uint8)
        millimetre = scale * inch / 25.4 if inch is not None else 0.0
        for item in self._drawn:
            loops = [to_pixels(points) for points in _loops(item)]
            if isinstance(item, _Filled):
                _fill(page, loops, item.colour)
            else:
                thickness = int(np.clip(round(item.millimetres * millimetre), 1, 8))
                strokes = [_fixed_point(loop) for loop in loops]
                cv2.polylines(page, strokes, False, item.colour, thickness, cv2.LINE_AA, _SUBPIXEL)
        return page, to_pixels

    def set_background(self, color: str) -> None:
        """Paper is white."""

    def draw_point(self, pos: Vec2, properties: BackendProperties) -> None:
        self._stroke(np.array([pos, pos], np.float64), properties)

    def draw_line(self, start: Vec2, end: Vec2, properties: BackendProperties) -> None:
        self._stroke(np.array([start, end], np.float64), properties)

    def draw_path(self, path: BkPath2d, properties: BackendProperties) -> None:
        for each in path.sub_paths():
            points = _flat(each)
            if len(points) > 1:
                self._stroke(points, properties)

    def draw_filled_paths(self, paths: Iterable[BkPath2d], properties: BackendProperties) -> None:
        loops = [_flat(each) for path in paths for each in path.sub_paths()]
        filled = [loop for loop in loops if len(loop) > 2]
        if filled:
            self._drawn.append(_Filled(filled, _colour(properties)))

    def draw_filled_polygon(self, points: BkPoints2d, properties: BackendProperties) -> None:
        loop = np.array([(point.x, point.y) for point in points.vertices()], np.float64)
        if len(loop) > 2:
            self._drawn.append(_Filled([loop], _colour(properties)))

    def draw_image(self, image_data: ImageData, properties: BackendProperties) -> None:
        """Pictures lie outside the file and are not drawn; `Frontend.warnings` says so."""

    def clear(self) -> None:
        self._drawn.clear()

    def finalize(self) -> None:
        """Painting is asked for."""

    def _stroke(self, points: Points, properties: BackendProperties) -> None:
        self._drawn.append(_Stroke(points, _colour(properties), max(properties.lineweight, _HAIRLINE)))


def _loops(item: _Stroke | _Filled) -> list[Points]:
    return [item.points] if isinstance(item, _Stroke) else item.loops


def _flat(path: BkPath2d) -> Points:
    low, high = path.extents()
    distance = max(high.distance(low) / _FLATNESS, 1e-9)
    return np.array([(point.x, point.y) for point in path.flattening(distance)], np.float64)


def _fill(page: Page, loops: list[npt.NDArray[np.float64]], colour: tuple[int, int, int]) -> None:
    """Fills loops by the even-odd rule, edges smooth.

    OpenCV's own smooth fill draws letters a pixel wider on every side: they are filled at four times the size instead.
    """
    points = np.concatenate(loops)
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, page.shape[1::-1])
    width, height = int(right - left), int(bottom - top)
    if width <= 0 or height <= 0:
        return
    if width * height > _FINE_AREA:
        cv2.fillPoly(page, [_fixed_point(loop) for loop in loops], colour, cv2.LINE_AA, _SUBPIXEL)
        return
    mask = np.zeros((height * _FINE, width * _FINE), np.uint8)
    local = [_fixed_point((loop - (left, top)) * _FINE) for loop in loops]
    cv2.fillPoly(mask, local, [255], cv2.LINE_8, _SUBPIXEL)
    covered = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)[:, :, None] / 255
    part = page[top:bottom, left:right]
    part[:] = np.round(part * (1 - covered) + np.array(colour, np.float32) * covered).astype(np.uint8)


def _fixed_point(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """For OpenCV, to which whole numbers are the middles of pixels."""
    return np.round((np.clip(points, -_BEYOND, _BEYOND) - 0.5) * (1 << _SUBPIXEL)).astype(np.int32)


def _colour(properties: BackendProperties) -> tuple[int, int, int]:
    """BGR, dark enough to be seen on paper; white stays white."""
    code = properties.color
    red, green, blue = (int(code[place : place + 2], 16) for place in (1, 3, 5))
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    if brightness >= _WHITE:
        return 255, 255, 255
    dim = min(1.0, _DARK_ENOUGH / max(brightness, 1.0))
    return round(blue * dim), round(green * dim), round(red * dim)
