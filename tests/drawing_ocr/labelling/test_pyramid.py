"""The pyramid of tiles that the page shows a drawing from."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import TileType

from drawing_ocr.labelling.pyramid import TILE, Pyramid, write_pyramid

Page = npt.NDArray[np.uint8]


def noise(width: int, height: int) -> Page:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def level_of(path: Path, pyramid: Pyramid, level: int) -> Page:
    """A level put together from its tiles, BGR."""
    shrink = 1 << (pyramid.levels - 1 - level)
    width, height = -(-pyramid.width // shrink), -(-pyramid.height // shrink)
    sheet = Image.new("RGB", (width, height), "red")
    with path.open("rb") as file:
        reader = Reader(MmapSource(file))
        for y in range(-(-height // TILE)):
            for x in range(-(-width // TILE)):
                data = reader.get(level, x, y)
                assert data is not None
                tile = Image.open(io.BytesIO(data))
                assert tile.size == (min(TILE, width - x * TILE), min(TILE, height - y * TILE))
                sheet.paste(tile, (x * TILE, y * TILE))
    return np.asarray(sheet)[:, :, ::-1]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (512, 512), (513, 40), (1500, 1025), (300, 2100)])
def test_the_largest_level_is_the_picture_itself(tmp_path: Path, width: int, height: int) -> None:
    page = noise(width, height)

    pyramid = write_pyramid(page, tmp_path / "p.pmtiles")

    np.testing.assert_array_equal(level_of(tmp_path / "p.pmtiles", pyramid, pyramid.levels - 1), page)


def test_a_pixel_of_a_smaller_level_is_the_mean_of_four(tmp_path: Path) -> None:
    page = noise(1400, 1100)

    pyramid = write_pyramid(page, tmp_path / "p.pmtiles")

    assert pyramid.levels == 3
    previous = level_of(tmp_path / "p.pmtiles", pyramid, 2).astype(float)
    for level in (1, 0):
        smaller = level_of(tmp_path / "p.pmtiles", pyramid, level).astype(float)
        height, width = previous.shape[0] // 2, previous.shape[1] // 2
        means = previous[: height * 2, : width * 2].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
        assert np.abs(smaller[:height, :width] - means).max() <= 0.5
        previous = smaller


def test_the_smallest_level_is_one_tile(tmp_path: Path) -> None:
    write_pyramid(noise(1300, 700), tmp_path / "p.pmtiles")

    with (tmp_path / "p.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        assert reader.get(0, 0, 0) is not None
        assert reader.header()["min_zoom"] == 0


def test_header_and_metadata_say_all_that_a_page_needs(tmp_path: Path) -> None:
    write_pyramid(noise(1300, 700), tmp_path / "p.pmtiles")

    with (tmp_path / "p.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        header = reader.header()
        assert reader.metadata() == {"width": 1300, "height": 700, "tile": 512, "levels": 3}
        assert (header["max_zoom"], header["tile_type"], header["clustered"]) == (2, TileType.WEBP, True)


def test_the_same_page_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_pyramid(noise(900, 900), tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_empty_paper_costs_next_to_nothing(tmp_path: Path) -> None:
    write_pyramid(np.full((8000, 8000, 3), 255, np.uint8), tmp_path / "p.pmtiles")

    assert (tmp_path / "p.pmtiles").stat().st_size < 5_000


_PEAK = """
import resource, sys
from pathlib import Path
import numpy as np
from drawing_ocr.labelling.pyramid import write_pyramid
row = np.random.default_rng(1).integers(0, 256, (1, 12_000, 3), dtype=np.uint8)
page = np.broadcast_to(row, (8_000, 12_000, 3))  # 96 megapixels that take the memory of one row
write_pyramid(page[:600, :600], Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_pyramid(page, Path(sys.argv[1]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_beside_the_page_a_few_rows_of_tiles_are_in_memory(tmp_path: Path) -> None:
    script = [sys.executable, "-c", _PEAK, str(tmp_path / "p.pmtiles")]
    done = subprocess.run(script, capture_output=True, text=True, check=True)

    megabytes = int(done.stdout)
    assert megabytes < 150, f"{megabytes} MB for a page of 288 MB"
