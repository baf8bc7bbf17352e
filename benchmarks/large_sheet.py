"""How long an A0 sheet at 300 dpi takes to read, and how much memory.

The sheet is put together of eight drawn A3 sheets at that resolution: three with title block, notes and tables, five of
views; some hundreds of texts. It is read from its file (PNG, decoded within the time) in a process of its own, as
`drawingops read` does; the peak is the resident memory of that process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.served import resident
from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.matching import Page, Prediction
from drawing_ocr.models.standard import standard_reader
from drawing_ocr.reading.reader import Reader
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED

MOST_SECONDS: Final = 15.0
MOST_MEGABYTES: Final = 2000.0
_WIDTH, _HEIGHT = 9933, 14043
# A3 sheets at that resolution; the first three with all that stands on a sheet, the others with views alone.
_FULL: Final = replace(PLOTTED, width=(4960, 4960), portrait=0.0)
_VIEWS: Final = replace(_FULL, signs=0.4, zone_marks=0.0, title_block=0.0, notes=0.0, table=0.0)
_STYLES: Final = (*[_FULL] * 3, *[_VIEWS] * 5)


@dataclass(frozen=True)
class Measured:
    """One reading; seconds, memory in MB."""

    wall: float
    processor: float
    before: float
    peak: float
    predictions: list[Prediction]


def draw(file: Path) -> list[Region]:
    """Writes the sheet as PNG; its labels."""
    sheet = np.full((_HEIGHT, _WIDTH), 255, np.uint8)
    regions: list[Region] = []
    for number, style in enumerate(_STYLES):
        picture, annotation = draw_sheet(number, style)
        left, top = number % 2 * (_WIDTH // 2), number // 2 * (_HEIGHT // 4)
        height, width = picture.shape
        sheet[top : top + height, left : left + width] = picture
        regions += [
            region.model_copy(update={"points": tuple((x + left, y + top) for x, y in region.points)})
            for region in annotation.regions
        ]
    Image.fromarray(sheet).save(file, dpi=(300, 300))
    return regions


def read(file: Path, package: Path, threads: int) -> Measured:
    """Reads a file; runs in the process that is measured."""
    cv2.setNumThreads(threads)
    reader = Reader.from_package(package, threads=threads)
    before = resident(os.getpid())
    wall, processor = time.perf_counter(), time.process_time()
    result = reader.read_file(file)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    predictions = [Prediction([list(point) for point in each.box], each.text) for each in result.predictions]
    return Measured(wall, processor, before, resident(os.getpid(), peak=True), predictions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="inside one reading")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a0.png"
        regions = draw(file)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            measured = alone.submit(read, file, standard_reader(), arguments.threads).result()
    page = Page(regions, measured.predictions)
    table = Table("pixels", "texts", "s", "CPU s", "memory before", "peak", "hmean", "exact F1", title="A0 at 300 dpi")
    table.add_row(
        f"{_WIDTH} × {_HEIGHT}",
        str(len(regions)),
        f"{measured.wall:.1f}",
        f"{measured.processor:.1f}",
        f"{measured.before:.0f} MB",
        f"{measured.peak:.0f} MB",
        f"{evaluate_detection([page]).hmean or 0:.3f}",
        f"{evaluate_end_to_end([page]).exact_f1 or 0:.3f}",
    )
    Console(width=120).print(table)
    return 0 if measured.wall <= MOST_SECONDS and measured.peak <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
