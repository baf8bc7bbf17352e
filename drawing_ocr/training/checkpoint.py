"""Checkpoints that are whole or do not count.

SageMaker copies `/opt/ml/checkpoints` to S3 while it is written and gives it back after an interruption, so a folder
may come back with files missing or cut short. `state.json` is written last and holds the size of every other file.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paddle
from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.atomic_write import write_atomically

_STATE: Final = "state.json"
_WEIGHTS: Final = "weights.pdparams"
_BEST: Final = "best.pdparams"
_OPTIMISER: Final = "optimiser.pdopt"
_KEPT: Final = 2  # if the newest is damaged, the one before it is used


class TrainingState(BaseModel):
    """Where a process stands in its run.

    Attributes:
        fingerprint: Of base model, dataset and options: a checkpoint of another run is not continued.
        epoch: Number of the current epoch, from 0.
        batch: Batches of this epoch that are done.
        step: Steps done, skipped ones included; also the state of every random choice of the next step.
        skipped: Steps without a finite gradient.
        images: Lines trained on.
        seconds: Training time so far.
        best_exact: Best validation so far; at first what the base model reads.
        epochs_without_gain: Since the best.
        finished: Whether the process has ended its training.
        history: One entry an epoch: the metrics.
        losses: Mean loss and learning rate of every logged step.
    """

    model_config = ConfigDict(extra="forbid")

    fingerprint: str
    epoch: int = 0
    batch: int = 0
    step: int = 0
    skipped: int = 0
    images: int = 0
    seconds: float = 0.0
    best_exact: float = 0.0
    epochs_without_gain: int = 0
    finished: bool = False
    history: list[dict[str, float]] = []
    losses: list[dict[str, float]] = []


@dataclass(frozen=True)
class Checkpoint:
    """A state with weights (Paddle state dictionaries); `best` are those that read the validation set best so far."""

    state: TrainingState
    weights: dict[str, Any]
    optimiser: dict[str, Any]
    best: dict[str, Any]


class _Written(BaseModel):
    state: TrainingState
    sizes: dict[str, int]


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Writes a checkpoint beside the earlier ones and removes all but the last two.

    Args:
        folder: Of one process.

    Returns:
        The folder of the checkpoint; it appears only when it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(".partial-*"):
        shutil.rmtree(leftover)
    partial = Path(tempfile.mkdtemp(dir=folder, prefix=".partial-"))
    contents = {_WEIGHTS: checkpoint.weights, _OPTIMISER: checkpoint.optimiser, _BEST: checkpoint.best}
    for name, content in contents.items():
        paddle.save(content, str(partial / name))
    written = _Written(state=checkpoint.state, sizes={name: (partial / name).stat().st_size for name in contents})
    write_atomically(partial / _STATE, written.model_dump_json())
    target = folder / f"step-{checkpoint.state.step:08d}"
    if target.exists():
        shutil.rmtree(target)
    partial.chmod(0o755)
    os.replace(partial, target)
    for old in _newest_first(folder)[_KEPT:]:
        shutil.rmtree(old)
    return target


def latest(folder: Path, fingerprint: str) -> Checkpoint | None:
    """The newest whole checkpoint of this very run; None when there is none."""
    for path in _newest_first(folder):
        written = _read_state(path)
        if written is None or written.state.fingerprint != fingerprint:
            continue
        if all(
            (path / name).is_file() and (path / name).stat().st_size == size for name, size in written.sizes.items()
        ):
            loaded = {name: paddle.load(str(path / name)) for name in written.sizes}
            return Checkpoint(written.state, loaded[_WEIGHTS], loaded[_OPTIMISER], loaded[_BEST])
    return None


def _read_state(path: Path) -> _Written | None:
    try:
        return _Written.model_validate(json.loads((path / _STATE).read_text("utf-8")))
    except (OSError, ValueError, ValidationError):
        return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)
