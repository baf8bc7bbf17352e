"""How well whole drawings are read: the text is found and it is right."""

import re
from collections.abc import Iterable
from typing import Final

from drawing_ocr.evaluation.detection import precision_recall_hmean
from drawing_ocr.evaluation.matching import Page, match_page
from drawing_ocr.evaluation.report import EndToEndMetrics
from drawing_ocr.text import canonical, normalised_edit_distance

# Sheet 2/3 or 2 / 3, G1/2 or G 1 / 2: how wide a face sets a slash says nothing.
_SPACED_SLASH: Final = re.compile(r"(?<=\d) ?/ ?(?=\d)")


def evaluate_end_to_end(pages: Iterable[Page]) -> EndToEndMetrics:
    """Exact readings at matched boxes (IoU ≥ 0.5), texts in canonical form, the slash between numbers without spaces.

    `one_minus_ned` is the mean over labelled lines of 1 − normalised edit distance; a line that was not found adds 0.
    """
    exact = labelled = predicted = 0
    similarity = 0.0
    for page in pages:
        match = match_page(page)
        labelled += len(match.regions)
        predicted += len(match.predictions)
        for region, prediction in match.pairs:
            want, got = _compared(page.regions[region].text), _compared(page.predictions[prediction].text)
            exact += want == got
            similarity += 1 - normalised_edit_distance(want, got)
    precision, recall, f1 = precision_recall_hmean(exact, predicted, labelled)
    return EndToEndMetrics(
        exact_precision=precision,
        exact_recall=recall,
        exact_f1=f1,
        one_minus_ned=similarity / labelled if labelled else None,
    )


def _compared(text: str) -> str:
    return _SPACED_SLASH.sub("/", canonical(text))
