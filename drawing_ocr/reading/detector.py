"""Finds text: the network's probability map and the boxes of differentiable binarisation (DB, Liao et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pyclipper

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.joined import texts_of
from drawing_ocr.reading.mosaic import Place, lay_out
from drawing_ocr.reading.regions import Region
from drawing_ocr.reading.session import Network

Quads = npt.NDArray[np.float32]
Map = npt.NDArray[np.uint8]

_STRIDE: Final = 32  # sides of the network's input are multiples of it
_WHITE: Final = 255.0
_MIN_SIDE: Final = 3.0  # of a box on the map, pixels
_LONGEST_ENLARGED: Final = 1920  # longer side of a small page that is enlarged, pixels
_SAMPLED: Final = 16  # every so many pixels tell how light the paper is
_GLANCE: Final = 0.4  # of the page's size at most
_GLANCED: Final = 9.0  # height of letters at a glance, pixels; smaller ones are seen by their ink
_GLIMPSE: Final = 0.05  # probability from which a coarse look is followed by a close one


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How boxes are taken from the map; the thresholds are those of PaddleX and rapidocr for PP-OCRv6.

    Attributes:
        threshold: Probability from which a pixel is text.
        box_threshold: Mean probability inside a box from which it is kept.
        unclip_ratio: How far a box is widened: area x ratio / perimeter.
        max_boxes: Of one page.
        min_side: Pages whose shorter side is less are enlarged to it, pixels, unless they become too long.
        tile: Side of the tiles in which large pages are looked at, pixels, a multiple of 32.
        overlap: How far neighbouring tiles overlap, pixels, a multiple of 64; half of it is context, thrown away.
        mean, deviation: Pixels of 0 to 1 are brought to (pixel - mean) / deviation. With 0.5, as in rapidocr, 26 of 39
            labelled dimensions of real drawings are read exactly; with ImageNet's numbers, as `inference.yml` of the
            official detector says, 23 (benchmarks/reading.py).
    """

    threshold: float = 0.3
    box_threshold: float = 0.5
    unclip_ratio: float = 1.6
    max_boxes: int = 10_000
    min_side: int = 736
    tile: int = 1280
    overlap: int = 128
    mean: float = 0.5
    deviation: float = 0.5


class Detector:
    """The text detector. Thread-safe."""

    def __init__(self, network: Network, settings: DetectorSettings = DetectorSettings()) -> None:
        self._network = network
        self._settings = settings
        self._scale = np.float32(1.0 / (_WHITE * settings.deviation))
        self._shift = np.float32(settings.mean / settings.deviation)

    def detect(self, page: Page) -> Quads:
        """Boxes of text lines.

        Args:
            page: uint8 [height, width, 3], BGR.

        Returns:
            Corners [boxes, 4, 2], x and y in whole pixels of the page, clockwise from the upper left corner of the box
            as it lies on the page. How the text inside is turned is not known yet.
        """
        height, width = page.shape[:2]
        return self.boxes(self._map(_resized(page, self._settings.min_side)), (width, height))

    def look(self, page: Page, regions: Sequence[Region], *, quarters: int = 0) -> Map:
        """Probability of text in some regions of a page, 0 to 255, uint8 [height, width]; 0 in the rest.

        Args:
            page: uint8 [height, width, 3], BGR, looked at as large as it is.
            regions: The rest of the page is not looked at.
            quarters: By how many quarters of a turn clockwise the network sees the regions turned.
        """
        height, width = page.shape[:2]
        pieces = [np.rot90(page[region.slices], -quarters) for region in regions]
        layout = lay_out([(piece.shape[1], piece.shape[0]) for piece in pieces], multiple=_STRIDE)
        paper = int(np.median(page[::_SAMPLED, ::_SAMPLED]))
        joined = np.zeros((height, width), np.uint8)
        for number, (wide, tall) in enumerate(layout.sizes):
            here = [index for index, place in enumerate(layout.places) if place.mosaic == number]
            mosaic = np.full((tall, wide, 3), paper, np.uint8)
            for index in here:
                mosaic[_lies(layout.places[index], pieces[index])] = pieces[index]
            found = self._map(mosaic)
            for index in here:
                upright = np.rot90(found[_lies(layout.places[index], pieces[index])], quarters)
                rows, columns = regions[index].slices
                # Regions may overlap: the surer look counts.
                joined[rows, columns] = np.maximum(joined[rows, columns], upright)
        return joined

    def glance(self, page: Page, lettering: float | None) -> Map:
        """A coarse look, at a small part of the cost of a look at all pixels.

        Args:
            page: uint8 [height, width, 3], BGR.
            lettering: Usual height of letters, pixels; None where it is not known.

        Returns:
            1 where text may stand, uint8 [height, width].
        """
        height, width = page.shape[:2]
        scale = min(_GLANCED / lettering, _GLANCE) if lettering else _GLANCE
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
        _, seen = cv2.threshold(self._map(_resized(small, 1)), int(_GLIMPSE * 255.0), 1, cv2.THRESH_BINARY)
        return np.asarray(cv2.resize(seen, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)

    def _map(self, page: Page) -> Map:
        """Probability of text, 0 to 255, of a page whose sides are multiples of the stride.

        Tiles are joined before boxes are drawn, so that no box is cut or doubled where tiles meet.
        """
        height, width = page.shape[:2]
        joined = np.zeros((height, width), np.uint8)
        for rows, inner_rows in _tiles(height, self._settings.tile, self._settings.overlap):
            for columns, inner_columns in _tiles(width, self._settings.tile, self._settings.overlap):
                tile = page[rows, columns]
                if int(tile.min()) == int(tile.max()):
                    continue  # empty paper
                pixels = tile.astype(np.float32) * self._scale - self._shift
                probability = self._network(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))[0, 0]
                inside = probability[_relative(inner_rows, rows), _relative(inner_columns, columns)]
                joined[inner_rows, inner_columns] = np.rint(inside * 255.0).astype(np.uint8)
        return joined

    def boxes(self, probability: Map, size: tuple[int, int]) -> Quads:
        """Boxes of text lines out of a map, as `detect` gives them; `size` is the page's width and height."""
        settings = self._settings
        width, height = size
        _, mask = cv2.threshold(probability, int(settings.threshold * 255.0), 1, cv2.THRESH_BINARY)
        # PaddleX and rapidocr join pixels that touch at a corner.
        joined = cv2.dilate(mask, np.ones((2, 2), np.uint8))
        contours, _ = cv2.findContours(joined, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        scale = np.array([width / probability.shape[1], height / probability.shape[0]], np.float32)
        limits = np.array([width - 1, height - 1], np.float32)
        boxes = []
        pieces = (text for contour in contours for text in texts_of(np.asarray(contour, np.int32), probability))
        for contour in islice(pieces, settings.max_boxes):
            core, side = _smallest_rectangle(contour)
            if side < _MIN_SIDE or _mean_inside(probability, core) < settings.box_threshold * 255.0:
                continue
            widened = _unclip(core, settings.unclip_ratio)
            if widened is None:
                continue
            box, side = _smallest_rectangle(widened)
            if side < _MIN_SIDE + 2:
                continue
            box = np.clip(np.round(box * scale), 0, limits).astype(np.float32)
            if min(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[0] - box[3])) >= _MIN_SIDE + 1:
                boxes.append(box)
        return np.array(boxes, np.float32).reshape(-1, 4, 2)


