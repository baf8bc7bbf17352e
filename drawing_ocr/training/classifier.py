"""Which rows of the classifier learn, and how fast.

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
    """Holds each row of the classifier (weights and bias of one class) to a rate of its own.

    New characters learn at the optimiser's full rate, old ones that the labels contain at a share of it, and all others
    stay as they are, bit for bit.
    """

    def __init__(self, recogniser: Recogniser, *, new: Collection[str], old: Collection[str], share: float) -> None:
        """From now on, gradients of rows that do not learn are zero.

        Args:
            recogniser: Its classifier has weights [120, classes] and a bias [classes].
            new: Characters that the base model does not know.
            old: The others that the labels contain; the blank is one of them.
            share: Rate of an old row as a share of a new one's.
        """
        classes = recogniser.class_of()
        rates = np.zeros(recogniser.charset.classes, np.float32)
        rates[[BLANK, *(classes[character] for character in old)]] = share
        rates[[classes[character] for character in new]] = 1.0
        self._rates = paddle.to_tensor(rates)
        # Rows that do not learn must not count in the norm to which gradients are clipped either.
        learning = paddle.to_tensor((rates > 0).astype(np.float32))
        self._parameters: list[Any] = list(recogniser.network.head.head.parameters())
        for parameter in self._parameters:
            parameter.register_hook(lambda gradient: gradient * learning)

    def step(self, optimiser: Any) -> None:
        """A step of the optimiser, shortened row by row.

        Afterwards and not in the gradient: AdamW divides a gradient's scale out, and its weight decay knows no rows.
        """
        before = [parameter.clone() for parameter in self._parameters]
        optimiser.step()
        with paddle.no_grad():
            for parameter, old in zip(self._parameters, before, strict=True):
                parameter.set_value(old + (parameter - old) * self._rates)
