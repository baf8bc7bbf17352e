"""The number that a dimension states."""

from __future__ import annotations

import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.reading.nominal import nominal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        (".5", 0.5),
        ("⌀50", 50.0),
        ("4×⌀6.6 +0.1", 6.6),
        ("2-R5", 5.0),
        ("S⌀20", 20.0),
        ("⌀12H7", 12.0),
        ("20 ±0.05", 20.0),
        ("(40)", 40.0),
        ("45°", 45.0),
        ("1×45°", 1.0),
        ("1.5 × 45°", 1.5),
        ("C2", 2.0),
        ("M8×1.25", 8.0),
        ("4×M6", 6.0),
        ("⌴⌀11↧6", 11.0),
        ("10×20", None),
        ("+0.1", None),
        ("±0.05", None),
        ("123456", None),
    ],
)
def test_it_is_told_from_count_form_fit_and_tolerance(text: str, number: float | None) -> None:
    assert nominal(text, Category.DIMENSION) == number


def test_other_texts_state_no_number() -> None:
    assert nominal("1996", Category.TEXT) is None