def _lies(place: Place, piece: npt.NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of a mosaic that a piece takes."""
    return slice(place.top, place.top + piece.shape[0]), slice(place.left, place.left + piece.shape[1])


def _resized(page: Page, min_side: int) -> Page:
    """The page with sides that the network takes; enlarged to `min_side` on its shorter side.

    Not beyond `_LONGEST_ENLARGED`: a strip of 2000 × 1 pixels, as damaged headers announce it, would become one of a
    gigapixel.
    """
    height, width = page.shape[:2]
    ratio = max(1.0, min(min_side / min(height, width), _LONGEST_ENLARGED / max(height, width)))
    size = tuple(max(_STRIDE, round(int(side * ratio) / _STRIDE) * _STRIDE) for side in (width, height))
    return page if size == (width, height) else np.asarray(cv2.resize(page, size), np.uint8)


def _tiles(length: int, tile: int, overlap: int) -> list[tuple[slice, slice]]:
    """Overlapping pieces of a side, each with the part of it that is kept; the kept parts cover the side once."""
    # A side a little longer than a tile is not worth two.
    if length <= tile + overlap:
        return [(slice(0, length), slice(0, length))]
    count = -(-(length - overlap) // (tile - overlap))
    # All of one size, which is no larger than the side asks for.
    size = -(-(length + (count - 1) * overlap) // (count * _STRIDE)) * _STRIDE
    starts = [number * (length - size) // (count - 1) for number in range(count)]
    edges = [0, *((start + before + size) // 2 for before, start in pairwise(starts)), length]
    return [
        (slice(start, start + size), slice(first, last))
        for start, (first, last) in zip(starts, pairwise(edges), strict=True)
    ]


def _relative(inner: slice, outer: slice) -> slice:
    return slice(inner.start - outer.start, inner.stop - outer.start)


def _smallest_rectangle(points: npt.NDArray[np.integer[Any]] | Quads) -> tuple[Quads, float]:
    """The rectangle of least area around points, clockwise from its upper left corner, and its shorter side."""
    rectangle = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(rectangle).tolist())
    top_left, bottom_left = sorted(corners[:2], key=lambda corner: corner[1])
    top_right, bottom_right = sorted(corners[2:], key=lambda corner: corner[1])
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32), float(min(rectangle[1]))


def _mean_inside(probability: Map, box: Quads) -> float:
    height, width = probability.shape
    left, top = np.clip(np.floor(box.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(box.max(axis=0)), 0, (width - 1, height - 1)).astype(int)
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(box - (left, top)).astype(np.int32)], (1,))
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0])


def _unclip(box: Quads, ratio: float) -> npt.NDArray[np.int32] | None:
    """The box widened on all sides: the network is trained on shrunk boxes. None when nothing is left of it."""
    area, perimeter = float(cv2.contourArea(box)), float(cv2.arcLength(box, True))
    if perimeter == 0:
        return None
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(box.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    paths = offset.Execute(area * ratio / perimeter)
    if len(paths) != 1:
        return None
    return np.array(paths[0], np.int32)
