"""Whether today's drawings come from the same population as the baseline's, at a false-alarm rate that is kept.

Two questions, both must be answered with yes.

Is the difference real? A permutation test of all features at once: drawings (not lines, which resemble each other on
one drawing) change sides at random many times, and the largest standardised statistic of all features is compared with
the largest of each permutation (max-T; Westfall and Young, Resampling-Based Multiple Testing, 1993). So the rate of
false alarms holds for all features together, however they depend on each other and however few drawings there are.

Is it large? The population stability index of the feature must reach the limit: with thousands of drawings every real
difference is found, also one that matters to nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.monitoring.features import FEATURES
from drawing_ocr.monitoring.histogram import Counts, histogram
from drawing_ocr.monitoring.observation import Observation
from drawing_ocr.monitoring.stability import kolmogorov_smirnov, population_stability

# Ten bins are the index's custom (its limits are meant for them); the finer ones see the distribution function at 40
# points, so that a distance is at most 1/40 below the exact one.
_STABILITY_BINS: Final = 10
_DISTANCE_BINS: Final = 40
_PERMUTATIONS_PER_RATE: Final = 2.0  # a p-value of half the rate must be possible
_FEWEST_PERMUTATIONS: Final = 999
_AT_ONCE: Final = 500  # permutations, so that memory stays below some tens of megabytes

Bools = npt.NDArray[np.bool_]
Statistics = npt.NDArray[np.float64]


class Sensitivity(BaseModel):
    """When a difference is a shift.

    Attributes:
        false_alarm_rate: Share of unshifted comparisons that may be called shifted, over all features together.
        population_stability: The least index of a shifted feature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    false_alarm_rate: float = Field(default=0.001, gt=0, lt=1)
    population_stability: float = Field(default=0.2, ge=0)


class FeatureShift(BaseModel):
    """One feature, before and after.

    Attributes:
        name: Of the feature.
        population_stability: The index, 0 or more.
        kolmogorov_smirnov: The distance, 0 to 1; None for categories, which have no order.
        p_value: How often chance alone makes some feature differ at least as much as this one does.
        shifted: Whether it is real and large.
        edges: Of the bins below; empty for categories.
        before, after: Share of each bin.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    population_stability: float
    kolmogorov_smirnov: float | None
    p_value: float
    shifted: bool
    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


def compare(
    baseline: Sequence[Observation], current: Sequence[Observation], sensitivity: Sensitivity, *, seed: int
) -> tuple[FeatureShift, ...]:
    """Compares every feature.

    Args:
        baseline, current: At least one drawing each.
        sensitivity: When a difference is a shift.
        seed: Of the permutations.

    Returns:
        One result for each of `FEATURES`, in their order.

    Raises:
        ValueError: a side has no drawing.
    """
    if not baseline or not current:
        raise ValueError(f"{len(baseline)} drawings before and {len(current)} now: both sides need at least one")
    drawings = [*baseline, *current]
    coarse = [histogram(feature, drawings, _STABILITY_BINS) for feature in FEATURES]
    fine = [histogram(feature, drawings, _DISTANCE_BINS).counts for feature in FEATURES if not feature.categories]
    now = np.zeros(len(drawings), dtype=bool)
    now[len(baseline) :] = True
    sides = _sides(now, _permutations(sensitivity), np.random.default_rng(seed))
    statistics = np.concatenate([_statistics([each.counts for each in coarse], fine, some) for some in sides])
    p_values = _p_values(_without_long_tails(statistics))
    found: list[FeatureShift] = []
    ordered = 0
    for number, (feature, bins) in enumerate(zip(FEATURES, coarse, strict=True)):
        index, p_value, distance = float(statistics[0, number]), float(p_values[number]), None
        if not feature.categories:
            column = len(FEATURES) + ordered
            distance = float(statistics[0, column])
            p_value = min(p_value, float(p_values[column]))
            ordered += 1
        found.append(
            FeatureShift(
                name=feature.name,
                population_stability=index,
                kolmogorov_smirnov=distance,
                p_value=p_value,
                shifted=p_value <= sensitivity.false_alarm_rate and index >= sensitivity.population_stability,
                edges=tuple(bins.edges.tolist()),
                before=_as_shares(bins.counts[~now].sum(axis=0)),
                after=_as_shares(bins.counts[now].sum(axis=0)),
            )
        )
    return tuple(found)


def score(shifts: Sequence[FeatureShift]) -> float:
    """One number for the whole: the largest index of the shifted features, 0 when none is shifted."""
    return max((shift.population_stability for shift in shifts if shift.shifted), default=0.0)


def _permutations(sensitivity: Sensitivity) -> int:
    return max(_FEWEST_PERMUTATIONS, math.ceil(_PERMUTATIONS_PER_RATE / sensitivity.false_alarm_rate))


def _sides(now: Bools, permutations: int, random: np.random.Generator) -> Iterator[Bools]:
    """Which drawings are `after`: first as it is, then in `permutations` random ways; [some, drawings] at a time."""
    yield now[None, :]
    for start in range(0, permutations, _AT_ONCE):
        yield random.permuted(np.tile(now, (min(_AT_ONCE, permutations - start), 1)), axis=1)


def _statistics(coarse: Sequence[Counts], fine: Sequence[Counts], after: Bools) -> Statistics:
    """[sides, statistics]: the index of every feature, then the distance of those that have an order."""
    chosen = after.astype(np.float32)

    def groups(counts: Counts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        inside = (chosen @ counts).astype(np.float64)
        return counts.sum(axis=0, dtype=np.float64) - inside, inside

    indices = [population_stability(*groups(counts)) for counts in coarse]
    distances = [kolmogorov_smirnov(*groups(counts)) for counts in fine]
    return np.stack([*indices, *distances], axis=1).astype(np.float64)


def _without_long_tails(statistics: Statistics) -> Statistics:
    """The statistics with the cube root of each index, which makes a χ²-like value nearly normal (Wilson and Hilferty).

    A feature that hardly varies has a long tail otherwise, and its standardised chance values hide a shift of another.
    """
    scaled = statistics.copy()
    scaled[:, : len(FEATURES)] = np.cbrt(scaled[:, : len(FEATURES)])
    return scaled


def _p_values(statistics: Statistics) -> npt.NDArray[np.float64]:
    """P-values of the first row, adjusted for the number of statistics (single-step max-T).

    Every row takes part in the scaling, the observed one too: only so are the rows exchangeable.
    """
    spread = statistics.std(axis=0)
    deviation = statistics - statistics.mean(axis=0)
    standard = np.divide(deviation, spread, out=np.zeros_like(deviation), where=spread > 0)
    largest = standard.max(axis=1)
    p_values: npt.NDArray[np.float64] = (largest[:, None] >= standard[0]).mean(axis=0)
    return p_values


def _as_shares(counts: Counts) -> tuple[float, ...]:
    return tuple((counts / max(1.0, float(counts.sum()))).round(6).tolist())
