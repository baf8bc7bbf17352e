"""Texts: what the grammar writes is what drawings carry, in canonical spelling."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.synthesis import text_source, vocabulary
from drawing_ocr.synthesis.general_text import general_text, plain_number
from drawing_ocr.synthesis.text_source import ASME, CONVENTIONS, GB, ISO, Convention
from drawing_ocr.synthesis.vocabulary import Language, is_held_out, phrases
from drawing_ocr.text import DIAMETER, SymbolClass, canonical, symbol_class

seeds = st.integers(0, 2**32)
conventions = st.sampled_from(CONVENTIONS)
languages = st.sampled_from(("english", "german", "chinese", "japanese"))


@given(seed=seeds, how=conventions)
def test_every_text_is_canonical_but_for_its_count_sign(seed: int, how: Convention) -> None:
    for write in (text_source.dimension, text_source.sign_text, text_source.words):
        text = write(Random(seed), how)
        assert canonical(text).replace("×", "x") == text.replace("×", "x").replace(
            "X", "x" if "×" in canonical(text) else "X"
        )


@given(seed=seeds)
def test_a_convention_writes_one_decimal_sign(seed: int) -> None:
    for how, other in ((ISO, r"\d\.\d"), (ASME, r"\d,\d"), (GB, r"\d,\d")):
        assert not re.search(other, text_source.dimension(Random(seed), how))


@given(seed=seeds, how=conventions)
def test_the_upper_deviation_lies_above_the_lower(seed: int, how: Convention) -> None:
    upper, lower = (float(text.replace(",", ".")) for text in text_source.limits(Random(seed), how))
    assert upper > lower


@given(seed=seeds, how=conventions)
def test_a_tolerance_frame_has_one_sign_a_value_and_datums_where_the_sign_needs_them(
    seed: int, how: Convention
) -> None:
    sign, value, *datums = text_source.frame_cells(Random(seed), how)
    assert sign in text_source.GEOMETRIC_SIGNS
    assert re.fullmatch(r"⌀?\d+([.,]\d+)?[ⓂⓁⓅ]?", value)
    assert bool(datums) == (sign not in "⏥⏤⌭⌒○")
    assert all(re.fullmatch("[A-G][ⓂⓁ]?", datum) for datum in datums)
    assert datums == sorted(datums)


def test_the_grammar_writes_every_kind_of_sign() -> None:
    rng = Random(1)
    kinds = set()
    for _ in range(3000):
        kinds |= symbol_class(text_source.dimension(rng, rng.choice(CONVENTIONS)))
        kinds |= symbol_class(text_source.sign_text(rng, rng.choice(CONVENTIONS)))
        kinds |= symbol_class(text_source.words(rng, ISO))
    assert kinds == set(SymbolClass)


def test_every_geometric_sign_is_written() -> None:
    rng = Random(2)
    written = "".join(text_source.sign_text(rng, ISO) for _ in range(2000))
    assert set(text_source.GEOMETRIC_SIGNS + "ⓂⓁⓅ⌴⌵↧⌀") <= set(written)


def test_diameters_are_frequent_enough_to_learn() -> None:
    rng = Random(3)
    share = sum(DIAMETER in text_source.dimension(rng, ISO) for _ in range(2000)) / 2000
    assert 0.25 < share < 0.6


@given(seed=seeds, language=languages)
def test_general_text_for_training_and_for_the_regression_set_never_meet(seed: int, language: Language) -> None:
    assert not is_held_out(general_text(Random(seed), language))
    assert is_held_out(general_text(Random(seed), language, held_out=True))


@given(seed=seeds)
def test_a_capitalised_text_stays_on_its_side(seed: int) -> None:
    text = general_text(Random(seed), "english")
    assert is_held_out(text.upper()) == is_held_out(text)


@pytest.mark.parametrize("language", ["english", "german", "chinese", "japanese"])
def test_both_sides_have_phrases_of_every_language(language: Language) -> None:
    assert len(phrases(language)) >= 15
    assert len(phrases(language, held_out=True)) >= 10


@given(seed=seeds, language=languages)
def test_general_text_carries_no_drawing_sign(seed: int, language: Language) -> None:
    signs = set(text_source.GEOMETRIC_SIGNS + "ⓂⓁⓅ⌴⌵↧⌀±°×")
    assert not signs & set(general_text(Random(seed), language, held_out=True) + plain_number(Random(seed)))


def test_every_caption_and_name_has_four_languages() -> None:
    assert all(len(names) == 4 and all(names) for names in (*vocabulary.CAPTIONS.values(), *vocabulary.PART_NAMES))
