"""One file that is the whole state of an embedder's training, replaced as a whole."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import paddle
from pydantic import BaseModel, ConfigDict

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.training.embedder_options import EmbedderOptions

CHECKPOINT_NAME: Final = "checkpoint.pdparams"
WEIGHTS_NAME: Final = "weights.pdparams"  # of the best validation


class EmbedderState(BaseModel):
    """Where a run stands.

    Attributes:
        options: With which it was begun; another set begins another run.
        step: Steps done; also the number of the next batch.
        seconds: Wall time of training so far, of interrupted attempts too.
        best: Highest mean average precision in validation (`mean_map`).
        losses: One entry a logged step.
        history: One entry a validation.
    """

    model_config = ConfigDict(extra="forbid")

    options: EmbedderOptions
    step: int = 0
    seconds: float = 0.0
    best: float = 0.0
    losses: list[dict[str, float]] = []
    history: list[dict[str, float]] = []


def mean_map(entry: Mapping[str, float]) -> float:
    """Of a validation: the mean of the mean average precisions of all that is held out."""
    return fmean(value for name, value in entry.items() if name.endswith("map"))


@dataclass(frozen=True)
class EmbedderCheckpoint:
    """A state with weights and moments (Paddle state dictionaries)."""

    state: EmbedderState
    weights: dict[str, Any]
    optimiser: dict[str, Any]


def save(path: Path, checkpoint: EmbedderCheckpoint) -> None:
    """Writes a checkpoint; a kill at any instant leaves the one before or this one."""
    content: Any = {
        "state": checkpoint.state.model_dump_json(),
        "weights": checkpoint.weights,
        "optimiser": checkpoint.optimiser,
    }
    buffer = io.BytesIO()
    paddle.save(content, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())


def load(path: Path, options: EmbedderOptions) -> EmbedderCheckpoint | None:
    """The checkpoint of a run with these options; None where there is none, or that of another run."""
    if not path.is_file():
        return None
    content = paddle.load(str(path))
    state = EmbedderState.model_validate_json(content["state"])
    if state.options != options:
        return None
    return EmbedderCheckpoint(state, content["weights"], content["optimiser"])


def read_state(folder: Path) -> EmbedderState:
    """The state of the run in a folder."""
    return EmbedderState.model_validate_json(paddle.load(str(folder / CHECKPOINT_NAME))["state"])
