"""A picture as a pyramid of tiles in one PMTiles file: a page shows any part of it by a few HTTP range requests.

Source: PMTiles specification, version 3 (github.com/protomaps/PMTiles).
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from drawing_ocr.reading.image import Page

# Measured on plotted, scanned and noisy sheets (kB and ms a megapixel): WebP without loss needs 12, 34 and 471 kB where
# PNG needs 25, 49 and 599, and is decoded faster (1.2, 1.4 and 4.6 ms against 1.6, 2.0 and 5.6). JPEG at 80 is smaller
# on noise only (138 kB) and blurs the ink that people label. Method 4 costs twice to four times the time for 1 to 9 %.
_ENCODING: Final[dict[str, Any]] = {"format": "WEBP", "lossless": True, "method": 2, "quality": 20}
# A screen shows some 12 of them; 256 means four times the requests for files as large, 1024 half a MB for one of noise.
TILE: Final = 512


@dataclass(frozen=True, slots=True)
class Pyramid:
    """What a reader of the file must know; the file's metadata say the same.

    Attributes:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        tile: Side of a tile, pixels; tiles at the right and lower edge are as large as what is left.
        levels: How many; `levels - 1` is the picture itself, and a pixel of level z covers `2 ** (levels - 1 - z)` of
            its pixels in both directions. Level 0 is one tile.
    """

    width: int
    height: int
    tile: int
    levels: int


def write_pyramid(page: Page, path: Path) -> Pyramid:
    """Writes the pyramid of a page. Beside the page it needs memory for a few rows of tiles only.

    Args:
        page: uint8 [height, width, 3] in BGR order, upright.
        path: The file to write; the same page gives the same bytes.
    """
    height, width = page.shape[:2]
    pyramid = Pyramid(width=width, height=height, tile=TILE, levels=_levels(max(width, height)))
    with tempfile.TemporaryFile() as spool, path.open("wb") as file:
        tiles = _Spool(spool)
        strips = _rows(page)
        for level in reversed(range(pyramid.levels)):
            strips = _cut(strips if level == pyramid.levels - 1 else _halved(strips), level, tiles)
        for _ in strips:  # each row of level 0 pulls the rows of the larger levels
            pass
        writer = Writer(file)
        for tile_id, data in tiles:
            writer.write_tile(tile_id, data)
        writer.finalize({"tile_type": TileType.WEBP, "tile_compression": Compression.NONE}, asdict(pyramid))
    return pyramid


def _levels(side: int) -> int:
    levels = 1
    while TILE << (levels - 1) < side:
        levels += 1
    return levels


def _rows(page: Page) -> Iterator[Image.Image]:
    """The page in rows of tiles, from the top, in RGB."""
    for top in range(0, page.shape[0], TILE):
        yield Image.fromarray(np.ascontiguousarray(page[top : top + TILE, :, ::-1]))


def _cut(strips: Iterator[Image.Image], level: int, tiles: _Spool) -> Iterator[Image.Image]:
    """Passes the rows of a level on after their tiles were taken."""
    for y, strip in enumerate(strips):
        for x in range(-(-strip.width // TILE)):
            box = (x * TILE, 0, min((x + 1) * TILE, strip.width), strip.height)
            encoded = io.BytesIO()
            strip.crop(box).save(encoded, **_ENCODING)
            tiles.add(zxy_to_tileid(level, x, y), encoded.getvalue())
        yield strip


def _halved(strips: Iterator[Image.Image]) -> Iterator[Image.Image]:
    """Rows of the next smaller level: each is two rows here, averaged over 2 × 2 pixels."""
    for first in strips:
        pair = [half.reduce(2) for half in (first, next(strips, None)) if half is not None]
        joined = Image.new("RGB", (pair[0].width, sum(half.height for half in pair)))
        top = 0
        for half in pair:
            joined.paste(half, (0, top))
            top += half.height
        yield joined


class _Spool:
    """Encoded tiles on disk. They come level by level in turns, and a clustered PMTiles file wants them by their id."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._places: dict[int, tuple[int, int]] = {}

    def add(self, tile_id: int, data: bytes) -> None:
        self._places[tile_id] = (self._file.tell(), len(data))
        self._file.write(data)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for tile_id in sorted(self._places):
            offset, length = self._places[tile_id]
            self._file.seek(offset)
            yield tile_id, self._file.read(length)
