from __future__ import annotations

import pytest

from drawing_ocr.annotation import Category
from drawing_ocr.reading.categorise import category_of
from drawing_ocr.text import canonical


@pytest.mark.parametrize(
    "text",
    [
        "12.5",
        "12,5",
        "φ42",
        "Ø38 H12",
        "⌀21,5±0,1",
        "4x⌀6.6",
        "4-⌀6.6",
        "R12.5",
        "SR8",
        "45°",
        "M8x1.25",
        "(12.5)",
        "+0.1",
        "-0.02",
        "0",
        "⌀16.5 +0.1 0",
        "2×45°",
        "C1",
        "1×45°",
        "50 H7/g6",
        "+0.02 -0.01",
        "60,0°",
        "□20",
        ".25",
    ],
)
def test_numbers_with_signs_fits_and_tolerances_are_dimensions(text: str) -> None:
    assert category_of(canonical(text)) == "dimension"


@pytest.mark.parametrize("text", ["Ra 3.2", "⊥ 0.05 A", "◎ ⌀0.1 B", "⌖ ⌀0.2 Ⓜ A B", "√"])
def test_geometrical_tolerances_and_surface_signs_are_symbols(text: str) -> None:
    assert category_of(canonical(text)) == "symbol"


@pytest.mark.parametrize("text", ["SECTION A-A", "技术要求", "Material: S235JR", "A", "DX4-1200-B", "1. Break edges"])
def test_words_are_text(text: str) -> None:
    assert category_of(canonical(text)) == "text"


def test_a_date_is_no_size_with_deviations() -> None:
    assert category_of("2024-05-06") is Category.TEXT
    assert category_of("2024 -0.5") is Category.DIMENSION
