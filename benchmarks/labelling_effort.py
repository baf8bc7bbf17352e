"""Keystrokes, clicks and seconds that one drawing costs, by the keystroke-level model (`drawing_ocr.labelling.effort`).

From nothing in our annotator; from the machine's reading in our annotator; from the same reading in PPOCRLabel's way of
working. The mistakes to mend are real: the shipped official reader, and each model package that is given, read
synthetic sheets (full sheets as scanned, and loose details crowded with signs) whose labels are exact. The peer's own
automatic labels are PaddleOCR's plain reading, which finds less; here it gets ours, so that only the ways differ.

Readings are kept in WORK, so that it continues where it was stopped.

usage: benchmarks/labelling_effort.py WORK [MODEL.tar.gz …]
"""

# ruff: noqa: E402  # libraries are loaded after their environment is set

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from containers.training import environment

environment.enter()

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from drawing_ocr.annotation import Annotation
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.labelling.answer import Outlined
from drawing_ocr.labelling.effort import (
    ANNOTATOR,
    ANNOTATOR_OVERVIEW,
    PPOCRLABEL,
    PPOCRLABEL_ZOOMED,
    Effort,
    Reading,
    from_nothing,
    from_reading,
)
from drawing_ocr.labelling.guideline import check
from drawing_ocr.models.official import build_official_package
from drawing_ocr.models.shipped import build_shipped_package
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import Prediction, ReadingResult
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import STYLES, StyleName

SHEETS: Final = 24
SEED: Final = 770_000
SURE: Final = 0.9  # the confidence from which the contact sheet shows a box, as the page begins with
WAYS: Final = (ANNOTATOR_OVERVIEW, ANNOTATOR, PPOCRLABEL, PPOCRLABEL_ZOOMED)


@dataclass(frozen=True)
class Sheet:
    """One drawing: its labels and a reading of it."""

    labels: Annotation
    reading: Reading


class Readings:
    """What one model reads; kept in a folder."""

    def __init__(self, folder: Path, model: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._model = folder, model

    def of(self, page: Page, name: str) -> ReadingResult:
        """Read now or before."""
        path = self._folder / f"{name}.json"
        if not path.exists():
            write_atomically(path, self._reader.read(page).model_dump_json())
        return ReadingResult.model_validate_json(path.read_bytes())

    @cached_property
    def _reader(self) -> Reader:
        return Reader.from_package(self._model, threads=int(os.environ.get("OMP_NUM_THREADS", "1")))


def sheets(work: Path, model: Path, style: StyleName) -> list[Sheet]:
    """The sheets of a style, read by a model."""
    readings = Readings(work / f"{hashlib.sha256(model.read_bytes()).hexdigest()[:16]}-{style}", model)
    return [read_sheet(readings, number, style) for number in range(SEED, SEED + SHEETS)]


def read_sheet(readings: Readings, number: int, style: StyleName) -> Sheet:
    """One sheet."""
    picture, labels = draw_sheet(number, STYLES[style])
    page = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    predictions = readings.of(page, str(number)).predictions

    sure = sure_of(predictions, labels)
    return Sheet(labels, Reading.compare(labels.regions, predictions, sure=sure))


def sure_of(predictions: Sequence[Prediction], labels: Annotation) -> set[int]:
    """What the contact sheet shows, as web/annotator/src/task/sure.ts: sure, and nothing against the guideline."""
    outlined = [
        Outlined(id=str(index), points=line.box, text=line.text, category=line.category)
        for index, line in enumerate(predictions)
    ]
    doubted = {int(finding.region) for finding in check(outlined, width=labels.width, height=labels.height)}
    return {index for index, line in enumerate(predictions) if line.confidence >= SURE and index not in doubted}


def spread(values: Sequence[float], form: str) -> str:
    """Median, and the middle 80 % of the sheets."""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def show(title: str, read: Sequence[Sheet]) -> None:
    """One table: what a sheet costs in each way, and the ratios."""
    lines = sum(len(sheet.labels.regions) for sheet in read)
    right = sum(sheet.reading.right for sheet in read) / lines
    exact = sum(line.read == line.label for sheet in read for line in sheet.reading.found) / lines
    boxes = sum(len(sheet.reading.found) + len(sheet.reading.ghosts) for sheet in read)
    sure = [line for sheet in read for line in sheet.reading.found if line.sure]
    ghosts = sum(ghost.sure for sheet in read for ghost in sheet.reading.ghosts)
    wrong = (ghosts + sum(not line.right for line in sure)) / (ghosts + len(sure))
    table = Table(
        "way of working", "keystrokes", "clicks", "seconds", "actions, of nothing", "seconds, of nothing",
        "seconds, ours of it",
        title=f"{title}: {len(read)} sheets, {lines / len(read):.0f} lines each, {exact:.0%} of the texts read "
        f"exactly, {right:.0%} of the lines need nothing; "
        f"{(ghosts + len(sure)) / boxes:.0%} of the boxes are on the contact sheet, {wrong:.1%} of these are wrong; "
        "median (10–90 %)",
    )  # fmt: skip
    nothing = [from_nothing(ANNOTATOR, sheet.labels.regions) for sheet in read]
    ways = {way.name: [from_reading(way, sheet.reading) for sheet in read] for way in WAYS}
    ours = ways[ANNOTATOR_OVERVIEW.name]
    for name, efforts in {"from nothing, our annotator": nothing, **ways}.items():
        table.add_row(
            name,
            *(spread([value(each) for each in efforts], ".0f") for value in VALUES),
            _ratio(efforts, nothing, lambda effort: effort.actions),
            _ratio(efforts, nothing, lambda effort: effort.seconds),
            _ratio(ours, efforts, lambda effort: effort.seconds),
        )
    Console(width=170).print(table)


VALUES: Final[tuple[Callable[[Effort], float], ...]] = (
    lambda effort: effort.keystrokes,
    lambda effort: effort.clicks,
    lambda effort: effort.seconds,
)


def _ratio(efforts: Sequence[Effort], base: Sequence[Effort], value: Callable[[Effort], float]) -> str:
    return spread([value(one) / value(other) for one, other in zip(efforts, base, strict=True)], ".2f")


def main(work: Path, models: Sequence[Path]) -> None:
    """Measures the official reader, the shipped one and each model."""
    work.mkdir(parents=True, exist_ok=True)
    known = {work / "official.tar.gz": build_official_package, work / "shipped.tar.gz": build_shipped_package}
    for package, build in known.items():
        if not package.exists():
            build(package)
    for model in (*known, *models):
        for style in (StyleName.SCANNED, StyleName.DETAILS):
            show(f"{model.name}, {style}", sheets(work, model, style))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
