"""Trains an embedder on from a version with a customer's own drawings, and exports the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Annotated, Final, Literal

import paddle
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.dataset.split import Split
from drawing_ocr.embedding.record import EmbedderRecord
from drawing_ocr.models.embedder import Embedder
from drawing_ocr.training.embedder import Training
from drawing_ocr.training.embedder_checkpoint import WEIGHTS_NAME
from drawing_ocr.training.embedder_drawings import OwnDrawings
from drawing_ocr.training.embedder_export import export_embedder
from drawing_ocr.training.embedder_instances import OwnInstances, mixed_batch
from drawing_ocr.training.embedder_options import EmbedderOptions
from drawing_ocr.training.embedder_weights import restore_embedder

_CHECKPOINT_SECONDS: Final = 60.0
_VALIDATION_SECONDS: Final = 180.0
_MEMBERS: Final = 3  # of a family; with 16 families a batch has 96 pictures
_HELD_OUT: Final = 120  # drawings that validate, each shown twice


class EmbedderTuning(BaseModel):
    """Hyperparameters of a run.

    Attributes:
        target: Says that an embedder is trained.
        version: Of the next embedder; no two may share one, since an index goes with it.
        learning_rate: Peak; a tenth of that of a run from nothing.
        max_steps, max_seconds: The run ends at the first; 0 seconds for no limit.
        families: Of one batch, as if all of it were families.
        replay_ratio: Share of families in a batch, against forgetting.
        validation_families: That validate beside held-out drawings.
        whitening_batches: From which the whitening is learned.
        seed: Of batches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Literal["embedder"] = "embedder"
    version: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    learning_rate: float = Field(default=2e-4, gt=0)
    max_steps: int = Field(default=400, gt=0)
    max_seconds: float = Field(default=0.0, ge=0)
    families: int = Field(default=16, gt=1)
    replay_ratio: float = Field(default=0.5, ge=0, lt=1)
    validation_families: int = Field(default=40, gt=0)
    whitening_batches: int = Field(default=24, gt=0)
    seed: int = Field(default=1, ge=0)


def tune_embedder(
    base: Path,
    drawings: Path,
    out: Path,
    *,
    tuning: EmbedderTuning,
    checkpoints: Path,
    stopped: Callable[[], bool] = lambda: False,
) -> EmbedderRecord | None:
    """Trains and exports; the base's weights are the first best, so that what gains nothing gives them back.

    Args:
        base: Model folder of the version to go on from.
        drawings: Folder of own drawings.
        out: Model folder of the next version.
        tuning: Hyperparameters.
        checkpoints: Folder of the run; an interrupted run in it goes on.
        stopped: Whether to end before, with a checkpoint.

    Returns:
        The record of the next version; None when the run was stopped.

    Raises:
        RecordError: the base is no embedder of this architecture.
        DrawingsError: the drawings cannot be used.
    """
    record, own = EmbedderRecord.load(base), OwnDrawings.load(drawings)
    learned, held_out = (OwnInstances.of(drawings, own, split) for split in (Split.TRAIN, Split.VAL))
    options = EmbedderOptions(
        seed=tuning.seed,
        families=tuning.families,
        members=_MEMBERS,
        sizes=(record.input_size,),
        learning_rate=tuning.learning_rate,
        max_steps=tuning.max_steps,
        max_seconds=tuning.max_seconds,
        validation_families=tuning.validation_families,
        whitening_batches=tuning.whitening_batches,
        replay_ratio=tuning.replay_ratio,
        base=record.sha256,
        drawings_digest=own.digest,
    )
    # Paddle numbers what it makes through a process; a checkpoint knows the optimiser's values by these names.
    with paddle.utils.unique_name.guard():
        training = Training(
            checkpoints,
            options,
            network=restore_embedder(base),
            draw=lambda number, plan: mixed_batch(options.seed, number, plan, learned, options.replay_ratio),
            held_out={"own_": held_out.batch(Random(f"held out {options.seed}"), _HELD_OUT, 2, record.input_size)},
        )
        ended = training.run(
            checkpoint_seconds=_CHECKPOINT_SECONDS, validation_seconds=_VALIDATION_SECONDS, stopped=stopped
        )
    if not ended:
        return None
    best = Embedder()
    best.set_state_dict(paddle.load(str(checkpoints / WEIGHTS_NAME)))
    return export_embedder(best, training.state, tuning.version, out, own=learned)
