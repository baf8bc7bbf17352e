"""Values of many drawings as counts in common bins, one row a drawing: sums of rows are histograms of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drawing_ocr.monitoring.features import Feature
from drawing_ocr.monitoring.observation import Observation

Counts = npt.NDArray[np.float32]
"""Non-negative integers, exact in this type up to 16 million."""


@dataclass(frozen=True)
class Histogram:
    """One feature of a number of drawings.

    Attributes:
        counts: [drawings, bins].
        edges: Between the bins, ascending, one less than bins; empty for categories.
    """

    counts: Counts
    edges: npt.NDArray[np.float64]


def histogram(feature: Feature, observations: Sequence[Observation], bins: int) -> Histogram:
    """Counts a feature in bins that hold about the same number of values of all observations together.

    The bins know nothing of any grouping of the observations, which is what makes a permutation test of groups exact.

    Args:
        feature: What is counted.
        observations: Of all groups.
        bins: The most there may be; a feature with few different values gets fewer, one with categories its own.
    """
    values = [np.asarray(feature.values(observation), dtype=np.float64) for observation in observations]
    pooled = np.concatenate(values) if values else np.empty(0)
    if feature.categories:
        edges = np.empty(0)
        rows, width = [each.astype(np.intp) for each in values], len(feature.categories)
    else:
        quantiles = np.quantile(pooled, np.arange(1, bins) / bins) if pooled.size else np.empty(0)
        edges = np.unique(quantiles)
        rows, width = [np.searchsorted(edges, each) for each in values], len(edges) + 1
    counts = np.stack([np.bincount(row, minlength=width) for row in rows])
    return Histogram(counts.astype(np.float32), edges)
