"""The Evaluate job of an embedder: challenger and champion find the same drawings; `evaluation.json`, and a page."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.embedder_package import embedder_folder
from containers.training.folders import InputMissing, ProcessingFolders
from containers.training.verdict import tell
from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.embedding.record import RecordError
from drawing_ocr.evaluation.retrieval import RetrievalThresholds
from drawing_ocr.evaluation.retrieval_report import write_retrieval_report
from drawing_ocr.training.embedder_drawings import DrawingsError
from drawing_ocr.training.embedder_evaluation import compare_embedders

_FORESEEN = (*failure.FORESEEN, ArgumentsError, DrawingsError, InputMissing, RecordError)


class EmbedderGateOptions(BaseModel):
    """What the gate asks for (`RetrievalThresholds`), and how many families are drawn to compare."""

    model_config = ConfigDict(frozen=True)

    accuracy_threshold: float = Field(default=0.6, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
    min_champion_gain: float = Field(default=0.0, ge=-1, le=1)
    families: int = Field(default=60, ge=2)


def main() -> int:
    """Runs the job; the exit status. A version that the gate refuses is no failure: the pipeline reads the verdict."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _evaluate(folders, parse(EmbedderGateOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _evaluate(folders: ProcessingFolders, options: EmbedderGateOptions) -> None:
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="embedders-") as temporary:
        challenger, champion = (
            Embedder.load(embedder_folder(folders.input(name), Path(temporary) / name), threads=threads)
            for name in ("challenger", "champion")
        )
        evaluation, queries = compare_embedders(
            folders.input("dataset"),
            challenger,
            champion,
            families=options.families,
            thresholds=RetrievalThresholds(
                accuracy=options.accuracy_threshold,
                max_regression_drop=options.max_regression_drop,
                min_champion_gain=options.min_champion_gain,
            ),
        )
    output = folders.output("evaluation")
    write_retrieval_report(output / "report.html", evaluation, queries)
    evaluation.save(output / "evaluation.json")
    tell(evaluation.gate)


if __name__ == "__main__":
    sys.exit(main())
