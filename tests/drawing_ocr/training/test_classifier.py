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


def trained(recogniser: Recogniser) -> tuple[np.ndarray, np.ndarray]:
    """How far each row's weights and bias moved; the labels contain 1, 2 and ⌀."""
    classifier = recogniser.network.head.head
    held = ClassifierRows(recogniser, "12⌀")
    optimiser = paddle.optimizer.AdamW(0.01, parameters=classifier.parameters(), weight_decay=0.1)
    weights, biases = rows(recogniser)
    for _ in range(3):
        paddle.nn.functional.softmax(classifier(paddle.randn([4, 5, 120]))).square().mean().backward()
        held.step(optimiser)
        optimiser.clear_grad()
    new_weights, new_biases = rows(recogniser)
    return np.abs(new_weights - weights).max(axis=1), np.abs(new_biases - biases)


def test_rows_of_characters_that_no_label_contains_stay_bit_for_bit(recogniser: Recogniser) -> None:
    classes = recogniser.class_of()
    learning = {BLANK, *(classes[character] for character in "12⌀")}
    others = [index for index in range(recogniser.charset.classes) if index not in learning]
    weights, biases = trained(recogniser)
    assert not weights[others].any()
    assert not biases[others].any()
    assert weights[sorted(learning)].all()
    assert biases[sorted(learning)].all()
