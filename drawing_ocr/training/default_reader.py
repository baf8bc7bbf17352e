"""Makes the reader that the project ships, from the official one: `python -m drawing_ocr.training.default_reader`.

Nothing goes in but the official weights and what `drawing_ocr.synthesis` draws from seeds, so that anybody can make it
again. Every part is kept in the folder of the work: a run that was stopped continues with the same command.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.dataset.regression import build_regression_set
from drawing_ocr.models import package, shipped
from drawing_ocr.models.official import build_official_package, official_charset
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.style import DETAILS, PLOTTED, SCANNED, VIEWS, SheetStyle
from drawing_ocr.text import Charset
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.recogniser import interruptible, train_recogniser

SEED: Final = 20261121
# Sheets of each kind for one of `--sheets`: whole ones bring words and tables, the others dimensions and signs.
_KINDS: Final[tuple[tuple[str, SheetStyle, float], ...]] = (
    ("scanned", SCANNED, 0.3),
    ("plotted", PLOTTED, 0.1),
    ("views", VIEWS, 0.35),
    ("details", DETAILS, 0.25),
)
_VALIDATED: Final = 0.06  # share of the sheets
# Most lines are drawn one by one: they vary more than what stands on the sheets of one style.
_DRAWN: Final = 0.6
_LONGEST: Final = 18  # characters
_DRAWN_DIMENSIONS: Final = 0.45
_BATCH: Final = 8  # without a GPU, more steps of fewer lines learn more in the same time
_EPOCHS: Final = 1000  # as many as the steps need


def make(work: Path, keep: Path, *, sheets: int, steps: int, processes: int) -> Path:
    """The unpacked package of the reader.

    Args:
        work: Folder of the work; what is in it already is not made again.
        keep: Folder for what is shipped.
        sheets: Drawn for the dataset.
        steps: Of training, in each process.
        processes: Trained at the same time and averaged.
    """
    console = Console()
    work.mkdir(parents=True, exist_ok=True)
    base = work / "official"
    if not base.is_dir():
        console.print("building the official package")
        package.unpack(build_official_package(work / "official.tar.gz"), base)
    if not (work / "regression").is_dir():
        console.print("drawing the regression set")
        build_regression_set(work / "regression")
    dataset = work / "dataset"
    if not (dataset / layout.CHECK).is_file():
        build_dataset(
            list(_drawn(work, sheets, console)),
            [],
            official_charset(),
            dataset,
            replay_ratio=0.0,
            val_ratio=_VALIDATED,
            seed=SEED,
            quarantine_dir=work / "quarantine",
        )
    options = TrainingOptions(
        epochs=_EPOCHS,
        batch_size=_BATCH,
        max_steps=steps,
        processes=processes,
        seed=SEED,
        early_stop_patience=0,
        synthetic_ratio=_DRAWN,
        drawn_dimensions=_DRAWN_DIMENSIONS,
        checkpoint_seconds=120,
    )
    out = work / "package"
    shutil.rmtree(out, ignore_errors=True)
    summary: dict[str, Any] = {"made_by": "python -m drawing_ocr.training.default_reader", "sheets": sheets}
    with interruptible():
        result = train_recogniser(
            dataset,
            base,
            out,
            options=options,
            checkpoints=work / "checkpoints",
            parent=package.Parent(sha256=package.file_sha256(work / "official.tar.gz")),
            summary=summary,
            regression=work / "regression",
        )
    seconds = sum(state.seconds for state in result.processes)
    charset = Charset.load(out / package.RECOGNISER / package.DICTIONARY_NAME)
    trained = Recogniser.load(out / package.RECOGNISER / package.WEIGHTS_NAME, charset)
    record = shipped.Record(
        made_by=f"python -m drawing_ocr.training.default_reader --sheets {sheets} --steps {steps} "
        f"--processes {processes}",
        options=options.model_dump(),
        sheets=sheets,
        lines=result.images,
        hours=round(seconds / 3600, 2),
        metrics=dict(package.read_info(out).metrics),
        weights_sha256=shipped.keep(trained, keep),
    )
    shipped.write_record(record, keep)
    console.print(f"{keep}: {result.images} lines, {seconds:.0f} s of training")
    return out


def _drawn(work: Path, sheets: int, console: Console) -> Sequence[Annotation]:
    found: list[Annotation] = []
    for number, (name, style, share) in enumerate(_KINDS):
        folder = work / "sheets" / name
        if not folder.is_dir():
            console.print(f"drawing {round(sheets * share)} sheets: {name}")
            write_batch(folder, max(1, round(sheets * share)), SEED + number, style)
        found += map(_without_long_lines, load_manifest(str(folder / "manifest.jsonl")).annotations)
    return found


def _without_long_lines(sheet: Annotation) -> Annotation:
    """A batch is as wide as its widest line, and with 18,000 classes as expensive: a note of 80 characters costs ten
    dimensions, and what it teaches stands in shorter ones too."""
    regions = [region for region in sheet.regions if region.ignore or len(region.text) <= _LONGEST]
    return sheet.model_copy(update={"regions": tuple(regions)})


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of the work; the same again continues")
    parser.add_argument("--out", type=Path, default=shipped.FOLDER, help="folder for what is shipped")
    parser.add_argument("--sheets", type=int, default=480)
    parser.add_argument("--steps", type=int, default=3000, help="of training, in each process")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    make(arguments.work, arguments.out, sheets=arguments.sheets, steps=arguments.steps, processes=arguments.processes)


if __name__ == "__main__":
    main()
