"""Lines of text as one batch of the network, and the loss of what it reads there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import paddle
from pydantic import BaseModel, ConfigDict

from drawing_ocr.models.recogniser import BLANK, HEIGHT, TIME_STEP
from drawing_ocr.training.augmentation import Pixels

_MAX_WIDTH: Final = 960  # pixels; a longer line would make its whole batch slow
_WIDE: Final = 320  # pixels; the reader pads narrower lines to it
_WIDE_SHARE: Final = 0.25


class Batch(BaseModel):
    """What one step learns from: images [n, 3, 48, width], labels [n, longest], lengths of the labels [n]."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int64]


def scaled_width(image: Pixels) -> int:
    """Pixels that a picture is wide at the height that the recogniser sees."""
    width: int = round(HEIGHT * image.shape[1] / image.shape[0])
    return max(TIME_STEP, min(_MAX_WIDTH, width))


def collate(images: Sequence[Pixels], labels: Sequence[Sequence[int]], generator: np.random.Generator) -> Batch:
    """Pictures scaled to one height and padded on the right; labels padded with blanks.

    CTC needs a step between equal neighbours, so a batch is at least twice as many steps wide as its longest text.
    """
    widths = [scaled_width(image) for image in images]
    needed = max(*widths, *(TIME_STEP * (2 * len(label) + 1) for label in labels))
    if generator.random() < _WIDE_SHARE:
        needed = max(needed, _WIDE)
    width = -(-needed // TIME_STEP) * TIME_STEP
    pixels = np.zeros((len(images), 3, HEIGHT, width), np.float32)
    targets = np.full((len(labels), max(len(label) for label in labels)), BLANK, np.int32)
    for row, (image, own, label) in enumerate(zip(images, widths, labels, strict=True)):
        scaled = cv2.resize(image, (own, HEIGHT))
        pixels[row, :, :, :own] = scaled.transpose(2, 0, 1) / 127.5 - 1.0
        targets[row, : len(label)] = label
    return Batch(images=pixels, labels=targets, lengths=np.array([len(label) for label in labels], np.int64))


def ctc_loss(logits: Any, batch: Batch) -> Any:
    """Mean CTC loss of a batch (Graves et al., ICML 2006); logits [lines, steps, classes] of its images."""
    count, steps = logits.shape[:2]
    losses = paddle.nn.functional.ctc_loss(
        logits.transpose([1, 0, 2]),
        paddle.to_tensor(batch.labels),
        paddle.full([count], steps, "int64"),
        paddle.to_tensor(batch.lengths),
        blank=BLANK,
        reduction="none",
    )
    return losses.mean()
