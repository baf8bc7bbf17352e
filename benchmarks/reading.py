"""How fast and how well whole drawings are read, beside rapidocr with the same weights in the same run.

Reads `../shared/drawings` (real drawings with labels of their dimensions) where it is there, and three sheets drawn
from nothing. `--package model.tar.gz` reads with another model than the official one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rapidocr import RapidOCR
from rich.console import Console
from rich.table import Table

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.matching import Page as Judged
from drawing_ocr.evaluation.matching import Prediction, match_page
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.models.official import build_official_package
from drawing_ocr.reading.detector import DetectorSettings
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.reading.overlap import without_doubles
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.rectify import sheet_to_upright, turn
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.text import canonical

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = ROOT.parent / "shared" / "drawings"
SHEETS = (101, 102, 103)
THREADS = 2


@dataclass(frozen=True)
class Labelled:
    page: Page
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Found:
    points: list[list[float]]
    text: str
    confidence: float
    category: str


Read = Callable[[Page], list[Found]]


def reader(package: Path, settings: ReadingSettings) -> Read:
    opened = Reader.from_package(package, threads=THREADS, settings=settings)

    def read(page: Page) -> list[Found]:
        return [
            Found([list(point) for point in item.box], item.text, item.confidence, item.category)
            for item in opened.read(page).predictions
        ]

    return read


def rapidocr() -> Read:
    engine = RapidOCR(params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": THREADS})

    def read(page: Page) -> list[Found]:
        answer: Any = engine(page)
        if answer.boxes is None:
            return []
        rows = zip(answer.boxes.tolist(), answer.txts, answer.scores, strict=True)
        return [Found(quad, canonical(text), score, "") for quad, text, score in rows]

    return read


def three_ways(read: Read) -> Read:
    """The sheet read upright and turned by a quarter both ways; of readings of one place the likeliest."""

    def merged(page: Page) -> list[Found]:
        found = read(page)
        for quarters in (1, 3):
            for item in read(turn(page, quarters)):
                quad = np.array(item.points, np.float32)
                for left in range(quarters, 0, -1):
                    quad = sheet_to_upright(quad[None], turn(page, left).shape[1])[0]
                found.append(Found(quad.tolist(), item.text, item.confidence, item.category))
        quads = [np.array(item.points, np.float32) for item in found]
        return [found[index] for index in without_doubles(quads, [item.confidence * len(item.text) for item in found])]

    return merged


def timed(read: Read, sheets: Iterable[Labelled]) -> tuple[list[Judged], list[list[Found]], float, float]:
    judged, all_found = [], []
    wall, processor = time.perf_counter(), time.process_time()
    for sheet in sheets:
        found = read(sheet.page)
        all_found.append(found)
        judged.append(Judged(sheet.regions, [Prediction(item.points, item.text) for item in found]))
    return judged, all_found, time.perf_counter() - wall, time.process_time() - processor


def on_drawings(ways: dict[str, Read]) -> Table:
    sheets = [
        Labelled(next(iter(load_file(file))), read_labelme(file.with_suffix(".json")).regions)
        for file in sorted(DRAWINGS.glob("*.jpg"))
    ]
    table = Table("reader", "s a sheet", "CPU s", "found", "exact", "CER", title="Real drawings, labelled dimensions")
    for name, read in ways.items():
        judged, _, wall, processor = timed(read, sheets)
        score = sum((score_labelme(page.regions, page.predictions) for page in judged), DrawingScore())
        table.add_row(
            name,
            f"{wall / len(sheets):.2f}",
            f"{processor / len(sheets):.2f}",
            f"{score.found}/{score.boxes}",
            f"{score.exact} ({score.exact / score.boxes:.3f})",
            f"{score.cer:.3f}",
        )
    return table


def on_synthetic(ways: dict[str, Read]) -> Table:
    sheets = []
    for seed in SHEETS:
        grey, annotation = draw_sheet(seed)
        sheets.append(Labelled(np.repeat(grey[:, :, None], 3, axis=2), annotation.regions))
    table = Table("reader", "s a sheet", "CPU s", "hmean", "exact F1", "1-NED", "category", title="Synthetic sheets")
    for name, read in ways.items():
        judged, found, wall, processor = timed(read, sheets)
        detection, whole = evaluate_detection(judged), evaluate_end_to_end(judged)
        right = [
            page.regions[region].category == items[prediction].category
            for page, items in zip(judged, found, strict=True)
            for region, prediction in match_page(page).pairs
            if items[prediction].category
        ]
        table.add_row(
            name,
            f"{wall / len(sheets):.2f}",
            f"{processor / len(sheets):.2f}",
            f"{detection.hmean or 0:.3f}",
            f"{whole.exact_f1 or 0:.3f}",
            f"{whole.one_minus_ned or 0:.3f}",
            f"{np.mean(right):.3f}" if right else "-",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, help="model.tar.gz to read with; the official one if absent")
    package = parser.parse_args().package
    with tempfile.TemporaryDirectory() as folder:
        package = package or build_official_package(Path(folder) / "model.tar.gz")
        imagenet = DetectorSettings(mean=(0.485 + 0.456 + 0.406) / 3, deviation=(0.229 + 0.224 + 0.225) / 3)
        peer = rapidocr()
        ways = {
            "ours": reader(package, ReadingSettings()),
            "ours, passes=upright": reader(package, ReadingSettings(passes="upright")),
            "ours, fit=False": reader(package, ReadingSettings(fit=False)),
            "ours, ImageNet's mean and deviation": reader(package, ReadingSettings(detector=imagenet)),
            "rapidocr": peer,
            "rapidocr, three ways": three_ways(peer),
        }
    console = Console()
    if DRAWINGS.is_dir():
        console.print(on_drawings(ways))
    console.print(on_synthetic(ways))


if __name__ == "__main__":
    main()
