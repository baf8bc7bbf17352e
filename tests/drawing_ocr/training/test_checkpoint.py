from __future__ import annotations

from pathlib import Path

import paddle
import pytest

from drawing_ocr.training.checkpoint import Checkpoint, TrainingState, latest, save


def checkpoint(step: int, fingerprint: str = "run") -> Checkpoint:
    weights = {"weight": paddle.full([2, 2], float(step))}
    state = TrainingState(fingerprint=fingerprint, step=step)
    return Checkpoint(state, weights, {"moment": weights["weight"]}, best=weights)


def test_the_newest_checkpoint_is_read_and_two_are_kept(tmp_path: Path) -> None:
    for step in (5, 10, 15):
        save(tmp_path, checkpoint(step))
    found = latest(tmp_path, "run")
    assert found is not None
    assert found.state.step == 15
    assert float(found.weights["weight"][0, 0]) == 15.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000010", "step-00000015"]


@pytest.mark.parametrize("name", ["weights.pdparams", "best.pdparams", "optimiser.pdopt", "state.json"])
def test_a_half_written_checkpoint_is_passed_over(tmp_path: Path, name: str) -> None:
    save(tmp_path, checkpoint(5))
    file = save(tmp_path, checkpoint(10)) / name
    file.write_bytes(file.read_bytes()[:-7])
    found = latest(tmp_path, "run")
    assert found is not None
    assert found.state.step == 5


def test_a_checkpoint_with_a_missing_file_is_passed_over(tmp_path: Path) -> None:
    (save(tmp_path, checkpoint(5)) / "weights.pdparams").unlink()
    assert latest(tmp_path, "run") is None


def test_a_checkpoint_of_another_run_is_not_continued(tmp_path: Path) -> None:
    save(tmp_path, checkpoint(5, "another"))
    assert latest(tmp_path, "run") is None
