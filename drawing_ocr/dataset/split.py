"""Which drawings are trained on and which validate: decided for each drawing alone."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from pathlib import PurePosixPath


class Split(StrEnum):
    """The two sides."""

    TRAIN = "train"
    VAL = "val"


def drawing_id(image: str) -> str:
    """What names a drawing in every batch: its file name without folder and suffix.

    So a drawing that is labelled again in a later batch stays on its side.
    """
    return PurePosixPath(image).stem


def position(key: str, seed: int) -> float:
    """Where a key stands in the seeded order of all keys: uniform in [0, 1), the same on every machine."""
    digest = hashlib.sha256(f"{seed}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of(drawing: str, *, val_ratio: float, seed: int) -> Split:
    """The side of one drawing; other drawings have no say, so adding some never moves it.

    Args:
        drawing: As `drawing_id` gives it.
        val_ratio: Share of drawings that validate, 0 to 1.
        seed: Another seed gives another split.
    """
    return Split.VAL if position(drawing, seed) < val_ratio else Split.TRAIN


def split_drawings(drawings: Sequence[str], *, val_ratio: float, seed: int) -> dict[str, Split]:
    """The side of each drawing.

    A small batch may fall on one side by chance, and then could not be learned from or not be judged. Only then one
    drawing changes sides: the one that stands nearest to the border.

    Args:
        drawings: As `drawing_id` gives them; at least two different ones for both sides to be filled.
        val_ratio: Share that validates; between 0 and 1.
        seed: Another seed gives another split.
    """
    if not 0 < val_ratio < 1:
        raise ValueError(f"val_ratio {val_ratio:g} leaves a side empty: choose it between 0 and 1")
    sides = {drawing: split_of(drawing, val_ratio=val_ratio, seed=seed) for drawing in drawings}
    if len(sides) >= 2 and len(set(sides.values())) == 1:
        nearest = min(sides, key=lambda drawing: abs(position(drawing, seed) - val_ratio))
        sides[nearest] = Split.VAL if sides[nearest] is Split.TRAIN else Split.TRAIN
    return sides
