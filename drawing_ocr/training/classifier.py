"""Which rows of the classifier learn.

CTC pushes down every character that does not occur in a batch. At the rate at which a new character is learned, a few
hundred lines spoil the thousands that the official reader knows and that no label of the run contains.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import paddle

from drawing_ocr.models.recogniser import BLANK, Recogniser


class ClassifierRows:
    """Lets only rows of the classifier (weights and bias of one class) learn whose characters the labels contain.

    All others stay as they are, bit for bit.
    """

    def __init__(self, recogniser: Recogniser, learned: Collection[str]) -> None:
        """From now on, gradients of rows that do not learn are zero.

        Args:
            recogniser: Its classifier has weights [120, classes] and a bias [classes].
            learned: Characters of the labels; the blank is one of them.
        """
        classes = recogniser.class_of()
        learning = np.zeros(recogniser.charset.classes, np.float32)
        learning[[BLANK, *(classes[character] for character in learned)]] = 1.0
        mask = self._learning = paddle.to_tensor(learning)
        self._parameters: list[Any] = list(recogniser.network.head.head.parameters())
        # Rows that do not learn must not count in the norm to which gradients are clipped either.
        for parameter in self._parameters:
            parameter.register_hook(lambda gradient: gradient * mask)

    def step(self, optimiser: Any) -> None:
        """A step of the optimiser, taken back where rows do not learn: its weight decay knows no rows."""
        before = [parameter.clone() for parameter in self._parameters]
        optimiser.step()
        with paddle.no_grad():
            for parameter, old in zip(self._parameters, before, strict=True):
                parameter.set_value(old + (parameter - old) * self._learning)
