"""How well a ranking finds what belongs to a query: average precision and recall (Manning et al., 2008, chapter 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Ranked:
    """What became of each query.

    Attributes:
        average_precision: [queries], 0 to 1.
        first_rank: [queries], from 1: where the first drawing of the query's own stands.
        top: [queries], which drawing stands first.
    """

    average_precision: npt.NDArray[np.float64]
    first_rank: npt.NDArray[np.int64]
    top: npt.NDArray[np.int64]

    def mean(self) -> Retrieval:
        """Over all queries."""
        return Retrieval(
            queries=len(self.first_rank),
            mean_average_precision=float(self.average_precision.mean()),
            recall_at_1=float((self.first_rank <= 1).mean()),
            recall_at_10=float((self.first_rank <= 10).mean()),
        )


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Means over queries, 0 to 1.

    Attributes:
        queries: How many there were.
        mean_average_precision: mAP.
        recall_at_1, recall_at_10: Share of queries with at least one of theirs among the first 1 or 10.
    """

    queries: int
    mean_average_precision: float
    recall_at_1: float
    recall_at_10: float


def evaluate(scores: npt.NDArray[np.floating], relevant: npt.NDArray[np.bool_]) -> Retrieval:
    """The means of `rank`."""
    return rank(scores, relevant).mean()


def rank(scores: npt.NDArray[np.floating], relevant: npt.NDArray[np.bool_]) -> Ranked:
    """Ranks by score, the greatest first; equal scores count against the searcher.

    Args:
        scores: [queries, drawings]; -inf leaves a drawing out, as a query itself.
        relevant: [queries, drawings]; what belongs to each query, at least one that is not left out.

    Raises:
        ValueError: the shapes differ, or a query has nothing to be found.
    """
    if scores.shape != relevant.shape:
        raise ValueError(f"scores {scores.shape} and relevant {relevant.shape} differ: give one score for each pair")
    out = np.isneginf(scores)
    there = relevant & ~out
    if not there.any(axis=1).all():
        raise ValueError(f"query {int(np.argmin(there.any(axis=1)))} has nothing to be found: leave it out")
    # Irrelevant before relevant where scores are equal.
    order = np.lexsort((there, -scores), axis=1)
    ranked = np.take_along_axis(there, order, axis=1)
    found = np.cumsum(ranked, axis=1)
    precision = found / np.arange(1, ranked.shape[1] + 1)
    average = (precision * ranked).sum(axis=1) / ranked.sum(axis=1)
    return Ranked(average_precision=average, first_rank=ranked.argmax(axis=1) + 1, top=order[:, 0])
