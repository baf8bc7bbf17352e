"""Whether the confidence that readings carry is true, on sheets of the generator that neither trains nor calibrates.

The expected calibration error over the lines whose boxes are right (15 bins of equal width), as the network says it and
as it is answered, and the reliability of what is answered. `--picture` draws it.

usage: python -m benchmarks.calibration [--sheets 40] [--package model.tar.gz] [--picture reliability.png]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from drawing_ocr.evaluation.calibration import Bin, Verdict, expected_calibration_error, reliability, verdicts
from drawing_ocr.models import package
from drawing_ocr.models.standard import standard_package
from drawing_ocr.reading.reader import Reader
from drawing_ocr.synthesis.held_out.sheet import draw_held_out_sheet

FIRST_SEED = 41_000
THREADS = 2
SIZE, MARGIN = 400, 40  # of the picture, pixels


def judged(reader: Reader, sheets: int) -> list[Verdict]:
    """Every line that is read at a right place (IoU 0.5) on so many held-out sheets, and whether it is read exactly."""
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + sheets):
        sheet = draw_held_out_sheet(seed)
        page = np.repeat(sheet.picture[:, :, None], 3, axis=2)
        found += verdicts(sheet.annotation.regions, reader.read(page).predictions)
    return found


def reliability_table(bins: Sequence[Bin]) -> Table:
    """One row for each step of the confidence: how many lines, what is answered, the share that is right."""
    table = Table("lines", "confidence", "read exactly", title="reliability of what is answered")
    for part in bins:
        table.add_row(str(part.lines), f"{part.confidence:.3f}", f"{part.right:.3f}")
    return table


def draw(series: Sequence[tuple[tuple[int, int, int], Sequence[Bin]]], out: Path) -> None:
    """A reliability diagram: confidence to the right, the share that is right upwards, one colour (BGR) a series."""
    picture = np.full((SIZE + 2 * MARGIN, SIZE + 2 * MARGIN, 3), 255, np.uint8)
    corner = (MARGIN, MARGIN), (MARGIN + SIZE, MARGIN + SIZE)
    cv2.rectangle(picture, *corner, (180, 180, 180), 1, cv2.LINE_AA)
    cv2.line(picture, (MARGIN, MARGIN + SIZE), (MARGIN + SIZE, MARGIN), (180, 180, 180), 1, cv2.LINE_AA)
    for colour, bins in series:
        points = [(MARGIN + round(SIZE * part.confidence), MARGIN + round(SIZE * (1 - part.right))) for part in bins]
        for part, point in zip(bins, points, strict=True):
            cv2.circle(picture, point, 2 + round(part.lines**0.5 / 4), colour, -1, cv2.LINE_AA)
        cv2.polylines(picture, [np.array(points, np.int32)], False, colour, 1, cv2.LINE_AA)
    cv2.imwrite(str(out), picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=40, help="held-out sheets that are drawn and read")
    parser.add_argument("--package", type=Path, help="model.tar.gz to read with; the shipped one if absent")
    parser.add_argument(
        "--picture", type=Path, help="PNG to draw: grey as the network says it, green as it is answered"
    )
    arguments = parser.parse_args()
    console = Console(width=140)
    table = Table("confidence", "lines", "exact", "mean", "calibration error", title="Held-out sheets")
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / "package"
        info = package.unpack(arguments.package or standard_package(), unpacked)
        if info.calibration is None:
            parser.error(f"{info.name} is not calibrated: python -m drawing_ocr.training.default_calibration")
        (unpacked / package.INFO_NAME).write_text(info.model_copy(update={"calibration": None}).to_json(), "utf-8")
        said = judged(Reader.from_package(unpacked, threads=THREADS), arguments.sheets)
    answered = [Verdict(info.calibration(line.confidence), line.right) for line in said]
    for name, lines in {"as the network says it": said, "as it is answered": answered}.items():
        table.add_row(
            name,
            str(len(lines)),
            f"{np.mean([line.right for line in lines]):.3f}",
            f"{np.mean([line.confidence for line in lines]):.3f}",
            f"{expected_calibration_error(lines):.4f}",
        )
    before, after = reliability(said), reliability(answered)
    console.print(table)
    console.print(reliability_table(after))
    if arguments.picture:
        draw([((150, 150, 150), before), ((60, 140, 60), after)], arguments.picture)


if __name__ == "__main__":
    main()
