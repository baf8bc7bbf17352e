"""The Evaluate job: challenger and champion read the same test sets; `evaluation.json` and a page for people."""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.folders import InputMissing, ProcessingFolders, model_package
from containers.training.verdict import tell
from containers.training.versions import Detectors, TestSetFolder, Version, compare
from drawing_ocr.evaluation.gate import Thresholds, judge
from drawing_ocr.evaluation.html_report import write_report
from drawing_ocr.evaluation.report import Evaluation

NEW_SHEETS = 2
FROZEN_SHEETS = 1  # a page of notes, which has more lines than a drawing

_FORESEEN = (*failure.FORESEEN, ArgumentsError, InputMissing)


class GateOptions(BaseModel):
    """What the gate asks for; see `Thresholds`."""

    model_config = ConfigDict(frozen=True)

    accuracy_threshold: float = Field(default=0.85, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
    min_champion_gain: float = Field(default=0.0, ge=-1, le=1)
    max_symbol_class_drop: float = Field(default=0.05, ge=0, le=1)
    min_symbol_class_lines: int = Field(default=30, ge=1)


def main() -> int:
    """Runs the job; the exit status. A version that the gate refuses is no failure: the pipeline reads the verdict."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _evaluate(folders, parse(GateOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _evaluate(folders: ProcessingFolders, options: GateOptions) -> None:
    thresholds = Thresholds(
        accuracy=options.accuracy_threshold,
        max_regression_drop=options.max_regression_drop,
        min_champion_gain=options.min_champion_gain,
        max_symbol_class_drop=options.max_symbol_class_drop,
        min_symbol_class_lines=options.min_symbol_class_lines,
    )
    threads = os.cpu_count() or 1
    names = ["challenger", *(["champion"] if folders.has_input("champion") else [])]
    with tempfile.TemporaryDirectory(prefix="versions-") as temporary, ThreadPoolExecutor(threads) as pool:
        unpacked = pool.map(lambda name: model_package(folders.input(name), Path(temporary) / name)[0], names)
        detectors = Detectors()
        challenger, *released = [Version(folder, detectors) for folder in unpacked]
        sets = {"new": TestSetFolder(folders.input("dataset"), sheets=NEW_SHEETS)}
        if folders.has_input("regression"):
            sets["regression"] = TestSetFolder(folders.input("regression"), sheets=FROZEN_SHEETS)
        results, lines = compare(sets, challenger, released[0] if released else None, threads=threads)
    evaluation = Evaluation(test_sets=results, gate=judge(results, thresholds))
    output = folders.output("evaluation")
    write_report(output / "report.html", evaluation, lines)
    evaluation.save(output / "evaluation.json")
    tell(evaluation.gate)


if __name__ == "__main__":
    sys.exit(main())
