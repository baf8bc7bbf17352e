"""Incremental training of the recogniser, from a model package and a dataset to the next model package.

The recipe: first the rows of characters that the base does not find are fitted alone, quiet in lines without them; then
all layers learn at a low rate and the classifier at ten times of it, but for its rows that no label needs; batch norms
are left as they are; old lines are mixed in by the dataset; lines that the base reads right are distilled; independent
processes on their shares of the lines are averaged at the end (facts: two averaged beat one trained for as long); last,
the step from the fitted to the trained weights is shortened until the guard's half of the frozen regression set is held
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import paddle

from drawing_ocr.models import package
from drawing_ocr.models.derive import write_derived_package
from drawing_ocr.models.export import export_recogniser
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.recogniser import Recogniser as Reader
from drawing_ocr.reading.session import Session
from drawing_ocr.text import Charset
from drawing_ocr.training import checkpoint
from drawing_ocr.training.checkpoint import TrainingState
from drawing_ocr.training.drawn import drawn_lines, strangers
from drawing_ocr.training.lines import read_guard_lines, read_lines, sample
from drawing_ocr.training.new_rows import choose, fit_rows
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.process import INTERRUPTED, VALIDATED_LINES, ProcessJob, metric_line
from drawing_ocr.training.validation import Score, score

_MOST_PROCESSES: Final = 4
_JUDGED_LINES: Final = 400
"""Lines of each set that decide at the end; two cores read them in 4 s."""

_GUARD_MARGIN: Final = 0.5
"""Of what may be lost: the lines that training never sees lose more than those by which it was judged."""

_FITTED_LINES: Final = 480
"""Lines of the dataset on which rows of new characters are fitted; drawn ones come to them."""

_STRANGERS: Final = 240
"""Lines of characters that no label shows, in which fitted rows stay quiet."""

_STEPS_BACK: Final = (1.0, 0.9, 0.8, 0.6, 0.4, 0.2)
"""Shares of the way from the fitted to the trained weights that are tried, the longest first."""


class TrainingInterrupted(RuntimeError):
    """SIGTERM came; checkpoints were written and the same call continues."""


class TrainingFailed(RuntimeError):
    """A process could not train; the message is one line."""


@dataclass(frozen=True)
class TrainingResult:
    """What a run did.

    Attributes:
        base: How the base model reads the validation set and, if there is one, the guard's half of the regression set.
        trained: The same for the new version.
        kept_share: How far the weights went from the fitted to the trained; 1 unless the regression set asked for less.
        new_characters: What the classifier was extended by.
        processes: States in which they ended, by number.
        seconds: Wall time of the whole run, this attempt only.
    """

    base: dict[str, Score]
    trained: dict[str, Score]
    kept_share: float
    new_characters: tuple[str, ...]
    processes: tuple[TrainingState, ...]
    seconds: float

    @property
    def images(self) -> int:
        """Lines trained on, by all processes."""
        return sum(state.images for state in self.processes)

    @property
    def images_per_second(self) -> float:
        return sum(state.images / state.seconds for state in self.processes if state.seconds)


def train_recogniser(
    dataset: Path,
    base: Path,
    out: Path,
    *,
    options: TrainingOptions,
    checkpoints: Path,
    parent: package.Parent,
    summary: dict[str, Any],
    regression: Path | None = None,
) -> TrainingResult:
    """Trains the recogniser of a model package further.

    Args:
        dataset: In the dataset layout; its `dict.txt` begins with the base's.
        base: Unpacked model package.
        out: Folder for the new unpacked package; filled only at the end, `package.json` last.
        options: The recipe's numbers.
        checkpoints: Kept between attempts; an interrupted run continues from here in the same order.
        parent: How the base is called, for the package.
        summary: Of the dataset, for the package.
        regression: Frozen set in the dataset layout; what is read of it must not fall.

    Raises:
        TrainingDataError: The dataset cannot be trained on.
        drawing_ocr.text.CharsetError: Its dictionary does not continue the base's.
        TrainingInterrupted: SIGTERM came, within `interruptible`.
        TrainingFailed: A process failed.
    """
    started = time.monotonic()
    processes = _processes(options)
    with tempfile.TemporaryDirectory(prefix="training-") as temporary:
        work = Path(temporary)
        charset = Charset.load(dataset / "dict.txt")
        base_charset = Charset.load(base / package.RECOGNISER / package.DICTIONARY_NAME)
        start = Recogniser.load(base / package.RECOGNISER / package.WEIGHTS_NAME, base_charset)
        start = start.extended(charset)
        judge = _Judge(dataset, regression, charset, options.seed, threads=processes)
        reader = judge.reader(base / package.RECOGNISER, base_charset)
        before = judge.scores(reader)
        print(_metrics(0, before), flush=True)
        _fit_new_rows(start, dataset, options, threads=processes)
        # The way back ends here and not before the fit: a row that is a little new and mostly absent reads nothing.
        old = {name: value.clone() for name, value in start.state().items()}
        export_recogniser(start, work / "start")
        fitted = judge.reader(work / "start", charset)
        jobs = [
            ProcessJob(
                dataset=dataset,
                regression=regression,
                start=work / "start",
                checkpoints=checkpoints / f"process-{number}",
                error=work / f"process-{number}.error",
                options=options,
                process=number,
                processes=processes,
                fingerprint=_fingerprint(dataset, base, options),
                start_exact=judge.validated(fitted, "val"),
                base_regression_exact=judge.validated(reader, "regression") if regression else None,
            )
            for number in range(processes)
        ]
        _run(jobs, work)
        states, weights = _averaged(jobs)
        share, trained, after = _shorten(start, old, weights, judge, before, options, work)
        epochs = max(state.epoch for state in states) + any(state.batch for state in states)
        print(_metrics(epochs, after), flush=True)

        result = TrainingResult(
            base=before,
            trained=after,
            kept_share=share,
            new_characters=charset.characters[len(base_charset.characters) :],
            processes=tuple(states),
            seconds=time.monotonic() - started,
        )
        _write_package(base, trained, out, options, parent, summary, result)
    return result


def _processes(options: TrainingOptions) -> int:
    if paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count():
        return 1
    return options.processes or min(_MOST_PROCESSES, os.cpu_count() or 1)


def _fingerprint(dataset: Path, base: Path, options: TrainingOptions) -> str:
    digest = hashlib.sha256(options.model_dump_json().encode())
    digest.update(package.read_info(base).recogniser.sha256.encode())
    for name in ("rec_train.txt", "rec_val.txt", "dict.txt"):
        digest.update((dataset / name).read_bytes())
    return digest.hexdigest()


def _averaged(jobs: Sequence[ProcessJob]) -> tuple[list[TrainingState], dict[str, Any]]:
    """How the processes ended, and the mean of their weights."""
    found = [checkpoint.latest(job.checkpoints, job.fingerprint) for job in jobs]
    ends = [end for end in found if end is not None and end.state.finished]
    if len(ends) != len(jobs):
        raise TrainingFailed(
            f"{jobs[0].checkpoints.parent}: a process left no checkpoint of its end: is the disk full?"
        )
    mean = {
        name: np.mean([end.weights[name].numpy() for end in ends], axis=0, dtype=np.float32) for name in ends[0].weights
    }
    return [end.state for end in ends], {name: paddle.to_tensor(value) for name, value in mean.items()}


def _run(jobs: Sequence[ProcessJob], work: Path) -> None:
    """Starts a process for each job and waits; SIGTERM and failures reach all of them."""
    # Further threads of one process only take the cores from the other processes.
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        for job in jobs:
            path = work / f"process-{job.process}.json"
            path.write_text(job.model_dump_json(), "utf-8")
            command = [sys.executable, "-m", "drawing_ocr.training.process", str(path)]
            running.append(subprocess.Popen(command, env=environment))
        while any(process.poll() is None for process in running):
            if any(process.returncode for process in running):
                break
            time.sleep(0.2)
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
        for process in running:
            process.wait()
    for job, process in zip(jobs, running, strict=True):
        if process.returncode == INTERRUPTED:
            continue
        if process.returncode:
            reason = job.error.read_text("utf-8") if job.error.exists() else f"ended with status {process.returncode}"
            raise TrainingFailed(f"training process {job.process}: {reason}")
    if any(process.returncode for process in running):
        raise TrainingInterrupted("training processes were told to stop: start the same job again to continue")


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, SIGTERM raises TrainingInterrupted wherever the run is."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the checkpoints are written in peace
        raise TrainingInterrupted("stopped by SIGTERM: start the same job again to continue")

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


class _Judge:
    """Reads the sets that decide with exported models."""

    def __init__(self, dataset: Path, regression: Path | None, charset: Charset, seed: int, *, threads: int) -> None:
        self._threads = threads
        self._seed = seed
        self._lines = {"val": read_lines(dataset, "rec_val.txt", charset)}
        if regression is not None:
            self._lines["regression"] = read_guard_lines(regression, charset)
        self._sets = {name: sample(lines, _JUDGED_LINES, seed=seed) for name, lines in self._lines.items()}

    def reader(self, folder: Path, charset: Charset) -> Reader:
        return Reader(Session(folder / package.ONNX_NAME, threads=self._threads), charset.characters)

    def scores(self, reader: Reader, *names: str) -> dict[str, Score]:
        """How the lines of the named sets, or of all, are read."""
        return {name: score(reader, self._sets[name]) for name in names or self._sets}

    def validated(self, reader: Reader, name: str) -> float:
        """Exact share of the lines of a set that the processes read after an epoch."""
        return score(reader, sample(self._lines[name], VALIDATED_LINES, seed=self._seed)).exact


def _fit_new_rows(start: Recogniser, dataset: Path, options: TrainingOptions, *, threads: int) -> None:
    """Fits what the base does not find, on lines of the dataset and drawn ones in the shares of the training."""
    if not options.new_row_steps:
        return
    began = time.monotonic()
    lines = choose(read_lines(dataset, "rec_train.txt", start.charset), _FITTED_LINES, seed=options.seed)
    drawn = round(len(lines) * options.synthetic_ratio / (1 - options.synthetic_ratio))
    examples = [(line.pixels(), line.text) for line in lines]
    examples += drawn_lines(Random(options.seed), drawn, start.class_of().keys(), options.drawn_dimensions)
    labelled = {character for _, text in examples for character in text}
    unlabelled = sorted(start.class_of().keys() - labelled)
    fitted = fit_rows(
        start,
        examples,
        steps=options.new_row_steps,
        seed=options.seed,
        threads=threads,
        strangers=list(strangers(Random(options.seed), _STRANGERS, unlabelled)),
    )
    seconds = time.monotonic() - began
    print(f"new_rows={len(fitted)} lines={len(examples)} seconds={seconds:.1f} fitted: {fitted or 'none'}", flush=True)


def _shorten(
    start: Recogniser,
    old: dict[str, Any],
    weights: dict[str, Any],
    judge: _Judge,
    before: dict[str, Score],
    options: TrainingOptions,
    work: Path,
) -> tuple[float, Recogniser, dict[str, Score]]:
    """The longest step from the fitted to the trained weights that holds the regression set; the shortest if none."""
    for share in _STEPS_BACK:
        start.load_state({name: old[name] * (1 - share) + weights[name] * share for name in old})
        folder = work / f"share-{share}"
        export_recogniser(start, folder)
        reader = judge.reader(folder, start.charset)
        shutil.rmtree(folder)
        if "regression" not in before:
            return share, start, judge.scores(reader)
        after = judge.scores(reader, "regression")
        drop = before["regression"].exact - after["regression"].exact
        if drop <= options.max_regression_drop * _GUARD_MARGIN + 1e-9:
            break
        print(f"kept_share={share} regression_drop={drop:.4f}: too much, goes back towards the start", flush=True)
    return share, start, judge.scores(reader, "val") | after


def _metrics(epoch: int, scores: dict[str, Score]) -> str:
    metrics: dict[str, float] = {
        "epoch": epoch,
        "val_exact": scores["val"].exact,
        "val_one_minus_ned": scores["val"].one_minus_ned,
    }
    if "regression" in scores:
        metrics["regression_exact"] = scores["regression"].exact
    return metric_line(metrics)


def _write_package(
    base: Path,
    recogniser: Recogniser,
    out: Path,
    options: TrainingOptions,
    parent: package.Parent,
    summary: dict[str, Any],
    result: TrainingResult,
) -> None:
    # Inside `out`, because SageMaker's model folder is a mount, which cannot be replaced.
    out.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=out, prefix=".partial-"))
    try:
        write_derived_package(
            base,
            recogniser,
            partial,
            parent=parent,
            training={"hyperparameters": options.model_dump(), "dataset": summary},
            metrics={
                "base": {name: vars(value) for name, value in result.base.items()},
                "trained": {name: vars(value) for name, value in result.trained.items()},
                "kept_share": result.kept_share,
            },
        )
        for name in (package.DETECTOR, package.RECOGNISER, package.INFO_NAME):
            os.replace(partial / name, out / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
