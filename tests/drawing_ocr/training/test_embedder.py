from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from drawing_ocr.models.embedder import Embedder
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.figure import Part
from drawing_ocr.training import embedder, embedder_batches
from drawing_ocr.training.contrastive import contrastive_loss
from drawing_ocr.training.embedder import Training, main
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch
from drawing_ocr.training.embedder_checkpoint import WEIGHTS_NAME, read_state
from drawing_ocr.training.embedder_options import EmbedderOptions
from drawing_ocr.training.whitening import fit_whitening

TINY = EmbedderOptions(families=2, members=2, drawings=2, sizes=(32,), max_steps=4, validation_families=2)


def test_a_batch_is_decided_by_its_number_and_holds_every_part_as_often() -> None:
    plan = BatchPlan(families=3, members=2, drawings=2, size=64)
    pictures, labels = draw_batch(1, 5, plan)
    again, _ = draw_batch(1, 5, plan)
    np.testing.assert_array_equal(pictures, again)
    assert pictures.shape == (12, 64, 64)
    assert (np.bincount(labels) >= 2).all()
    assert (pictures.reshape(12, -1).max(axis=1) > 0).all()


def test_the_families_of_a_batch_are_of_so_many_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = set()

    def seen(family: int, member: int = 0, revision: int = 0) -> Part:
        part = draw_part(family, member, revision)
        drawn.add((family, part.kind))
        return part

    monkeypatch.setattr(embedder_batches, "draw_part", seen)
    draw_batch(1, 1, BatchPlan(families=6, members=2, drawings=2, size=32, kinds=2))
    assert (len(drawn), len({kind for _, kind in drawn})) == (6, 2)


def test_the_loss_is_that_of_the_paper() -> None:
    generator = np.random.default_rng(1)
    vectors, labels = generator.normal(size=(6, 4)).astype(np.float32), np.array([0, 0, 1, 1, 1, 0])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    terms = []
    for i in range(6):
        others = [j for j in range(6) if j != i]
        below = np.log(sum(np.exp(unit[i] @ unit[j] / 0.1) for j in others))
        positives = [j for j in others if labels[j] == labels[i]]
        terms.append(-np.mean([unit[i] @ unit[j] / 0.1 - below for j in positives]))
    loss = contrastive_loss(paddle.to_tensor(vectors), paddle.to_tensor(labels), 0.1)
    assert float(loss) == pytest.approx(float(np.mean(terms)), rel=1e-4)


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with paddle.utils.unique_name.guard():  # Paddle numbers names through a process; each run is a process of its own
        whole = Training(tmp_path / "whole", TINY)
        whole.run(checkpoint_seconds=1000, validation_seconds=1000)
    with paddle.utils.unique_name.guard():
        _run_until_the_third_step(tmp_path / "broken", monkeypatch)
    assert read_state(tmp_path / "broken").step == 2
    with paddle.utils.unique_name.guard():
        resumed = Training(tmp_path / "broken", TINY)
        resumed.run(checkpoint_seconds=1000, validation_seconds=1000)

    assert resumed.state.step == whole.state.step == 4
    weights = resumed.network.state_dict()
    for name, value in whole.network.state_dict().items():
        np.testing.assert_allclose(weights[name].numpy(), value.numpy(), atol=1e-5, err_msg=name)


def test_a_run_goes_on_from_the_weights_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / WEIGHTS_NAME
    paddle.save(Embedder().state_dict(), str(weights))
    begun: list[Training] = []
    monkeypatch.setattr(embedder, "draw_batch", lambda *_: None)
    monkeypatch.setattr(Training, "run", lambda training, **_: begun.append(training))
    main(tmp_path / "after", weights=weights)
    assert begun[0].state.options.base == hashlib.sha256(weights.read_bytes()).hexdigest()
    for name, value in paddle.load(str(weights)).items():
        np.testing.assert_array_equal(begun[0].network.state_dict()[name].numpy(), value.numpy(), err_msg=name)


def _run_until_the_third_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Training(folder, TINY)
    steps, real_step = iter(range(2)), broken.step

    def step(pictures: Any, labels: Any) -> float:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return real_step(pictures, labels)

    monkeypatch.setattr(broken, "step", step)
    with pytest.raises(KeyboardInterrupt):
        broken.run(checkpoint_seconds=0, validation_seconds=1000)


def test_whitening_brings_drawings_of_one_part_together() -> None:
    generator = np.random.default_rng(1)
    parts = np.repeat(np.arange(50), 6)
    centres = generator.normal(size=(50, 16)) * np.where(np.arange(16) < 4, 0.3, 0.0)
    noise = generator.normal(size=(300, 16)) * np.where(np.arange(16) < 4, 0.05, 1.0)
    vectors = (centres[parts] + noise).astype(np.float32)
    whitening = fit_whitening(vectors, parts)

    def separation(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        unit = values / np.linalg.norm(values, axis=1, keepdims=True)
        cosines, same = unit @ unit.T, parts[:, None] == parts
        return float(cosines[same & ~np.eye(300, dtype=bool)].mean() - cosines[~same].mean())

    assert separation((vectors - whitening.mean) @ whitening.matrix) > 2 * separation(vectors)
