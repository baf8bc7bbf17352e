"""How well a recogniser reads labelled lines, measured with the very code that serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import paddle

from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.recogniser import Recogniser as Reader
from drawing_ocr.text import canonical, normalised_edit_distance
from drawing_ocr.training.lines import TextLine

_BATCH: Final = 6  # lines in one call: calling Paddle costs more than what it then computes


@dataclass(frozen=True)
class Score:
    """How lines were read.

    Attributes:
        exact: Share read exactly, in canonical form.
        one_minus_ned: Mean of 1 − normalised edit distance.
    """

    exact: float
    one_minus_ned: float


def score(reader: Reader, lines: Sequence[TextLine]) -> Score:
    """Reads the lines and compares.

    Raises:
        TrainingDataError: A picture is gone or damaged.
    """
    read = [canonical(line.text) for line in reader.read([line.pixels() for line in lines])]
    labels = [canonical(line.text) for line in lines]
    pairs = list(zip(read, labels, strict=True))
    return Score(
        exact=float(np.mean([left == right for left, right in pairs])),
        one_minus_ned=float(np.mean([1 - normalised_edit_distance(left, right) for left, right in pairs])),
    )


def reader_of(recogniser: Recogniser) -> Reader:
    """The serving code around a network that is being trained; nothing is exported."""

    def probabilities(images: npt.NDArray[np.float32]) -> Any:
        with paddle.no_grad():
            logits = recogniser.logits(paddle.to_tensor(images))
            return paddle.nn.functional.softmax(logits, axis=2).numpy()

    return Reader(probabilities, recogniser.charset.characters, batch=_BATCH)
