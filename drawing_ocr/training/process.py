"""One training process: it learns from its share of the lines and leaves its weights in its last checkpoint.

Run as `python -m drawing_ocr.training.process JOB.json`, so that every process has its own Paddle with one thread: two
threads in one process gain 10 %, two processes 100 %.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import paddle
from pydantic import BaseModel, ConfigDict

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.models import package
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.session import Session
from drawing_ocr.text import Charset
from drawing_ocr.training import checkpoint, schedule
from drawing_ocr.training.augmentation import Pixels, augment
from drawing_ocr.training.batches import BatchOrder
from drawing_ocr.training.checkpoint import Checkpoint, TrainingState
from drawing_ocr.training.classifier import ClassifierRows
from drawing_ocr.training.collation import collate, ctc_loss, scaled_width
from drawing_ocr.training.distillation import distillation_loss, read_exactly
from drawing_ocr.training.drawn import drawn_lines
from drawing_ocr.training.lines import TextLine, TrainingDataError, read_guard_lines, read_lines, sample
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.validation import reader_of, score

INTERRUPTED: Final = 143
"""Exit status after SIGTERM: a checkpoint was written, the run can be continued."""

VALIDATED_LINES: Final = 64
"""Lines of each set that a process reads after an epoch; the whole sets are read once, at the end."""

_VALIDATION_SHARE: Final = 0.1  # of the time at most; short epochs pass without

# After 125 steps, 0.25 reads 0.975 of the regression set and 35 of 54 lines with new signs; 1.0, 0.992 and 23.
_DISTILLED: Final = 0.25
_CHOICE: Final = 8  # lines drawn for one that is taken; a line is drawn in 1 ms

_LOG_SECONDS: Final = 5.0
_GRADIENT_NORM: Final = 5.0
_WEIGHT_DECAY: Final = 1e-4
# `F.ctc_loss` gives a non-finite gradient now and then although the loss is finite; more than that is divergence.
_MOST_SKIPPED: Final = 0.2
_SKIPPED_FREELY: Final = 20


class TrainingDiverged(RuntimeError):
    """Gradients are not finite any more; the message is one line."""


class ProcessJob(BaseModel):
    """What one process does.

    Attributes:
        dataset: Folder in the dataset layout.
        regression: Folder of the frozen set; None without one.
        start: Folder of the exported recogniser to start from; its classes are those of the dataset's dictionary.
        checkpoints: Folder of this process.
        error: File for the reason of a failure.
        options: Of the run.
        process: Number of this process; number 0 prints the metrics.
        processes: How many there are.
        fingerprint: Of the run; see `TrainingState`.
        start_exact: What it reads of the validated lines of the dataset before the first step.
        base_regression_exact: What the base model reads of those of the frozen set; None without one.
    """

    model_config = ConfigDict(frozen=True)

    dataset: Path
    regression: Path | None
    start: Path
    checkpoints: Path
    error: Path
    options: TrainingOptions
    process: int
    processes: int
    fingerprint: str
    start_exact: float
    base_regression_exact: float | None


class _Process:
    def __init__(self, job: ProcessJob) -> None:
        self._job = job
        self._options = job.options
        self._stopped = False
        charset = Charset.load(job.dataset / "dict.txt")
        self._recogniser = Recogniser.load(job.start / package.WEIGHTS_NAME, charset)
        # ONNX Runtime reads in 0.4 of Paddle's time.
        self._base = Session(job.start / package.ONNX_NAME, threads=1)
        self._classes = self._recogniser.class_of()
        self._lines = read_lines(job.dataset, "rec_train.txt", charset)
        validation = read_lines(job.dataset, "rec_val.txt", charset)
        self._validation = sample(validation, VALIDATED_LINES, seed=self._options.seed)
        guard = read_guard_lines(job.regression, charset) if job.regression else []
        self._regression = sample(guard, VALIDATED_LINES, seed=self._options.seed)
        self._drawn = round(self._options.batch_size * self._options.synthetic_ratio)
        self._order = BatchOrder(
            [line.width for line in self._lines],
            max(1, self._options.batch_size - self._drawn),
            self._options.seed,
            job.process,
            job.processes,
        )
        self._parameters, self._optimiser = _optimiser(self._recogniser, self._options)
        self._rows = ClassifierRows(self._recogniser, {character for line in self._lines for character in line.text})
        # The start is the first best: training that never reads better stops soon, and gives back what it was given.
        self._state = TrainingState(fingerprint=job.fingerprint, best_exact=job.start_exact)
        self._best = self._weights()
        self._next_validation = 0.0

    def stop(self, *_: object) -> None:
        """The current step is the last; for signal handlers."""
        self._stopped = True

    def run(self) -> bool:
        """Trains to the end or until `stop`; False in the second case."""
        self._resume()
        if self._state.finished:
            return True
        self._tell(f"epochs={self._options.epochs} lines={len(self._lines)} step={self._state.step} starts")
        started = saved = time.monotonic()
        earlier = self._state.seconds
        logged = _Log(self._state.images, started)
        parent = os.getppid()
        while not self._state.finished:
            for indices in self._order.epoch(self._state.epoch)[self._state.batch :]:
                lr = self._set_rate()
                loss = self._step([self._lines[index] for index in indices])
                now = time.monotonic()
                self._state.seconds = earlier + now - started
                self._state.batch += 1
                self._state.step += 1
                logged.add(loss)
                if now - logged.since >= _LOG_SECONDS:
                    self._log(logged, lr, now)
                # Whoever started this process is gone, and with it the job: nobody waits for the result.
                if self._stopped or os.getppid() != parent:
                    self._save()
                    return False
                if now - saved >= self._options.checkpoint_seconds:
                    self._save()
                    saved = now
                if self._is_over():
                    self._state.finished = True
                    break
            else:
                self._end_epoch()
                self._state.seconds = earlier + time.monotonic() - started
        self._save()
        return True

    def _resume(self) -> None:
        found = checkpoint.latest(self._job.checkpoints, self._job.fingerprint)
        if found is None:
            return
        self._state = found.state
        self._best = found.best
        self._recogniser.load_state(found.weights)
        self._optimiser.set_state_dict(found.optimiser)
        self._tell(f"continues from step {self._state.step}")

    def _save(self) -> None:
        weights = self._recogniser.state()
        checkpoint.save(
            self._job.checkpoints, Checkpoint(self._state, weights, self._optimiser.state_dict(), self._best)
        )

    def _is_over(self) -> bool:
        return 0 < self._options.max_seconds <= self._state.seconds or 0 < self._options.max_steps <= self._state.step

    def _set_rate(self) -> float:
        """Sets the rate of the next step and returns it, for the backbone."""
        done = schedule.progress(
            self._state.step,
            self._steps(),
            self._state.seconds,
            self._options.max_seconds,
        )
        share = schedule.rate(done, warmup=self._options.warmup_ratio)
        self._optimiser.set_lr(share)
        return share * self._options.learning_rate

    def _steps(self) -> int:
        """How many there are at most."""
        steps = self._options.epochs * self._order.batches_per_epoch()
        return min(steps, self._options.max_steps or steps)

    def _step(self, lines: Sequence[TextLine]) -> float:
        """One step; its loss, or NaN when it was skipped."""
        generator = np.random.default_rng([self._options.seed, self._job.process, self._state.step])
        images, texts = self._examples(lines, generator)
        labels = [[self._classes[character] for character in text] for text in texts]
        batch = collate(images, labels, generator)
        logits = self._recogniser.logits(paddle.to_tensor(batch.images))
        base = self._base(batch.images)
        loss = ctc_loss(logits, batch)
        loss += _DISTILLED * distillation_loss(logits, base, read_exactly(base, labels))
        loss.backward()
        value = float(loss)
        self._state.images += len(images)
        if np.isfinite(value) and _finite(self._parameters):
            self._rows.step(self._optimiser)
        else:
            self._skipped()
            value = float("nan")
        self._optimiser.clear_grad()
        return value

    def _examples(self, lines: Sequence[TextLine], generator: np.random.Generator) -> tuple[list[Pixels], list[str]]:
        images = [augment(line.pixels(), generator) for line in lines]
        texts = [line.text for line in lines]
        pencil = Random(int(generator.integers(2**62)))
        count, share = self._drawn * _CHOICE, self._options.drawn_dimensions
        drawn = list(drawn_lines(pencil, count, self._classes.keys(), share))
        # One long line among short ones would make the whole batch wide, and slow.
        widest = max(scaled_width(image) for image in images)
        drawn.sort(key=lambda each: abs(scaled_width(each[0]) - widest))
        images += [picture for picture, _ in drawn[: self._drawn]]
        texts += [text for _, text in drawn[: self._drawn]]
        return images, texts

    def _skipped(self) -> None:
        self._state.skipped += 1
        if self._state.skipped > max(_SKIPPED_FREELY, _MOST_SKIPPED * self._state.step):
            raise TrainingDiverged(
                f"{self._state.skipped} of {self._state.step + 1} steps had no finite gradient: "
                "lower learning_rate and head_learning_rate"
            )

    def _end_epoch(self) -> None:
        """Validates, keeps the best weights, and decides whether another epoch follows."""
        state = self._state
        state.epoch += 1
        state.batch = 0
        last = state.epoch >= self._options.epochs
        state.finished = last or self._is_over()
        if state.finished or not self._options.early_stop_patience:
            return  # the whole sets are read by the caller
        began = time.monotonic()
        if began < self._next_validation:
            return
        reader = reader_of(self._recogniser)
        validation = score(reader, self._validation)
        metrics = {
            "epoch": state.epoch,
            "val_exact": validation.exact,
            "val_one_minus_ned": validation.one_minus_ned,
        }
        better = validation.exact > state.best_exact
        if better and self._regression and self._job.base_regression_exact is not None:
            regression = score(reader, self._regression).exact
            metrics["regression_exact"] = regression
            # One line of the sample is more than the whole guard: it is forgiven here, not at the end.
            allowed = self._options.max_regression_drop + 1 / len(self._regression)
            better = self._job.base_regression_exact - regression <= allowed + 1e-9
        ended = time.monotonic()
        self._next_validation = ended + (ended - began) * (1 / _VALIDATION_SHARE - 1)
        state.history.append(metrics)
        self._tell(metric_line(metrics))
        if better:
            state.best_exact = validation.exact
            state.epochs_without_gain = 0
            self._best = self._weights()
        else:
            state.epochs_without_gain += 1
            if state.epochs_without_gain >= self._options.early_stop_patience:
                self._tell(f"no better validation for {state.epochs_without_gain} epochs: stops early")
                state.finished = True
                self._recogniser.load_state(self._best)

    def _weights(self) -> dict[str, Any]:
        return {name: value.clone() for name, value in self._recogniser.state().items()}

    def _log(self, logged: _Log, lr: float, now: float) -> None:
        speed = (self._state.images - logged.images) / (now - logged.since) * self._job.processes
        loss = logged.mean()
        self._state.losses.append({"step": self._state.step, "loss": loss, "lr": lr})
        self._tell(f"step={self._state.step} loss={loss:.4f} lr={lr:.6f} images_per_second={speed:.1f}")
        logged.restart(self._state.images, now)

    def _tell(self, text: str) -> None:
        if self._job.process == 0:
            print(text, flush=True)


class _Log:
    """Losses since the last line of the log."""

    def __init__(self, images: int, since: float) -> None:
        self.restart(images, since)

    def restart(self, images: int, since: float) -> None:
        self.images = images
        self.since = since
        self._losses: list[float] = []

    def add(self, loss: float) -> None:
        if np.isfinite(loss):
            self._losses.append(loss)

    def mean(self) -> float:
        return float(np.mean(self._losses)) if self._losses else 0.0


def _optimiser(recogniser: Recogniser, options: TrainingOptions) -> tuple[list[Any], Any]:
    """Trained parameters, and AdamW with a rate of its own for the classifier.

    The whole network stays in evaluation mode: batch norms keep the statistics of millions of lines, which a few
    thousand would only disturb; nothing in it drops out.
    """
    network = recogniser.network
    network.eval()
    backbone = list(network.model.parameters())
    for parameter in backbone:
        parameter.stop_gradient = options.freeze_backbone
    body = [] if options.freeze_backbone else backbone
    body += list(network.head.encoder.parameters())
    classifier = list(network.head.head.parameters())
    groups: Any = [
        {"params": body, "learning_rate": options.learning_rate},
        {"params": classifier, "learning_rate": options.head_learning_rate},
    ]
    # 1.0: times the share of the schedule, times the rate of the group.
    optimiser = paddle.optimizer.AdamW(
        learning_rate=1.0,
        parameters=groups,
        weight_decay=_WEIGHT_DECAY,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
    )
    return body + classifier, optimiser


def _finite(parameters: Sequence[Any]) -> bool:
    """Whether every gradient is finite; one number is taken off the device, not one a parameter."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return bool(np.isfinite(float(paddle.stack([(gradient * gradient).sum() for gradient in gradients]).sum())))


def metric_line(metrics: dict[str, float]) -> str:
    """`epoch=3 val_exact=0.9125 …`, as the training job's metric definitions read it."""
    return " ".join(
        f"{name}={value:.4f}" if isinstance(value, float) else f"{name}={value}" for name, value in metrics.items()
    )


def main(path: Path) -> int:
    """Runs the job of a JSON file; the exit status."""
    job = ProcessJob.model_validate_json(path.read_bytes())
    try:
        with paddle.utils.unique_name.guard():
            process = _Process(job)
        signal.signal(signal.SIGTERM, process.stop)
        return 0 if process.run() else INTERRUPTED
    except (TrainingDataError, TrainingDiverged) as error:
        write_atomically(job.error, str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
