"""The loss of the detector: nothing where its map is the target, and it pulls towards the target."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from drawing_ocr.training.detector_loss import detection_loss


def tensors(probability: np.ndarray) -> tuple[Any, Any]:
    target = paddle.to_tensor(probability[None, None].astype(np.float32))
    return target, paddle.ones_like(target)


def soft_map() -> np.ndarray:
    found = np.full((64, 64), 0.001)
    found[20:40, 10:50] = 0.8
    found[28:32, 10:50] = 0.999
    return found


def test_a_map_that_is_the_target_has_no_loss_and_pulls_nowhere() -> None:
    target, weight = tensors(soft_map())
    logits: Any = paddle.log(target / (1 - target)).detach()
    logits.stop_gradient = False
    loss = detection_loss(logits, target, weight)
    loss.backward()
    assert float(loss) == pytest.approx(0, abs=1e-4)
    assert np.abs(logits.grad.numpy()).max() < 1e-5


def test_text_that_is_missed_and_paper_that_is_called_text_are_pulled_the_right_way() -> None:
    target, weight = tensors(soft_map())
    logits: Any = paddle.full_like(
        target, 0.1
    )  # at 0 itself Paddle's cross entropy has no gradient that means anything
    logits.stop_gradient = False
    detection_loss(logits, target, weight).backward()
    pulled = -logits.grad.numpy()[0, 0]
    assert pulled[30, 30] > 0
    assert pulled.min() < 0
    assert not (pulled[target.numpy()[0, 0] < 0.5] > 0).any()


def test_what_has_no_weight_pulls_nowhere() -> None:
    target, weight = tensors(soft_map())
    logits: Any = paddle.full_like(target, 0.1)
    logits.stop_gradient = False
    detection_loss(logits, target, paddle.zeros_like(weight)).backward()
    assert not logits.grad.numpy().any()


def test_a_batch_without_text_has_a_loss_of_its_hardest_paper() -> None:
    target, weight = tensors(np.zeros((64, 64)))
    logits: Any = paddle.full_like(target, -20.0)
    quiet = float(detection_loss(logits, target, weight))
    logits[0, 0, 5, 5] = 20.0
    assert float(detection_loss(logits, target, weight)) > quiet
