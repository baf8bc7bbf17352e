"""The grammar of dimensions."""

from random import Random

import pytest

from drawing_ocr.dimension import is_dimension
from drawing_ocr.synthesis import text_source
from drawing_ocr.text import canonical


@pytest.mark.parametrize(
    "text",
    [
        "50",
        "⌀50",
        "4×⌀6.6 ±0.1",
        "4-R10",
        "(41,5)",
        "+0.1",
        "0",
        "45°",
        "45°30′",
        "65°30′±0.5°",
        "⌀25 H7/g6",
        "R8±0,4",
        "M8×1.25",
        "M8×1-6H",
        "M5 LH",
        "2.0×45°",
        "⌵⌀11×90°",
        "⌀6.6 ↧11",
        "S⌀40",
        "□12",
        "10 +0.1 -0.2",
        "10 0 -0.2",
        "12H7",
        "+0.1 0",
        "8×M8×0,75 LH",
        "2×⌀5",
    ],
)
def test_what_drawings_write_is_a_dimension(text: str) -> None:
    assert is_dimension(canonical(text))


@pytest.mark.parametrize(
    "text", ["O50", "l2.5", "1O0", "4O×2", "NOTES", "", "A-A", "1:2", "12..5", "5 0 0", "2013/08/20"]
)
def test_what_was_misread_or_is_something_else_is_none(text: str) -> None:
    assert not is_dimension(text)


def test_the_dimensions_of_drawn_sheets_are_dimensions() -> None:
    rng = Random(7)
    texts = [canonical(text_source.dimension(rng, how)) for _ in range(300) for how in text_source.CONVENTIONS]
    # The source also writes roughness, scales and marks of sections, which have signs of their own.
    other = [text for text in texts if not is_dimension(text)]
    assert len(other) < 0.06 * len(texts)
    assert all(":" in text or text[0] in "RABCDEFG" for text in other)
