"""How well structure is read on drawn sheets, what it costs, and what whole dimensions give on real drawings.

Every sheet is judged twice: on its own labelled lines, which tells of the structure alone, and as the reader read it.
`../shared/drawings` (real drawings with labels of their dimensions) is read where it is there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from drawing_ocr.evaluation.matching import Prediction as Text
from drawing_ocr.evaluation.structure import StructureScore, score_as_single_texts, score_structure
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.models.standard import standard_package
from drawing_ocr.reading.categorise import categories_in
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.reading.layout import layout_of
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from drawing_ocr.reading.structure.read import structure_of
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.structure import Sheet

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = ROOT.parent / "shared" / "drawings"
FIRST_SEED = 5_000  # sheets that were not looked at while the rules were written
THREADS = 2


def page_of(sheet: Sheet) -> Page:
    return np.repeat(sheet.picture[:, :, None], 3, axis=2)


def on_its_own_lines(sheet: Sheet) -> tuple[ReadingResult, float]:
    """The sheet as a reader would answer that reads every line rightly, and the seconds that its structure took."""
    regions = sheet.annotation.regions
    texts = [region.text for region in regions]
    layout = layout_of(page_of(sheet), texts, [np.array(region.points, np.float32) for region in regions])
    lines = [
        Prediction(box=region.points, text=region.text, confidence=1.0, category=category)
        for region, category in zip(regions, categories_in(layout, texts), strict=True)
    ]
    started = time.perf_counter()
    structure = structure_of(layout, lines)
    seconds = time.perf_counter() - started
    height, width = sheet.picture.shape[:2]
    result = ReadingResult(
        predictions=tuple(lines), width=width, height=height, model=ModelName(name="labels"), structure=structure
    )
    return result, seconds


def on_sheets(reader: Reader, sheets: int) -> Table:
    given: dict[str, StructureScore] = {}
    read: dict[str, StructureScore] = {}
    structuring = reading = 0.0
    for seed in range(FIRST_SEED, FIRST_SEED + sheets):
        sheet = draw_structured_sheet(seed)
        regions, truth = sheet.annotation.regions, sheet.structure
        labelled, seconds = on_its_own_lines(sheet)
        structuring += seconds
        started = time.perf_counter()
        result = reader.read(page_of(sheet))
        reading += time.perf_counter() - started
        for scores, answer in ((given, labelled), (read, result)):
            for name, score in score_structure(truth, regions, answer).items():
                scores[name] = scores.get(name, StructureScore()) + score
    share = f"structure {structuring / sheets * 1000:.0f} ms a sheet, {structuring / reading:.1%} of reading"
    table = Table(title=f"{sheets} drawn sheets, seeds from {FIRST_SEED}: {share}")
    for heading in (
        "part",
        "labelled",
        "precision",
        "recall",
        "F1 on its own lines",
        "precision",
        "recall",
        "F1 as read",
    ):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    for name, score in given.items():
        figures = [each for own in (score, read[name]) for each in (own.precision, own.recall, own.f1)]
        table.add_row(name, str(score.labelled), *("-" if each is None else f"{each:.3f}" for each in figures))
    return table


def on_drawings(reader: Reader) -> Table:
    """Of each label one text: a line, or a whole dimension."""
    table = Table(title="real drawings: the one text at each label")
    for heading in ("texts", "labels", "exact", "CER"):
        table.add_column(heading, justify="left" if heading == "texts" else "right")
    lines = groups = None
    for path in sorted(DRAWINGS.glob("*.json")):
        regions = [region for region in read_labelme(path).regions if not region.ignore]
        (page,) = load_file(path.with_suffix(".jpg"))
        result = reader.read(page)
        structure = result.structure
        if structure is None:
            continue
        own = score_as_single_texts(regions, [Text(each.box, each.text) for each in result.predictions])
        # A line that is in no dimension may be one whose category was mistaken: it counts for both.
        members = {member for each in structure.dimensions for member in each.members}
        others = [each for index, each in enumerate(result.predictions) if index not in members]
        whole = [Text(each.box, each.text) for each in structure.dimensions]
        grouped = score_as_single_texts(regions, [*whole, *(Text(each.box, each.text) for each in others)])
        lines, groups = (own, grouped) if lines is None or groups is None else (lines + own, groups + grouped)
    for name, score in (("lines", lines), ("whole dimensions", groups)):
        if score is not None and score.cer is not None:
            table.add_row(name, str(score.boxes), str(score.exact), f"{score.cer:.3f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=12, help="how many are drawn")
    parser.add_argument("--package", type=Path, help="model.tar.gz to read with; the shipped one if absent")
    arguments = parser.parse_args()
    console = Console(width=140)
    reader = Reader.from_package(arguments.package or standard_package(), threads=THREADS)
    console.print(on_sheets(reader, arguments.sheets))
    if DRAWINGS.is_dir():
        console.print(on_drawings(reader))


if __name__ == "__main__":
    main()
