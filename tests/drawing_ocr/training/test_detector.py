"""Training of the detector: it moves towards its target, and a run that was stopped ends as one that was not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import paddle
import pytest

from drawing_ocr.models.detector import Detector
from drawing_ocr.models.official import detector_onnx, import_detector
from drawing_ocr.reading.session import Session
from drawing_ocr.training import detector as training
from drawing_ocr.training.checkpoint import TrainingState
from drawing_ocr.training.detector import DetectorOptions, TrainingDiverged, train_detector
from drawing_ocr.training.detector_crops import Piece
from drawing_ocr.training.detector_loss import detection_loss

SIDE = 64


@pytest.fixture(scope="module")
def official() -> Session:
    return Session(detector_onnx(), threads=1)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """One black bar a piece, at the step's own place: two steps take a quarter of a second."""

    def draw(pencil: Random, count: int) -> list[Piece]:
        pieces = []
        for _ in range(count):
            pixels = np.full((SIDE, SIDE, 3), 255, np.uint8)
            top = pencil.randint(8, 40)
            pixels[top : top + 12, 10:54] = 0
            quad = np.array([[10, top], [54, top], [54, top + 12], [10, top + 12]], np.float32)
            pieces.append(Piece(pixels, (quad,), ()))
        return pieces

    monkeypatch.setattr(training, "draw_pieces", draw)


def train(
    official: Session, folder: Path, options: DetectorOptions, tell: Callable[[str], None] = lambda _: None
) -> tuple[Detector, TrainingState]:
    """As in a process of its own, where the names by which checkpoints know parameters begin anew."""
    with paddle.utils.unique_name.guard():
        detector = import_detector()
        return detector, train_detector(detector, official, options=options, checkpoints=folder, tell=tell)


def weights(detector: Detector) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in detector.network.state_dict().items()}


def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    official: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = DetectorOptions(steps=4, sheets=1, pieces=1, seed=3, checkpoint_seconds=0)
    whole, done = train(official, tmp_path / "whole", options)
    assert (done.step, done.images, done.finished) == (4, 4, True)

    step = detection_loss
    calls = iter(range(3))

    def killed(*arguments: object) -> object:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "detection_loss", killed)
    with pytest.raises(KeyboardInterrupt):
        train(official, tmp_path / "parts", options)
    monkeypatch.setattr(training, "detection_loss", step)
    told: list[str] = []
    parts, _ = train(official, tmp_path / "parts", options, told.append)
    assert told[0] == "continues from step 2"
    for name, value in weights(whole).items():
        assert np.allclose(value, weights(parts)[name], atol=1e-5), name


def test_training_makes_the_map_more_like_its_target_and_leaves_stem_and_statistics(
    official: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_LOG_SECONDS", 0.0)
    before = weights(import_detector())
    options = DetectorOptions(steps=12, sheets=1, pieces=2, rate=1e-3, backbone_rate=3e-4)
    detector, state = train(official, tmp_path, options)
    moved = {name for name, value in weights(detector).items() if not np.array_equal(value, before[name])}
    assert moved
    assert not [name for name in moved if "encoder.convolution" in name or name.endswith(("_mean", "_variance"))]
    losses = [entry["loss"] for entry in state.losses]
    assert np.mean(losses[-3:]) < 0.7 * np.mean(losses[:3])


def test_gradients_that_are_not_finite_end_the_run_in_one_line(
    official: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_MOST_SKIPPED", 1)
    monkeypatch.setattr(training, "_finite", lambda _: False)
    with pytest.raises(TrainingDiverged, match="2 steps had no finite gradient: lower rate"):
        train(official, tmp_path, DetectorOptions(steps=9, sheets=1, pieces=1))
