from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paddle
import pytest

from drawing_ocr.models import package
from drawing_ocr.models.export import export_recogniser
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.text import Charset, CharsetError
from drawing_ocr.training import checkpoint
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.process import ProcessJob
from drawing_ocr.training.recogniser import TrainingFailed, TrainingResult, train_recogniser
from tests.training_process import Trainer, trainer


def train(dataset: Path, base: Path, folder: Path, **options: object) -> TrainingResult:
    chosen = {"epochs": 1, "batch_size": 8, "early_stop_patience": 0, **options}
    return train_recogniser(
        dataset,
        base,
        folder / "model",
        options=TrainingOptions.model_validate(chosen),
        checkpoints=folder / "checkpoints",
        parent=package.Parent(sha256="0" * 64),
        summary={"lines": 32},
        regression=dataset,
    )


@pytest.mark.slow
def test_two_processes_train_and_their_mean_becomes_a_complete_package(
    dataset: Path, base: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = train(dataset, base, tmp_path, processes=2, synthetic_ratio=0.25)
    info = package.check_folder(tmp_path / "model")
    assert info.recogniser.characters == 13
    assert info.training is not None
    assert info.training["dataset"] == {"lines": 32}
    assert result.new_characters == ("⌀",)
    assert [state.finished for state in result.processes] == [True, True]
    # 16 lines each in batches of 6 of them and 2 drawn ones
    assert [state.step for state in result.processes] == [3, 3]
    assert result.images == 32 + 2 * 3 * 2
    printed = capfd.readouterr().out
    assert re.search(
        r"^epoch=0 val_exact=\d\.\d{4} val_one_minus_ned=\d\.\d{4} regression_exact=\d\.\d{4}$", printed, re.M
    )
    ends = [checkpoint.latest(tmp_path / f"checkpoints/process-{n}", state_of(tmp_path, n)) for n in (0, 1)]
    assert all(end is not None for end in ends)
    name = "head.encoder.norm.weight"
    means = np.mean([end.weights[name].numpy() for end in ends if end is not None], axis=0)
    written = paddle.load(str(tmp_path / "model/recogniser/weights.pdparams"))[name].numpy()
    if result.kept_share == 1.0:
        np.testing.assert_allclose(written, means, atol=1e-6)


def state_of(folder: Path, number: int) -> str:
    """The fingerprint of the newest checkpoint of a process."""
    newest = sorted((folder / f"checkpoints/process-{number}").glob("step-*"))[-1]
    found = re.search(r'"fingerprint":"(\w+)"', (newest / "state.json").read_text("utf-8"))
    assert found is not None
    return found.group(1)


def test_a_dataset_of_another_base_is_refused(dataset: Path, base: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset, tmp_path / "dataset"))
    (copy / "dict.txt").write_text("⌀\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n.\nR\n", "utf-8")
    with pytest.raises(CharsetError, match="where the base model has '0'"):
        train(copy, base, tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_a_failing_process_gives_its_reason(dataset: Path, base: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset, tmp_path / "dataset"))
    for file in (copy / "crops").glob("train-*.png"):
        file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(TrainingFailed, match=r"training process 0: .*train-\d+\.png: cannot be"):
        train(copy, base, tmp_path, processes=1, new_row_steps=0)
    assert not (tmp_path / "model" / "package.json").exists()


@pytest.fixture(scope="module")
def start(dataset: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported recogniser of the base, extended by the dataset's characters."""
    folder = tmp_path_factory.mktemp("start")
    recogniser = Recogniser.load(base / "recogniser/weights.pdparams", Charset.load(base / "recogniser/dict.txt"))
    export_recogniser(recogniser.extended(Charset.load(dataset / "dict.txt")), folder)
    return folder


def job(dataset: Path, start: Path, folder: Path, *, epochs: int) -> ProcessJob:
    folder.mkdir(exist_ok=True)
    return ProcessJob(
        dataset=dataset,
        regression=None,
        start=start,
        checkpoints=folder / "checkpoints",
        error=folder / "error",
        options=TrainingOptions(epochs=epochs, batch_size=4, early_stop_patience=0, synthetic_ratio=0),
        process=0,
        processes=1,
        fingerprint="run",
        start_exact=0.0,
        base_regression_exact=None,
    )


@pytest.fixture(scope="module")
def processes() -> Iterator[Trainer]:
    with trainer() as started:
        yield started


def test_training_that_never_reads_better_gives_back_what_it_was_given(
    processes: Trainer, dataset: Path, start: Path, tmp_path: Path
) -> None:
    given = job(dataset, start, tmp_path, epochs=9)
    options = given.options.model_copy(update={"early_stop_patience": 1})
    processes.start(given.model_copy(update={"options": options, "start_exact": 1.0}))
    assert processes.status() == 0
    assert "stops early" in processes.printed
    end = checkpoint.latest(given.checkpoints, "run")
    assert end is not None
    assert 0 < end.state.epoch < 9
    for name, value in paddle.load(str(given.start / "weights.pdparams")).items():
        np.testing.assert_array_equal(end.weights[name].numpy(), value.numpy(), err_msg=name)


def test_training_ends_after_the_steps_that_it_is_allowed(
    processes: Trainer, dataset: Path, start: Path, tmp_path: Path
) -> None:
    short = job(dataset, start, tmp_path, epochs=9)
    processes.start(short.model_copy(update={"options": short.options.model_copy(update={"max_steps": 3})}))
    assert processes.status() == 0
    end = checkpoint.latest(short.checkpoints, "run")
    assert end is not None
    assert (end.state.step, end.state.finished) == (3, True)


@pytest.mark.slow
def test_a_process_whose_parent_was_killed_ends_with_a_checkpoint(dataset: Path, start: Path, tmp_path: Path) -> None:
    orphan = job(dataset, start, tmp_path, epochs=1000)
    with trainer() as parent:
        child = parent.start(orphan)
        parent.wait_for("starts")
        parent.kill()
    deadline = time.monotonic() + 200
    while checkpoint.latest(orphan.checkpoints, "run") is None:
        assert time.monotonic() < deadline, f"process {child} goes on without its parent"
        time.sleep(0.2)


def test_an_interrupted_process_continues_to_the_same_weights(
    processes: Trainer, dataset: Path, start: Path, tmp_path: Path
) -> None:
    whole = job(dataset, start, tmp_path / "whole", epochs=1)
    processes.start(whole)
    assert processes.status() == 0

    broken = job(dataset, start, tmp_path / "broken", epochs=1)
    started = time.monotonic()
    process = processes.start(broken)
    processes.wait_for("starts")
    os.kill(process, signal.SIGTERM)
    assert processes.status() == 143
    assert time.monotonic() - started < 60
    middle = checkpoint.latest(broken.checkpoints, "run")
    assert middle is not None
    assert 0 < middle.state.step < 8
    processes.start(broken)
    assert processes.status() == 0
    assert f"continues from step {middle.state.step}" in processes.printed

    ends = [checkpoint.latest(one.checkpoints, "run") for one in (whole, broken)]
    assert ends[0] is not None
    assert ends[1] is not None
    assert ends[0].state.step == ends[1].state.step == 8
    for name, value in ends[0].weights.items():
        np.testing.assert_allclose(ends[1].weights[name].numpy(), value.numpy(), atol=2e-4, err_msg=name)
