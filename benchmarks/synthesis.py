"""How fast sheets and training lines are drawn on one core, and what a plain library takes for the texts alone.

Targets: 300 lines a second, so that training never waits for them, and 5 sheets a second at 200 dpi. trdg and
synthtiger draw words, not drawings, and are not installed; so a sheet's peer is matplotlib, which sets the same Latin
texts at the same places without any line, and a line's peer is Pillow alone.

    python benchmarks/synthesis.py
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from drawing_ocr.dataset.regression import LINES, build_regression_set
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.fonts import DEJAVU
from drawing_ocr.synthesis.held_out.sheet import draw_held_out_sheet
from drawing_ocr.synthesis.line import draw_line
from drawing_ocr.synthesis.note_page import draw_note_page
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED, SCANNED, WORN, SheetStyle

_DPI = 200
_A4 = round(297 / 25.4 * _DPI)  # pixels
_A3 = round(420 / 25.4 * _DPI)


def _level(style: SheetStyle, width: int) -> SheetStyle:
    return replace(style, width=(width, width), portrait=0.0)


def _rate(draw: Callable[[int], object], count: int) -> float:
    """Pieces per second of processor time, after two to warm the caches."""
    draw(0)
    draw(1)
    start = time.process_time()
    for seed in range(2, count + 2):
        draw(seed)
    return count / (time.process_time() - start)


def _set_by_matplotlib(seed: int) -> object:
    """The texts of a sheet, as matplotlib sets them."""
    annotation = _TEXTS[seed % len(_TEXTS)]
    figure = Figure(figsize=(annotation.width / _DPI, annotation.height / _DPI), dpi=_DPI)
    for region in annotation.regions:
        (ax, ay), (bx, by) = region.points[0], region.points[1]
        figure.text(
            ax / annotation.width,
            1 - ay / annotation.height,
            "".join(character for character in region.text if character.isascii() and character != "$"),
            fontsize=8,
            rotation=float(np.degrees(np.arctan2(ay - by, bx - ax))),
        )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return canvas


def _set_by_pillow(seed: int) -> object:
    image = Image.new("L", (240, 48), 255)
    ImageDraw.Draw(image).text((6, 6), f"{seed % 12}×⌀{seed % 300}.50 ±0.05", font=DEJAVU.at(28), fill=0)
    return np.asarray(image)


_TEXTS = [draw_sheet(seed, _level(PLOTTED, _A4))[1] for seed in range(6)]


def main() -> None:
    cv2.setNumThreads(1)
    rng = Random(1)
    table = Table("what", "a second and core", "target", title=f"Synthesis, {_DPI} dpi")
    rows: tuple[tuple[str, Callable[[int], object], int, str], ...] = (
        ("training lines (draw_line)", lambda _: draw_line(rng), 1500, "300"),
        ("  peer: Pillow, one clean text", _set_by_pillow, 1500, ""),
        ("sheets A4, scanned", lambda seed: draw_sheet(seed, _level(SCANNED, _A4)), 40, "5"),
        ("sheets A4, plotted", lambda seed: draw_sheet(seed, _level(PLOTTED, _A4)), 40, "5"),
        ("sheets A4, worn", lambda seed: draw_sheet(seed, _level(WORN, _A4)), 40, "5"),
        ("sheets A3, scanned", lambda seed: draw_sheet(seed, _level(SCANNED, _A3)), 24, "5"),
        ("held-out sheets A4", lambda seed: draw_held_out_sheet(seed, (_DPI, _DPI)), 40, "5"),
        ("  peer: matplotlib, the texts only", _set_by_matplotlib, 12, ""),
        ("note pages A4, scanned", lambda seed: draw_note_page(seed, _level(SCANNED, _A4)), 24, "5"),
    )
    for name, draw, count, target in rows:
        table.add_row(name, f"{_rate(draw, count):.1f}", target)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        write_batch(Path(folder) / "batch", 20, 1, _level(SCANNED, _A4), processes=1)
        table.add_row("sheets A4 on disk, PNG (write_batch)", f"{20 / (time.process_time() - start):.1f}", "5")
        start = time.process_time()
        build_regression_set(Path(folder) / "regression")
        table.add_row(f"regression set of {LINES} lines", f"{time.process_time() - start:.2f} s in all", "")
    Console().print(table)


if __name__ == "__main__":
    main()
