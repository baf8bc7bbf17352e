from __future__ import annotations

import numpy as np
import paddle
import pytest

from drawing_ocr.models.recogniser import BLANK, Recogniser
from drawing_ocr.text import Charset
from drawing_ocr.training.classifier import ClassifierRows

CHARACTERS = "0123456789⌀"


@pytest.fixture
def recogniser() -> Recogniser:
    paddle.seed(0)
    return Recogniser(Charset(tuple(CHARACTERS)))


def rows(recogniser: Recogniser) -> tuple[np.ndarray, np.ndarray]:
    weight, bias = (parameter.numpy().copy() for parameter in recogniser.network.head.head.parameters())
    return weight.T, bias


def trained(recogniser: Recogniser, *, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """How far each row's weights and bias moved; ⌀ is new, 1 and 2 are in the labels."""
    classifier = recogniser.network.head.head
    held = ClassifierRows(recogniser, new="⌀", old="12", share=0.1)
    optimiser = paddle.optimizer.AdamW(0.01, parameters=classifier.parameters(), weight_decay=0.1)
    weights, biases = rows(recogniser)
    for _ in range(steps):
        paddle.nn.functional.softmax(classifier(paddle.randn([4, 5, 120]))).square().mean().backward()
        held.step(optimiser)
        optimiser.clear_grad()
    new_weights, new_biases = rows(recogniser)
    return np.abs(new_weights - weights).max(axis=1), np.abs(new_biases - biases)


def test_rows_of_characters_that_no_label_contains_stay_bit_for_bit(recogniser: Recogniser) -> None:
    classes = recogniser.class_of()
    learning = {BLANK, *(classes[character] for character in "12⌀")}
    others = [index for index in range(recogniser.charset.classes) if index not in learning]
    weights, biases = trained(recogniser, steps=3)
    assert not weights[others].any()
    assert not biases[others].any()
    assert weights[sorted(learning)].all()
    assert biases[sorted(learning)].all()


def test_an_old_row_moves_by_its_share_of_a_new_one(recogniser: Recogniser) -> None:
    _, biases = trained(recogniser, steps=1)
    classes = recogniser.class_of()
    # The first step of AdamW is as long as the rate, whatever the size of the gradient.
    assert biases[classes["⌀"]] == pytest.approx(0.01, rel=0.01)
    assert biases[classes["1"]] == pytest.approx(0.001, rel=0.01)
