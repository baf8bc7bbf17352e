"""Whether two embedders differ, or chance alone made the figures differ (see `significance.py`)."""

from collections.abc import Sequence

import numpy as np

from drawing_ocr.evaluation.report import Difference
from drawing_ocr.evaluation.retrieval import RetrievalDifferences
from drawing_ocr.evaluation.significance import CONFIDENCE, RESAMPLES, PairedBootstrap
from drawing_ocr.search.metrics import Ranked


def compare_retrieval(
    units: Sequence[str], challenger: Ranked, champion: Ranked, *, resamples: int = RESAMPLES
) -> RetrievalDifferences:
    """Differences of the means with their 95 % percentile intervals.

    Args:
        units: Of each query, what it shares with others: they are found or missed together.
        challenger, champion: The same queries, in the same order.
        resamples: At least 1,000 for an interval that does not change with the seed.
    """
    bootstrap = PairedBootstrap(units, resamples=resamples)

    def of(now: np.ndarray, then: np.ndarray) -> Difference:
        changes = now.astype(np.float64) - then.astype(np.float64)
        return bootstrap.difference(np.stack([changes, np.ones_like(changes)], axis=1))

    return RetrievalDifferences(
        drawings=bootstrap.drawings,
        resamples=resamples,
        confidence=CONFIDENCE,
        mean_average_precision=of(challenger.average_precision, champion.average_precision),
        recall_at_1=of(challenger.first_rank <= 1, champion.first_rank <= 1),
        recall_at_10=of(challenger.first_rank <= 10, champion.first_rank <= 10),
    )
