"""How well text is found."""

from collections.abc import Iterable

from drawing_ocr.evaluation.matching import Page, match_page
from drawing_ocr.evaluation.report import DetectionMetrics


def evaluate_detection(pages: Iterable[Page]) -> DetectionMetrics:
    """Precision, recall and their harmonic mean over all boxes of all pages, at IoU ≥ 0.5 of the oriented polygons.

    Ignored regions, and what is predicted within them, count neither way. None where there is nothing to divide by.
    """
    matched = labelled = predicted = 0
    for page in pages:
        match = match_page(page)
        matched += len(match.pairs)
        labelled += len(match.regions)
        predicted += len(match.predictions)
    precision, recall, hmean = precision_recall_hmean(matched, predicted, labelled)
    return DetectionMetrics(precision=precision, recall=recall, hmean=hmean)


def precision_recall_hmean(hits: int, predicted: int, labelled: int) -> tuple[float | None, float | None, float | None]:
    """Hits over predictions, hits over labels, and their harmonic mean; None where there is nothing to divide by."""
    return (
        hits / predicted if predicted else None,
        hits / labelled if labelled else None,
        2 * hits / (predicted + labelled) if predicted + labelled else None,
    )
