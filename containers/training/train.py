"""The training job: SageMaker's folders and hyperparameters into `drawing_ocr.training`, and its outputs back."""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import paddle
import yaml

from containers.training import failure
from containers.training.folders import InputMissing, TrainingFolders, model_package
from containers.training.hyperparameters import HyperparameterError, read_options, read_target
from containers.training.tee import logged_to
from containers.training.train_embedder import EMBEDDER_FORESEEN, train_embedder
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import DatasetRejected
from drawing_ocr.dataset.summary import DatasetSummary
from drawing_ocr.models.package import Parent
from drawing_ocr.training.curves import draw_curves
from drawing_ocr.training.lines import TrainingDataError
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.process import INTERRUPTED
from drawing_ocr.training.recogniser import (
    TrainingFailed,
    TrainingInterrupted,
    TrainingResult,
    interruptible,
    train_recogniser,
)

_FORESEEN = (
    *failure.FORESEEN,
    *EMBEDDER_FORESEEN,
    HyperparameterError,
    InputMissing,
    TrainingDataError,
    TrainingFailed,
)


def main() -> int:
    """Runs the job; the exit status: 0, 1 after a failure, 143 after SIGTERM.

    143 and not 0 after SIGTERM: there is no model yet, and whoever stopped the job knows that he did. The checkpoints
    are whole, and the same job started again continues from them.
    """
    folders = TrainingFolders.from_environment()
    try:
        with logged_to(folders.data / "train.log"), interruptible():
            train = train_embedder if read_target(folders.hyperparameters) == "embedder" else _train
            train(folders)
    except TrainingInterrupted as interruption:
        print(interruption, file=sys.stderr, flush=True)
        return INTERRUPTED
    except Exception as error:
        failure.report(error, folders.failure, foreseen=_FORESEEN)
        return 1
    return 0


def _train(folders: TrainingFolders) -> None:
    options = read_options(folders.hyperparameters, TrainingOptions)
    hosts = _hosts(folders.resources)
    if len(hosts) > 1:
        raise HyperparameterError(f"InstanceCount = {len(hosts)}: training runs on one machine, ask for one")
    dataset = folders.channel("training")
    summary = _checked(dataset)
    regression = folders.channel("regression") if folders.has_channel("regression") else None
    with tempfile.TemporaryDirectory(prefix="base-model-") as temporary:
        base, sha256 = model_package(folders.channel("model"), Path(temporary) / "package")
        write_atomically(folders.data / "config.yaml", _config(options, summary, sha256))
        result = train_recogniser(
            dataset,
            base,
            folders.model,
            options=options,
            checkpoints=folders.checkpoints,
            parent=Parent(sha256=sha256),
            summary=summary.model_dump(mode="json", by_alias=True),
            regression=regression,
        )
    draw_curves(result, folders.data / "curves.png")
    write_atomically(
        folders.data / "train_result.json", json.dumps(_result(result), ensure_ascii=False, indent=2) + "\n"
    )


def _hosts(path: Path) -> list[str]:
    if not path.exists():
        return []
    hosts: list[str] = json.loads(path.read_text("utf-8")).get("hosts", [])
    return hosts


def _checked(dataset: Path) -> DatasetSummary:
    """The dataset's summary, if its check says that it may be trained on."""
    path = dataset / layout.CHECK
    if not path.is_file():
        raise DatasetRejected(f"{path}: missing: only a dataset that Prepare has checked is trained on")
    report = json.loads(path.read_text("utf-8"))
    if report.get("check_pass") is not True:
        raise DatasetRejected(f"{path}: the dataset did not pass its check: {report.get('err_msg', 'no reason given')}")
    return DatasetSummary.load(dataset)


def _config(options: TrainingOptions, summary: DatasetSummary, base_sha256: str) -> str:
    """What this run was made of, to repeat it."""
    content: dict[str, Any] = {
        "hyperparameters": options.model_dump(),
        "base_model_sha256": base_sha256,
        "dataset": summary.model_dump(mode="json", by_alias=True),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("paddlex", "onnx", "paddle2onnx")},
            "paddle": paddle.version.full_version,
        },
    }
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _result(result: TrainingResult) -> dict[str, Any]:
    return {
        "base": {name: asdict(score) for name, score in result.base.items()},
        "trained": {name: asdict(score) for name, score in result.trained.items()},
        "kept_share": result.kept_share,
        "new_characters": list(result.new_characters),
        "images": result.images,
        "images_per_second": result.images_per_second,
        "seconds": result.seconds,
        "processes": [state.model_dump(exclude={"fingerprint", "batch"}) for state in result.processes],
    }
