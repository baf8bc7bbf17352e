from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from drawing_ocr.reading.detector import Detector, DetectorSettings, _tiles
from drawing_ocr.reading.reader import ReadingSettings
from drawing_ocr.reading.session import Session
from tests.drawing_ocr.reading.world import DETECTOR, sheet


@given(st.integers(1, 20_000), st.sampled_from([(640, 64), (640, 128), (1280, 128)]))
def test_kept_parts_of_tiles_cover_a_side_once_and_lie_inside_their_tiles(length: int, size: tuple[int, int]) -> None:
    tile, overlap = size
    covered = np.zeros(length, int)
    for outer, inner in _tiles(length, tile, overlap):
        covered[inner] += 1
        assert outer.start <= inner.start < inner.stop <= outer.stop <= length
        assert outer.stop - outer.start <= tile + overlap
    assert (covered == 1).all()


@given(st.integers(1409, 20_000))
def test_what_is_kept_of_a_tile_has_context_on_every_inner_side(length: int) -> None:
    for outer, inner in _tiles(length, 1280, 128):
        assert inner.start == 0 or inner.start - outer.start >= 64
        assert inner.stop == length or outer.stop - inner.stop >= 64


def test_tiles_find_the_boxes_that_one_look_finds_also_where_tiles_meet() -> None:
    texts = {f"R{x // 10}.{y}": (x, y, 0) for x in range(20, 1400, 260) for y in range(20, 1000, 90)}
    page = sheet(texts, size=(1536, 1056), height=32)
    session = Session(DETECTOR, threads=1)
    whole = Detector(session).detect(page)
    tiled = Detector(session, DetectorSettings(tile=640, overlap=128)).detect(page)
    assert len(whole) == len(tiled) == len(texts)
    for box in whole:
        overlaps = [
            Polygon(box).intersection(Polygon(other)).area / Polygon(box).union(Polygon(other)).area for other in tiled
        ]
        assert max(overlaps) > 0.8


def test_empty_paper_has_no_boxes() -> None:
    assert Detector(Session(DETECTOR, threads=1)).detect(sheet({})).shape == (0, 4, 2)


def test_a_small_picture_is_enlarged_and_its_boxes_are_in_its_own_pixels() -> None:
    page = sheet({"R12": (10, 8, 0)}, size=(90, 50), height=24)
    (box,) = Detector(Session(DETECTOR, threads=1), ReadingSettings().detector).detect(page)
    assert box.min() >= 0
    assert box[:, 0].max() < 90
    assert box[:, 1].max() < 50
    assert Polygon(box).contains(Polygon([(15, 14), (45, 14), (45, 26), (15, 26)]))


@pytest.mark.parametrize("size", [(1, 2000), (2000, 1), (3, 3), (80, 120), (30, 900), (1, 1)])
def test_a_small_page_is_enlarged_to_a_tile_at_most(size: tuple[int, int]) -> None:
    seen = []

    def network(images: np.ndarray) -> np.ndarray:
        seen.append(images.shape)
        return np.zeros((1, 1, *images.shape[2:]), np.float32)

    page = np.zeros((*size, 3), np.uint8)
    page[:, : size[1] // 2] = 255
    page[: size[0] // 2] = 255
    Detector(network).detect(page)
    assert sum(shape[2] * shape[3] for shape in seen) <= 2048**2
