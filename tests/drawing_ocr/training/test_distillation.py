from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from drawing_ocr.training.distillation import distillation_loss, read_exactly


def logits_of(*paths: list[int]) -> Any:
    return 10.0 * paddle.nn.functional.one_hot(paddle.to_tensor(paths), 4)


def test_a_line_is_read_exactly_when_its_path_without_repeats_and_blanks_is_its_label() -> None:
    logits = logits_of([1, 1, 0, 1, 2, 0], [0, 3, 3, 3, 0, 0], [0, 0, 0, 0, 0, 0])
    assert read_exactly(logits, [[1, 1, 2], [3, 3], [2]]).tolist() == [True, False, False]


def test_reading_as_the_base_does_costs_nothing() -> None:
    base = paddle.randn([2, 5, 4])
    assert float(distillation_loss(base, base, np.array([True, True]))) == pytest.approx(0, abs=1e-5)


def test_the_loss_is_the_divergence_of_the_lines_that_count() -> None:
    paddle.seed(0)
    base, logits = paddle.randn([2, 5, 4]), paddle.randn([2, 5, 4])
    target, learned = (paddle.nn.functional.softmax(each, axis=2).numpy() for each in (base, logits))
    divergence = (target * np.log(target / learned)).sum(axis=(1, 2))
    found = float(distillation_loss(logits, base, np.array([False, True])))
    assert found == pytest.approx(divergence[1] / 2, rel=1e-4)
