from __future__ import annotations

import pytest

from drawing_ocr.reading.captions import captions_in, headings_in, words_in


@pytest.mark.parametrize(
    "texts",
    [
        ("DRAWN", "CHK'D", "SCALE:1:1"),
        ("Gezeichnet", "Maßstab", "Blatt"),
        ("设计", "比例", "共 1 张"),
        ("Created by/ritad av", "Sheet /sida", "Drawing number /ritningsnummer"),
    ],
)
def test_captions_of_title_blocks_are_known_in_the_languages_of_drawings(texts: tuple[str, ...]) -> None:
    assert captions_in(texts) == 3


def test_a_caption_counts_once_and_values_do_not() -> None:
    assert captions_in(("Drawn", "drawn", "LEVER", "1:2", "M. Weber")) == 1


@pytest.mark.parametrize(
    "texts", [("Item", "Qty", "Material"), ("Pos.", "Stück", "Werkstoff"), ("序号", "数量", "材料")]
)
def test_headings_of_lists_are_known(texts: tuple[str, ...]) -> None:
    assert headings_in(texts) == 2


def test_a_word_that_only_begins_like_a_heading_is_none() -> None:
    assert headings_in(("Position tolerance", "Revolver", "Itemised")) == 0


def test_words_are_told_from_signs_and_numbers() -> None:
    assert words_in(("HOLE", "材料", "X", "⌀0.05", "A", "A-B", "一")) == 2
