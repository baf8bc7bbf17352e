"""Tests of drawing_ocr/search/words.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.search.words import MAX_QUERY_WORDS, query_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DX-4711-02", ["dx", "4711", "02", "dx471102"]),
        ("Φ50 H7", ["⌀50", "50", "h7"]),
        ("6,6 mm", ["6.6", "mm"]),
        ("法兰盘", ["法兰", "兰盘"]),
        ("轴", ["轴"]),
        ("不锈钢304", ["不锈", "锈钢", "304"]),
        ("ＦＬＡＮＧＥ", ["flange"]),
        ("⌀", []),
        ("- / .", []),
    ],
)
def test_texts_of_drawings_are_cut_as_people_look_for_them(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(max_size=200))
def test_no_word_holds_a_space_a_quote_or_nothing(text: str) -> None:
    for word in words(text):
        assert word
        assert not set(word) & set(" \t\n\"'*()")


def test_a_query_has_each_word_once_and_not_too_many() -> None:
    assert query_words("m8 M8 m8") == ["m8"]
    assert len(query_words(" ".join(f"w{i}" for i in range(1000)))) == MAX_QUERY_WORDS
