"""Calibrates the confidence of the shipped reader: `python -m drawing_ocr.training.default_calibration`.

It reads sheets that `drawing_ocr.synthesis` draws from seeds that no training uses, of every style alike, as everybody
reads: so the map knows what misplaced boxes cost, which crops along labels would not tell. Again whenever detector or
recogniser change; `benchmarks/calibration.py` measures it on sheets of the other generator.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from drawing_ocr.evaluation.calibration import Verdict, expected_calibration_error, fit, verdicts
from drawing_ocr.models import shipped
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.reading.reader import Reader
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.style import DETAILS, PLOTTED, SCANNED, VIEWS, WORN

FIRST_SEED: Final = 61_000
_STYLES: Final = (SCANNED, PLOTTED, WORN, VIEWS, DETAILS)
_THREADS: Final = 2


def calibrate(folder: Path, sheets: int) -> tuple[Calibration, list[Verdict]]:
    """The map of the reader in the folder, and the lines that it was fitted on, confidence as the network says it."""
    with tempfile.TemporaryDirectory(prefix="calibration-") as temporary:
        plain = Path(temporary) / "plain"
        shutil.copytree(folder, plain, ignore=shutil.ignore_patterns(shipped.CALIBRATION))
        package = shipped.build_shipped_package(Path(temporary) / "model.tar.gz", plain)
        reader = Reader.from_package(package, threads=_THREADS)
        judged = [verdict for number in range(sheets) for verdict in _judged(reader, number)]
    return fit(judged), judged


def _judged(reader: Reader, number: int) -> Iterator[Verdict]:
    sheet = draw_structured_sheet(FIRST_SEED + number, _STYLES[number % len(_STYLES)])
    page = np.repeat(sheet.picture[:, :, None], 3, axis=2)
    yield from verdicts(sheet.annotation.regions, reader.read(page).predictions)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=shipped.FOLDER, help="of the reader")
    parser.add_argument("--sheets", type=int, default=60, help="that are drawn and read")
    arguments = parser.parse_args()
    calibration, judged = calibrate(arguments.folder, arguments.sheets)
    shipped.write_calibration(calibration, arguments.folder)
    mended = [Verdict(calibration(item.confidence), item.right) for item in judged]
    before, after = (expected_calibration_error(items) for items in (judged, mended))
    Console().print(f"{calibration}: error on these lines {before:.3f}, calibrated {after:.3f}")


if __name__ == "__main__":
    main()
