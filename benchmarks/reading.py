"""How fast and how well whole drawings are read, beside rapidocr in the same run.

The section `drawings` reads `../shared/drawings` (real drawings with labels of their dimensions) where it is there, and
sheets drawn from nothing, by the generator of the training data and by another one; `categories` reads 20 sheets of
every style and tells how well each category is known.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rapidocr import RapidOCR
from rich.console import Console
from rich.table import Table

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.matching import Page as Judged
from drawing_ocr.evaluation.matching import Prediction, match_page
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.models.official import build_official_package
from drawing_ocr.models.standard import standard_package
from drawing_ocr.reading.categorise import categories_of
from drawing_ocr.reading.detector import DetectorSettings
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.reading.overlap import without_doubles
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.rectify import sheet_to_upright, turn
from drawing_ocr.synthesis.held_out.sheet import draw_held_out_sheet
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import STYLES, SheetStyle, StyleName
from drawing_ocr.text import canonical

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = ROOT.parent / "shared" / "drawings"
SHEETS = (101, 102, 103)
HELD_OUT = range(700, 706)
OF_EVERY_STYLE = range(9_000, 9_020)
PEER = "rapidocr"
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


@dataclass(frozen=True)
class Timed:
    """Pages with what was read on them, and the seconds it took."""

    pages: list[Judged]
    wall: float
    processor: float


def timed(read: Read, sheets: Iterable[Labelled]) -> Timed:
    wall, processor = time.perf_counter(), time.process_time()
    pages = [
        Judged(sheet.regions, [Prediction(each.points, each.text) for each in read(sheet.page)]) for sheet in sheets
    ]
    return Timed(pages, time.perf_counter() - wall, time.process_time() - processor)


def synthetic(seed: int, style: SheetStyle = STYLES[StyleName.SCANNED]) -> Labelled:
    grey, annotation = draw_sheet(seed, style)
    return Labelled(np.repeat(grey[:, :, None], 3, axis=2), annotation.regions)


def held_out(seed: int) -> Labelled:
    sheet = draw_held_out_sheet(seed)
    return Labelled(np.repeat(sheet.picture[:, :, None], 3, axis=2), sheet.annotation.regions)


def on_drawings(ways: dict[str, Read]) -> Table:
    sheets = [
        Labelled(next(iter(load_file(file))), read_labelme(file.with_suffix(".json")).regions)
        for file in sorted(DRAWINGS.glob("*.jpg"))
    ]
    results = {name: timed(read, sheets) for name, read in ways.items()}
    table = Table(*COSTS, "found", "exact", "CER", title="Real drawings, labelled dimensions")
    for name, result in results.items():
        score = sum((score_labelme(page.regions, page.predictions) for page in result.pages), DrawingScore())
        table.add_row(
            *costs(name, results, len(sheets)),
            f"{score.found}/{score.boxes}",
            f"{score.exact} ({score.exact / score.boxes:.3f})",
            f"{score.cer:.3f}",
        )
    return table


def on_synthetic(title: str, sheets: list[Labelled], ways: dict[str, Read]) -> Table:
    results = {name: timed(read, sheets) for name, read in ways.items()}
    table = Table(*COSTS, "hmean", "exact F1", "1-NED", title=title)
    for name, result in results.items():
        detection, whole = evaluate_detection(result.pages), evaluate_end_to_end(result.pages)
        table.add_row(
            *costs(name, results, len(sheets)),
            f"{detection.hmean or 0:.3f}",
            f"{whole.exact_f1 or 0:.3f}",
            f"{whole.one_minus_ned or 0:.3f}",
        )
    return table


COSTS = ("reader", "s a sheet", "CPU s", f"of {PEER}'s CPU")


def costs(name: str, results: dict[str, Timed], sheets: int) -> tuple[str, str, str, str]:
    wall, processor = results[name].wall, results[name].processor
    ratio = processor / results[PEER].processor
    return name, f"{wall / sheets:.2f}", f"{processor / sheets:.2f}", f"{ratio:.2f}"


def on_categories(read: Read) -> Table:
    """Of the texts that were found (IoU 0.5): of those called so how many are, of those that are so how many called."""
    names = [str(category) for category in Category]
    table = Table("style", "found", *names, "s a sheet", title="Categories, precision / recall of texts found")
    for style in StyleName:
        called: Counter[tuple[str, str]] = Counter()
        labelled, seconds = 0, 0.0
        for seed in OF_EVERY_STYLE:
            sheet = synthetic(seed, STYLES[style])
            found = read(sheet.page)
            match = match_page(Judged(sheet.regions, [Prediction(item.points, item.text) for item in found]))
            called.update((sheet.regions[region].category, found[item].category) for region, item in match.pairs)
            labelled += len(match.regions)
            quads = [np.array(item.points, np.float32) for item in found]
            begun = time.perf_counter()
            categories_of(sheet.page, [item.text for item in found], quads)
            seconds += time.perf_counter() - begun
        table.add_row(
            style,
            f"{called.total()}/{labelled}",
            *(f"{precision_and_recall(called, name)}" for name in names),
            f"{seconds / len(OF_EVERY_STYLE):.3f}",
        )
    return table


def precision_and_recall(called: Counter[tuple[str, str]], category: str) -> str:
    right = called[category, category]
    predicted = sum(count for (_, name), count in called.items() if name == category)
    labelled = sum(count for (name, _), count in called.items() if name == category)
    return " / ".join(f"{right / total:.3f}" if total else "-" for total in (predicted, labelled))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["drawings", "categories"], help="one section; both if absent")
    parser.add_argument("--package", type=Path, help="model.tar.gz to read with; the shipped one if absent")
    arguments = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        package = arguments.package or standard_package()
        official = build_official_package(Path(folder) / "model.tar.gz")
        upright = reader(package, ReadingSettings(passes="upright"))
        imagenet = DetectorSettings(mean=(0.485 + 0.456 + 0.406) / 3, deviation=(0.229 + 0.224 + 0.225) / 3)
        if arguments.only != "categories":
            peer = rapidocr()
            ways = {
                "ours": reader(package, ReadingSettings()),
                "ours, official weights": reader(official, ReadingSettings()),
                "ours, look=everywhere": reader(package, ReadingSettings(look="everywhere")),
                "ours, passes=upright": upright,
                "ours, fit=False": reader(package, ReadingSettings(fit=False)),
                "ours, ImageNet's mean and deviation": reader(package, ReadingSettings(detector=imagenet)),
                PEER: peer,
                f"{PEER}, three ways": three_ways(peer),
            }
            if DRAWINGS.is_dir():
                console.print(on_drawings(ways))
            console.print(on_synthetic("Sheets drawn as for training", [synthetic(seed) for seed in SHEETS], ways))
            console.print(on_synthetic("Held-out sheets", [held_out(seed) for seed in HELD_OUT], ways))
        if arguments.only != "drawings":
            console.print(on_categories(upright))


if __name__ == "__main__":
    main()
