"""Whether confidence keeps its word: expected calibration error, reliability, and the map that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.matching import Page, Prediction, match_page
from drawing_ocr.models.calibration import LEAST, Calibration
from drawing_ocr.reading.result import Prediction as Read
from drawing_ocr.text import canonical

Array = npt.NDArray[np.float64]

BINS: Final = 15  # of equal width, as Guo et al., On calibration of modern neural networks (ICML 2017)
_NEWTON_STEPS: Final = 200
_CONVERGED: Final = 1e-9
# What is taken to be known before any line: that confidence is true. It weighs as much as a handful of lines.
_PRIOR: Final = np.array([1.0, 1.0, 0.0])
_PRECISION: Final = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A line whose box is right: how sure the reader was, and whether its text is right, too."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Lines of about the same confidence: their mean confidence, and the share of them that is right."""

    lines: int
    confidence: float
    right: float


def verdicts(regions: Sequence[Region], found: Sequence[Read]) -> list[Verdict]:
    """Of a sheet the lines at labelled places (IoU ≥ 0.5), texts in canonical form.

    A box that is no line's counts for detection, not here: confidence is said of the text in a box.
    """
    match = match_page(Page(regions, [Prediction(item.box, item.text) for item in found]))
    return [
        Verdict(found[read].confidence, canonical(regions[region].text) == found[read].text)
        for region, read in match.pairs
    ]


def reliability(judged: Iterable[Verdict], bins: int = BINS) -> list[Bin]:
    """The lines by confidence, in bins of equal width; empty ones are left out."""
    by_bin: dict[int, list[Verdict]] = {}
    for item in judged:
        by_bin.setdefault(min(int(item.confidence * bins), bins - 1), []).append(item)
    return [
        Bin(
            lines=len(items),
            confidence=float(np.mean([item.confidence for item in items])),
            right=float(np.mean([item.right for item in items])),
        )
        for _, items in sorted(by_bin.items())
    ]


def expected_calibration_error(judged: Sequence[Verdict], bins: int = BINS) -> float | None:
    """Mean distance between confidence and the share that is right, over lines; None without lines."""
    if not judged:
        return None
    return sum(part.lines * abs(part.confidence - part.right) for part in reliability(judged, bins)) / len(judged)


def fit(judged: Sequence[Verdict]) -> Calibration:
    """The most likely map given the lines and the prior that confidence is true.

    Newton's method; the likelihood is concave. Where a slope would be negative, which lines that are all right or very
    few may give, it is 0.
    """
    confidences = np.clip([item.confidence for item in judged], LEAST, 1 - LEAST)
    inputs = np.stack([np.log(confidences), -np.log(1 - confidences), np.ones(len(judged))], axis=1)
    right = np.array([item.right for item in judged], np.float64)
    free = np.ones(3, bool)
    parameters = _most_likely(inputs, right, free)
    while (parameters[:2] < 0).any():
        free[:2] &= parameters[:2] >= 0
        parameters = _most_likely(inputs, right, free)
    return Calibration(
        right=float(parameters[0]), wrong=float(parameters[1]), offset=float(parameters[2]), lines=len(judged)
    )


def _most_likely(inputs: Array, right: Array, free: npt.NDArray[np.bool_]) -> Array:
    """Parameters [3]; those that are not free are 0."""
    parameters = np.where(free, _PRIOR, 0.0)
    inputs = inputs * free
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ parameters, -500, 500)))
        gradient = inputs.T @ (right - chance) - _PRECISION * (parameters - _PRIOR) * free
        curvature = (inputs.T * (chance * (1 - chance))) @ inputs + _PRECISION * np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        # Far from the best place a whole step may lead further away.
        step /= max(1.0, float(np.abs(step).max()))
        parameters = parameters + step
        if np.abs(step).max() <= _CONVERGED:
            break
    return np.asarray(parameters, np.float64)
