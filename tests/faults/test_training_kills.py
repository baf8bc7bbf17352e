"""Training is killed at fifty random instants and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from drawing_ocr.models.export import export_recogniser
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.text import Charset
from drawing_ocr.training import checkpoint
from drawing_ocr.training.checkpoint import Checkpoint
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.process import INTERRUPTED, ProcessJob
from tests.tiny_training import write_base, write_dataset
from tests.training_process import trainer

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(420)]

KILLS = 50
EPOCHS = 2
# A kill comes at any instant of the start and of so much of the undisturbed run: some before the first step, some while
# a checkpoint is written, on a machine of whatever speed.
SHARE = 1 / 12
TOLERANCE = 2e-4  # of a weight: sums over threads may be taken in another order


def job(folder: Path, dataset: Path, start: Path) -> ProcessJob:
    folder.mkdir()
    return ProcessJob(
        dataset=dataset,
        regression=None,
        start=start,
        checkpoints=folder / "checkpoints",
        error=folder / "error",
        options=TrainingOptions(
            epochs=EPOCHS, batch_size=4, early_stop_patience=0, synthetic_ratio=0.25, checkpoint_seconds=0.3
        ),
        process=0,
        processes=1,
        fingerprint="run",
        start_exact=0.0,
        base_regression_exact=None,
    )


def end_of(one: ProcessJob) -> Checkpoint:
    found = checkpoint.latest(one.checkpoints, "run")
    assert found is not None
    assert found.state.finished
    return found


def assert_same(left: Checkpoint, right: Checkpoint) -> None:
    assert (left.state.step, left.state.images) == (right.state.step, right.state.images)
    for name, value in left.weights.items():
        np.testing.assert_allclose(right.weights[name].numpy(), value.numpy(), atol=TOLERANCE, err_msg=name)


def test_fifty_kills_at_random_instants_change_nothing(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    write_dataset(dataset)
    folder = write_base(tmp_path / "base") / "recogniser"
    recogniser = Recogniser.load(folder / "weights.pdparams", Charset.load(folder / "dict.txt"))
    export_recogniser(recogniser.extended(Charset.load(dataset / "dict.txt")), tmp_path / "start")

    whole = job(tmp_path / "whole", dataset, tmp_path / "start")
    with trainer() as undisturbed:
        undisturbed.start(whole)
        forked = time.monotonic()  # the first start loads Paddle, which the later ones have
        undisturbed.wait_for("starts")
        ready = time.monotonic()
        assert undisturbed.status() == 0
        longest = ready - forked + SHARE * (time.monotonic() - ready)
    expected = end_of(whole)

    broken = job(tmp_path / "broken", dataset, tmp_path / "start")
    chance = random.Random(20_261_121)
    reached: set[int] = set()
    ended: Counter[int] = Counter()
    last = 0
    with trainer() as disturbed:
        while ended.total() - ended[0] < KILLS:
            process = disturbed.start(broken)
            time.sleep(chance.uniform(0, longest))
            with suppress(ProcessLookupError):
                os.kill(process, chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            status = disturbed.status()
            ended[status] += 1
            if status == 0:  # faster than the kills: once more from the start
                assert_same(expected, end_of(broken))
                shutil.rmtree(broken.checkpoints)
                last = 0
                continue
            found = checkpoint.latest(broken.checkpoints, "run")
            step = found.state.step if found else 0
            assert step >= last, "a kill lost a step that a checkpoint held"
            reached.add(last := step)
        disturbed.start(broken)
        assert disturbed.status() == 0
    assert_same(expected, end_of(broken))

    assert set(ended) <= {0, -signal.SIGKILL, -signal.SIGTERM, INTERRUPTED}
    assert ended[-signal.SIGKILL] >= KILLS // 2
    assert ended[INTERRUPTED] >= 3, "SIGTERM wrote no checkpoint"
    assert len(reached) >= 10, "hardly a kill came between two checkpoints"
