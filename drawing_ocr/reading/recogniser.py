"""Reads text lines: batches of like width, CTC decoding, confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.session import Session

HEIGHT: Final = 48  # of the network's input, pixels
MIN_WIDTH: Final = 320  # narrower lines are padded to it, as in training
# A line longer than this is a box over half a sheet; its width is squeezed to bound memory.
MAX_WIDTH: Final = 3200
_BLANK: Final = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What one crop reads.

    Attributes:
        text: As the network spells it.
        confidence: Mean probability of its characters, 0 to 1; 0 for an empty text.
    """

    text: str
    confidence: float


class Recogniser:
    """The text recogniser. Thread-safe."""

    def __init__(self, session: Session, characters: Sequence[str], *, batch: int = 6) -> None:
        """A recogniser of upright crops.

        Args:
            session: The network: [n, 3, 48, width] to probabilities [n, time steps, 2 + characters].
            characters: Its dictionary; blank comes before, space after it.
            batch: Crops in one call; a batch is as wide as its widest crop.
        """
        self._session = session
        self._classes = ("", *characters, " ")
        self._batch = batch

    def read(self, crops: Sequence[Page]) -> list[Line]:
        """Reads upright crops, uint8 [height, width, 3] BGR of any size."""
        order = sorted(range(len(crops)), key=lambda index: crops[index].shape[1] / crops[index].shape[0])
        lines = [Line("", 0.0)] * len(crops)
        for first in range(0, len(order), self._batch):
            indices = order[first : first + self._batch]
            probabilities = self._session(_batched([crops[index] for index in indices]))
            for index, steps in zip(indices, probabilities, strict=True):
                lines[index] = self._decode(steps)
        return lines

    def _decode(self, steps: npt.NDArray[np.float32]) -> Line:
        """Best path: the likeliest class of each step, repetitions and blanks dropped."""
        best = steps.argmax(axis=1)
        kept = best != _BLANK
        kept[1:] &= best[1:] != best[:-1]
        if not kept.any():
            return Line("", 0.0)
        text = "".join(self._classes[index] for index in best[kept])
        return Line(text, float(steps.max(axis=1)[kept].mean()))


def _batched(crops: Sequence[Page]) -> npt.NDArray[np.float32]:
    """Crops scaled to one height, -1 to 1, padded on the right with 0 to the widest."""
    ratio = max(crop.shape[1] / crop.shape[0] for crop in crops)
    width = min(max(MIN_WIDTH, int(HEIGHT * ratio)), MAX_WIDTH)
    batch = np.zeros((len(crops), 3, HEIGHT, width), np.float32)
    for row, crop in zip(batch, crops, strict=True):
        own = min(width, math.ceil(HEIGHT * (crop.shape[1] / crop.shape[0])))
        scaled = cv2.resize(crop, (own, HEIGHT))
        row[:, :, :own] = scaled.transpose(2, 0, 1) / 127.5 - 1.0
    return batch
