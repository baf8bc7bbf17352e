"""How well whole drawings are read."""

import pytest

from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.matching import Page, Prediction
from tests.drawing_ocr.labels import rectangle, region

FIRST, SECOND, THIRD = (rectangle(0, 40 * row, 60, 20) for row in range(3))


def test_a_hit_is_found_and_read_exactly() -> None:
    page = Page(
        [region("⌀50", FIRST), region("12.5", SECOND), region("M8", THIRD)],
        [Prediction(FIRST, "φ50"), Prediction(SECOND, "125"), Prediction(rectangle(300, 0, 60, 20), "M8")],
    )
    metrics = evaluate_end_to_end([page])
    assert metrics.exact_precision == metrics.exact_recall == metrics.exact_f1 == pytest.approx(1 / 3)
    assert metrics.one_minus_ned == pytest.approx((1 + 0.75 + 0) / 3)


@pytest.mark.parametrize(
    ("label", "read", "same"),
    [
        ("2 / 3", "2/3", 1),
        ("G1/2", "G1 / 2", 1),
        ("A / B", "A/B", 0),
        ("1 23", "123", 0),
        ("+0.1 / -0.2", "+0.1/-0.2", 0),
    ],
)
def test_only_spaces_beside_the_slash_of_two_numbers_say_nothing(label: str, read: str, same: int) -> None:
    metrics = evaluate_end_to_end([Page([region(label, FIRST)], [Prediction(FIRST, read)])])
    assert metrics.exact_f1 == same


def test_ignored_text_does_not_count() -> None:
    hidden = region("M8", SECOND).model_copy(update={"ignore": True})
    page = Page([region("1", FIRST), hidden], [Prediction(FIRST, "1"), Prediction(SECOND, "M9")])
    metrics = evaluate_end_to_end([page])
    assert (metrics.exact_precision, metrics.exact_recall, metrics.one_minus_ned) == (1, 1, 1)


def test_no_pages_are_no_figures() -> None:
    metrics = evaluate_end_to_end([])
    assert (metrics.exact_f1, metrics.one_minus_ned) == (None, None)
