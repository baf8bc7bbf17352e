"""How fast sheets and training lines are drawn on one core.

Targets: lines never starve training (300 a second), sheets 5 a second at about 1600 px. There is no peer among the
project's dependencies: trdg and synthtiger draw words, not drawings, and are not installed.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
from rich.console import Console
from rich.table import Table

from drawing_ocr.dataset.regression import LINES, build_regression_set
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.line import draw_line
from drawing_ocr.synthesis.note_page import draw_note_page
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED, SCANNED

_SCANNED = replace(SCANNED, width=(1600, 1600), portrait=0.0)
_PLOTTED = replace(PLOTTED, width=(1600, 1600), portrait=0.0)


def _rate(draw: Callable[[int], object], count: int) -> float:
    """Pieces per second of processor time, after one to warm the font cache."""
    draw(0)
    start = time.process_time()
    for seed in range(1, count + 1):
        draw(seed)
    return count / (time.process_time() - start)


def main() -> None:
    cv2.setNumThreads(1)
    rng = Random(1)
    table = Table("what", "a second and core", "target", title="Synthesis")
    table.add_row("training lines (draw_line)", f"{_rate(lambda _: draw_line(rng), 1500):.0f}", "300")
    table.add_row("sheets 1600 px, scanned", f"{_rate(lambda seed: draw_sheet(seed, _SCANNED), 60):.1f}", "5")
    table.add_row("sheets 1600 px, plotted", f"{_rate(lambda seed: draw_sheet(seed, _PLOTTED), 60):.1f}", "5")
    table.add_row("note pages 1600 px, scanned", f"{_rate(lambda seed: draw_note_page(seed, _SCANNED), 40):.1f}", "5")
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        write_batch(Path(folder) / "batch", 60, 1, _SCANNED, processes=1)
        table.add_row("sheets on disk, PNG (write_batch)", f"{60 / (time.process_time() - start):.1f}", "5")
        start = time.process_time()
        build_regression_set(Path(folder) / "regression")
        table.add_row(f"regression set of {LINES} lines", f"{time.process_time() - start:.2f} s in all", "")
    Console().print(table)


if __name__ == "__main__":
    main()
