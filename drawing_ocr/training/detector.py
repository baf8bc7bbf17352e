"""Training of the detector on drawn sheets, from the official weights.

All but the backbone's stem learn, the backbone at a lower rate than neck and head; batch norms keep their statistics.
Each step draws its own sheets, so that its number and the seed decide everything, and a run that was stopped goes on as
if it had not been.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import paddle
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.models.detector import Detector
from drawing_ocr.reading.detector import DetectorSettings
from drawing_ocr.reading.session import Network
from drawing_ocr.training import checkpoint, schedule
from drawing_ocr.training.checkpoint import Checkpoint, TrainingState
from drawing_ocr.training.detector_crops import Piece, draw_pieces
from drawing_ocr.training.detector_loss import detection_loss
from drawing_ocr.training.detector_targets import target_of

_WARMUP: Final = 0.05
_GRADIENT_NORM: Final = 5.0
_WEIGHT_DECAY: Final = 1e-4
_LOG_SECONDS: Final = 30.0
_MOST_SKIPPED: Final = 20  # steps without a finite gradient, after which training has diverged


class DetectorOptions(BaseModel):
    """The recipe's numbers.

    Attributes:
        steps: Of the whole run.
        max_seconds: Training ends after this long, whatever the steps say; the learning rate is planned for it. 0: no
            limit.
        sheets: Drawn for one step.
        pieces: Of each sheet.
        backbone_rate, rate: Peak learning rates of the backbone, and of neck and head.
        seed: Of every sheet and piece.
        checkpoint_seconds: Training time between two checkpoints.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(ge=1)
    max_seconds: float = Field(default=0, ge=0)
    sheets: int = Field(default=2, ge=1)
    pieces: int = Field(default=2, ge=1)
    backbone_rate: float = Field(default=1e-4, gt=0, le=0.1)
    rate: float = Field(default=3e-4, gt=0, le=0.1)
    seed: int = Field(default=0, ge=0)
    checkpoint_seconds: float = Field(default=180, ge=0)


class TrainingDiverged(RuntimeError):
    """Gradients are not finite any more; the message is one line."""


def train_detector(
    detector: Detector,
    official: Network,
    *,
    options: DetectorOptions,
    checkpoints: Path,
    tell: Callable[[str], None] = print,
) -> TrainingState:
    """Trains a detector; it holds the trained weights afterwards.

    Args:
        detector: With the official weights.
        official: The official network, whose map is kept where it is right.
        options: The recipe's numbers.
        checkpoints: Folder; the same again continues.
        tell: Takes lines of the log.

    Returns:
        How the run ended.

    Raises:
        TrainingDiverged: gradients are not finite any more.
    """
    optimiser, trained = _optimiser(detector, options)
    fingerprint = hashlib.sha256(options.model_dump_json().encode()).hexdigest()
    state = TrainingState(fingerprint=fingerprint)
    found = checkpoint.latest(checkpoints, fingerprint)
    if found is not None:
        state = found.state
        detector.network.set_state_dict(found.weights)
        optimiser.set_state_dict(found.optimiser)
        tell(f"continues from step {state.step}")
    started = logged = saved = time.monotonic()
    earlier, losses = state.seconds, list[float]()
    while not state.finished:
        done = schedule.progress(state.step, options.steps, state.seconds, options.max_seconds)
        rate = schedule.rate(done, warmup=_WARMUP)
        optimiser.set_lr(rate)
        pieces = _pieces(options, state.step)
        loss = detection_loss(*_compared(detector, official, pieces))
        loss.backward()
        if _finite(trained):
            optimiser.step()
            losses.append(float(loss))
        else:
            state.skipped += 1
        optimiser.clear_grad()
        if state.skipped > _MOST_SKIPPED:
            raise TrainingDiverged(f"{state.skipped} steps had no finite gradient: lower rate and backbone_rate")
        now = time.monotonic()
        state.step += 1
        state.images += len(pieces)
        state.seconds = earlier + now - started
        state.finished = schedule.progress(state.step, options.steps, state.seconds, options.max_seconds) >= 1
        if now - logged >= _LOG_SECONDS or state.finished:
            mean = float(np.mean(losses)) if losses else 0.0
            state.losses.append({"step": state.step, "loss": mean, "lr": rate * options.rate})
            tell(f"step={state.step} loss={mean:.4f} lr={rate * options.rate:.6f} seconds={state.seconds:.0f}")
            logged = now
            losses.clear()
        if now - saved >= options.checkpoint_seconds or state.finished:
            weights = detector.network.state_dict()
            checkpoint.save(checkpoints, Checkpoint(state, weights, optimiser.state_dict(), best={}))
            saved = now
    return state


def _pieces(options: DetectorOptions, step: int) -> list[Piece]:
    pencil = Random(f"detector {options.seed} {step}")
    return [piece for _ in range(options.sheets) for piece in draw_pieces(pencil, options.pieces)]


def _compared(detector: Detector, official: Network, pieces: Sequence[Piece]) -> tuple[Any, Any, Any]:
    """What the loss compares: logits, the target's probability and its weights."""
    settings = DetectorSettings()  # the pixels as reading brings them to the network
    images = np.stack([piece.pixels for piece in pieces]).astype(np.float32) / 255.0
    images = np.ascontiguousarray(((images - settings.mean) / settings.deviation).transpose(0, 3, 1, 2))
    maps = official(images)[:, 0]
    targets = [
        target_of(found, piece.texts, piece.unknown, threshold=settings.threshold)
        for found, piece in zip(maps, pieces, strict=True)
    ]
    probability = np.stack([target.probability for target in targets])[:, None]
    weight = np.stack([target.weight for target in targets])[:, None]
    logits = detector.logits(paddle.to_tensor(images))
    return logits, paddle.to_tensor(probability), paddle.to_tensor(weight)


def _optimiser(detector: Detector, options: DetectorOptions) -> tuple[Any, list[Any]]:
    """AdamW with a rate for the backbone and one for neck and head, and what it trains."""
    network = detector.network
    network.eval()
    # Strokes look the same on drawings, and the stem's large maps cost a third of the time of a step.
    for parameter in network.model.backbone.encoder.convolution.parameters():
        parameter.stop_gradient = True
    backbone = _learning(network.model.backbone)
    rest = [*_learning(network.model.neck), *_learning(network.head)]
    groups: Any = [
        {"params": backbone, "learning_rate": options.backbone_rate},
        {"params": rest, "learning_rate": options.rate},
    ]
    # 1.0: times the share of the schedule, times the rate of the group.
    optimiser = paddle.optimizer.AdamW(
        learning_rate=1.0,
        parameters=groups,
        weight_decay=_WEIGHT_DECAY,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
    )
    return optimiser, backbone + rest


def _learning(layer: Any) -> list[Any]:
    """Parameters of a layer; the statistics of batch norms are among Paddle's parameters, too, and stay."""
    return [parameter for parameter in layer.parameters() if not parameter.stop_gradient]


def _finite(parameters: Sequence[Any]) -> bool:
    """Whether every gradient is finite; one number is taken off the device, not one a parameter."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return bool(np.isfinite(float(paddle.stack([(gradient * gradient).sum() for gradient in gradients]).sum())))
