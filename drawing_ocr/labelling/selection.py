"""Which of many read drawings people should label: uncertain ones, and not the same thing twenty times.

Greedy facility location (Wei, Iyer, Bilmes, Submodularity in Data Subset Selection and Active Learning, ICML 2015): a
chosen drawing speaks for those that resemble it, and a set is worth the uncertainty for which it speaks. Taking the
drawing with the largest gain each time comes within 1 − 1/e of the best set (Nemhauser et al., 1978), and the gain of a
second drawing of a kind is small by itself. Two drawings resemble each other when the same characters are doubtful on
them, whatever those are in truth.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.labelling.uncertainty import DrawingUncertainty

Features = npt.NDArray[np.float32]

_SLOTS: Final = 1024  # characters are hashed into so many; a sheet has some dozens of different ones
_AT_ONCE: Final = 512  # rows of similarities in memory; 5,000 drawings make 10 MB of them


@dataclass(frozen=True, slots=True)
class Choice:
    """One chosen drawing.

    Attributes:
        index: In the candidates.
        gain: Uncertainty for which it speaks and none chosen before it did.
    """

    index: int
    gain: float


def features(drawing: DrawingUncertainty) -> Features:
    """What is doubtful on a drawing: its characters, the heavier the likelier their line is wrong; [1024], length 1.

    Square roots of the shares, so that the product of two is the Bhattacharyya coefficient of their distributions.
    """
    weights = np.zeros(_SLOTS, np.float64)
    for line, wrong in zip(drawing.signs, drawing.wrong, strict=True):
        for character in line.text:
            # Not hash(): it differs from process to process.
            weights[zlib.crc32(character.encode()) % _SLOTS] += (
                float(wrong) ** 2
            )  # many sure lines must not outweigh a doubtful one
    total = weights.sum()
    return np.sqrt(weights / total).astype(np.float32) if total else weights.astype(np.float32)


def select(scores: Sequence[float], described: Sequence[Features], *, budget: int, least: float = 0.0) -> list[Choice]:
    """Chooses at most `budget` drawings.

    Args:
        scores: Uncertainty of each candidate, 0 to 1.
        described: Its features, each of length 1 or 0.
        budget: The most that are chosen.
        least: Candidates with a lower score are neither chosen nor spoken for.

    Returns:
        In the order of choice; fewer than `budget` when fewer are uncertain.
    """
    uncertain = [index for index, score in enumerate(scores) if score >= least and score > 0]
    if not uncertain or budget < 1:
        return []
    weights = np.array([scores[index] for index in uncertain], np.float32)
    vectors = np.stack([described[index] for index in uncertain])
    spoken_for = np.zeros(len(uncertain), np.float32)
    left = np.ones(len(uncertain), bool)
    chosen: list[Choice] = []
    while len(chosen) < min(budget, len(uncertain)):
        gains = np.where(left, _gains(vectors, weights, spoken_for), -1.0)
        best = int(gains.argmax())
        chosen.append(Choice(uncertain[best], float(gains[best])))
        left[best] = False
        spoken_for = np.maximum(spoken_for, _similarity(vectors, vectors[best : best + 1])[:, 0])
        spoken_for[best] = 1.0
    return chosen


def _gains(vectors: Features, weights: Features, spoken_for: Features) -> Features:
    """What each candidate would add, [candidates]."""
    gains = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        more = np.maximum(_similarity(vectors, vectors[some]) - spoken_for[:, None], 0)
        own = np.arange(start, min(start + _AT_ONCE, len(vectors)))
        more[own, own - start] = (
            1 - spoken_for[own]
        )  # it speaks for itself fully, also when it has no doubtful character
        gains[some] = weights @ more
    return gains


def _similarity(vectors: Features, chosen: Features) -> Features:
    """How far each of `chosen` speaks for each of `vectors`, [vectors, chosen], 0 to 1."""
    return np.asarray(vectors @ chosen.T, np.float32)
