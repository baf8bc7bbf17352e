from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import paddle
import pytest

from drawing_ocr.training.distillation import distillation_loss, read_exactly


def logits_of(*paths: list[int]) -> Any:
    return 10.0 * paddle.nn.functional.one_hot(paddle.to_tensor(paths), 4)


def test_a_line_is_read_exactly_when_its_path_without_repeats_and_blanks_is_its_label() -> None:
    probabilities = logits_of([1, 1, 0, 1, 2, 0], [0, 3, 3, 3, 0, 0], [0, 0, 0, 0, 0, 0])
    assert read_exactly(probabilities.numpy(), [[1, 1, 2], [3, 3], [2]]).tolist() == [True, False, False]


def softmax(logits: Any) -> npt.NDArray[np.float32]:
    probabilities: npt.NDArray[np.float32] = paddle.nn.functional.softmax(logits, axis=2).numpy()
    return probabilities


def test_reading_as_the_base_does_pulls_nowhere() -> None:
    logits = paddle.randn([2, 5, 4])
    logits.stop_gradient = False
    distillation_loss(logits, softmax(logits), np.array([True, True])).backward()
    assert np.abs(logits.grad.numpy()).max() < 1e-6


def test_the_loss_is_the_cross_entropy_of_the_lines_that_count() -> None:
    paddle.seed(0)
    logits = paddle.randn([2, 5, 4])
    base, learned = softmax(paddle.randn([2, 5, 4])), softmax(logits)
    entropy = -(base * np.log(learned)).sum(axis=(1, 2))
    found = float(distillation_loss(logits, base, np.array([False, True])))
    assert found == pytest.approx(entropy[1] / 2, rel=1e-4)


def test_without_a_line_that_the_base_reads_there_is_nothing_to_keep() -> None:
    logits = paddle.randn([1, 5, 4])
    assert float(distillation_loss(logits, softmax(logits), np.array([False]))) == 0
