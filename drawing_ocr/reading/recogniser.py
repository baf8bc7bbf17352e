"""Reads text lines: crops padded to one of few widths, CTC decoding, the grammar of drawings, confidence."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.session import Network
from drawing_ocr.reading.structure.hypotheses import correction

HEIGHT: Final = 48  # of the network's input, pixels
# A crop is padded to the next multiple of the step, no further: what a line reads depends on its own pixels only, and
# lines of several sheets fit into one call. Padding to 320, as elsewhere, reads no better and takes more than twice as
# long. To 160 it takes a third longer than to 96, and no better: on 12 held-out sheets .848 and .851 end to end, on
# details .781 and .786, of 39 labelled dimensions 39 both (shipped reader); to 64 the official one is worse.
WIDTH_STEP: Final = 32
MIN_WIDTH: Final = 96
# A line longer than this is a box over half a sheet; its width is squeezed to bound memory.
MAX_WIDTH: Final = 3200
_BLANK: Final = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What one crop reads.

    Attributes:
        text: As the network spells it, or what the grammar chose among its readings, then in canonical form.
        confidence: Mean probability of the characters of the likeliest reading, 0 to 1; 0 for an empty text.
        raw: That reading in canonical form, where the grammar chose another one.
    """

    text: str
    confidence: float
    raw: str | None = None


class Recogniser:
    """The text recogniser. Thread-safe."""

    def __init__(self, network: Network, characters: Sequence[str], *, batch: int = 1) -> None:
        """A recogniser of upright crops.

        Args:
            network: [n, 3, 48, width] to probabilities [n, time steps, 2 + characters].
            characters: Its dictionary; blank comes before, space after it.
            batch: Most crops in one call, all of one padded width. On a CPU a crop alone is fastest (320 pixels wide:
                11.3 ms, in sixes 13.6), and ONNX Runtime rounds it differently than any batch of two or more.
        """
        self._network = network
        self._classes = ("", *characters, " ")
        self._batch = batch

    def read(self, crops: Sequence[Page]) -> list[Line]:
        """Reads upright crops, uint8 [height, width, 3] BGR of any size."""
        by_width: defaultdict[int, list[int]] = defaultdict(list)
        for index, crop in enumerate(crops):
            by_width[_padded_width(crop)].append(index)
        lines = [Line("", 0.0)] * len(crops)
        for alike in by_width.values():
            for first in range(0, len(alike), self._batch):
                indices = alike[first : first + self._batch]
                probabilities = self._network(_batched([crops[index] for index in indices]))
                for index, steps in zip(indices, probabilities, strict=True):
                    lines[index] = self._decode(steps)
        return lines

    def _decode(self, steps: npt.NDArray[np.float32]) -> Line:
        """Best path: the likeliest class of each step, repetitions and blanks dropped; then what drawings write."""
        best = steps.argmax(axis=1)
        kept = best != _BLANK
        kept[1:] &= best[1:] != best[:-1]
        if not kept.any():
            return Line("", 0.0)
        confidence = float(steps[kept, best[kept]].mean())
        chosen = correction(steps, self._classes)
        if chosen is not None:
            return Line(chosen.text, confidence, chosen.raw)
        return Line("".join(self._classes[index] for index in best[kept]), confidence)


def _batched(crops: Sequence[Page]) -> npt.NDArray[np.float32]:
    """Crops scaled to one height, -1 to 1, padded on the right with 0 to the width of the widest."""
    batch = np.zeros((len(crops), 3, HEIGHT, max(map(_padded_width, crops))), np.float32)
    for row, crop in zip(batch, crops, strict=True):
        own = _scaled_width(crop)
        scaled = cv2.resize(crop, (own, HEIGHT))
        row[:, :, :own] = scaled.transpose(2, 0, 1) / 127.5 - 1.0
    return batch


def _scaled_width(crop: Page) -> int:
    """Of a crop at the height that the network sees, pixels."""
    height, width = crop.shape[:2]
    return int(min(MAX_WIDTH, math.ceil(HEIGHT * (width / height))))


def _padded_width(crop: Page) -> int:
    return max(MIN_WIDTH, math.ceil(_scaled_width(crop) / WIDTH_STEP) * WIDTH_STEP)
