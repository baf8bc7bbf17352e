"""How far two histograms are from each other: the population stability index and the Kolmogorov–Smirnov distance."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating]

# Added to every bin, so that an empty one does not make the index infinite (Jeffreys' prior).
_PRIOR: Final = 0.5


def population_stability(before: Numbers, after: Numbers) -> Numbers:
    """The population stability index, Σ (q − p) ln(q / p) over the bins' shares p before and q after.

    Below 0.1 nothing changed, from 0.2 on the population is another one (Siddiqi, Credit Risk Scorecards, 2006).

    Args:
        before, after: Counts [..., bins].

    Returns:
        [...], 0 or more.
    """
    p, q = _shares(before + _PRIOR), _shares(after + _PRIOR)
    index: Numbers = np.sum((q - p) * np.log(q / p), axis=-1)
    return index


def kolmogorov_smirnov(before: Numbers, after: Numbers) -> Numbers:
    """The largest distance of the two distribution functions, at the edges of the bins.

    Args:
        before, after: Counts [..., bins] of ordered bins.

    Returns:
        [...], 0 to 1; 0 where a group holds nothing.
    """
    distance: Numbers = np.max(np.abs(np.cumsum(_shares(before) - _shares(after), axis=-1)), axis=-1)
    return distance


def _shares(counts: Numbers) -> Numbers:
    total = counts.sum(axis=-1, keepdims=True)
    shares: Numbers = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return shares
