"""How right a person is, measured on drawings whose labels are known and that look like any other task."""

from __future__ import annotations

from drawing_ocr.annotation import Annotation
from drawing_ocr.labelling.agreement import PersonAgreement
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.score import compare


def measure(person: str, answer: Answer, gold: Annotation) -> PersonAgreement:
    """Counts of an answer against the known labels of its drawing.

    A skipped drawing counts as one on which nothing was found: gold drawings can be labelled, and who skips them all
    must not be the most exact.

    Args:
        person: Whose answer it is.
        answer: To a gold task.
        gold: Its known labels (`jobs/<job>/gold/<task>.json`).
    """
    return compare(person, answer.regions if answer.status == "labelled" else (), gold.regions)
