"""Batches of a customer's own drawings: each is an instance, shown several times, every time another way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.dataset.split import Split
from drawing_ocr.embedding.ink import Ink, network_input
from drawing_ocr.synthesis.families.pen import Pen
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch, wear
from drawing_ocr.training.embedder_drawings import OwnDrawings, read_ink

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]

_SHEET: Final = 0.5  # share of instances of which the whole sheet is shown
_LINE: Final = 80  # ink of a line that was reduced is grey; darker than this it is drawn


@dataclass(frozen=True, slots=True)
class OwnInstances:
    """One side of own drawings.

    Attributes:
        folder: Holds the pictures.
        regions: Files of each drawing, the sheet's first.
    """

    folder: Path
    regions: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, folder: Path, drawings: OwnDrawings, split: Split) -> Self:
        """Those that are learned from, or those that are held out."""
        return cls(folder, tuple(drawing.regions for drawing in drawings.of(split)))

    def batch(self, rng: Random, count: int, copies: int, size: int) -> Batch:
        """Pictures of `count` drawings, or of all where there are fewer.

        Returns:
            uint8 [n, size, size], 255 = ink; and which drawing each shows, int64 [n].
        """
        chosen = rng.sample(range(len(self.regions)), min(count, len(self.regions)))
        pictures = []
        for drawing in chosen:
            names = self.regions[drawing]
            name = names[0] if len(names) == 1 or rng.random() < _SHEET else rng.choice(names[1:])
            ink = read_ink(self.folder, name)
            turn = rng.randrange(4)  # as in `draw_batch`
            pictures += [np.rot90(network_input(redrawn(ink, rng), size), turn) for _ in range(copies)]
        return np.stack(pictures), np.repeat(np.arange(len(chosen), dtype=np.int64), copies)


def redrawn(ink: Ink, rng: Random) -> Ink:
    """The same region at another scale, with other lines, worn and cut.

    Args:
        ink: uint8 [height, width], 255 where there is ink; at least one pixel.
        rng: Decides how.
    """
    scale = rng.randint(300, 640) / max(ink.shape)
    size = (max(8, round(ink.shape[1] * scale)), max(8, round(ink.shape[0] * scale)))
    resized = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    drawn = np.where(resized > min(_LINE, int(resized.max()) // 2), 255, 0).astype(np.uint8)
    if rng.random() < 0.3:
        drawn = np.asarray(cv2.dilate(drawn, np.ones((2, 2), np.uint8)), np.uint8)
    return wear(drawn, Pen.random(rng, max(size) * rng.uniform(1.1, 2.2)), rng)


def mixed_batch(seed: int, number: int, plan: BatchPlan, own: OwnInstances, replay_ratio: float) -> Batch:
    """Families and own drawings in one batch, each the negatives of the others; decided by its number.

    Args:
        seed, number: Of the batch.
        plan: Its size, as if all of it were families.
        own: What is learned from.
        replay_ratio: Share of families.
    """
    families = round(plan.families * replay_ratio)
    parts = (plan.families - families) * plan.members
    rng = Random(f"own drawings {seed} {number}")
    batches = [own.batch(rng, parts, plan.drawings, plan.size)] if parts else []
    if families:
        batches.append(draw_batch(seed, number, replace(plan, families=families)))
    return joined(batches)


def joined(batches: Sequence[Batch]) -> Batch:
    """Several batches as one; what each shows stays apart from what the others show."""
    labels, first = [], 0
    for _, each in batches:
        labels.append(each + first)
        first += int(each.max()) + 1
    return np.concatenate([pictures for pictures, _ in batches]), np.concatenate(labels)
