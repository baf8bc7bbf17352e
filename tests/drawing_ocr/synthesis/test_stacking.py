"""Stacks: what stands above each other is labelled as one line and drawn as one piece of ink."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.synthesis import callout_source, text_source
from drawing_ocr.synthesis.fonts import DEJAVU
from drawing_ocr.synthesis.lettering import Lettering, letter
from drawing_ocr.synthesis.line import LineRecipe, draw_line
from drawing_ocr.synthesis.stacking import Stack, letter_stack, random_stack
from drawing_ocr.text import canonical

seeds = st.integers(0, 2**32)
conventions = st.sampled_from(text_source.CONVENTIONS)


def test_a_stack_reads_size_upper_lower_and_limits_the_upper_one_first() -> None:
    assert Stack("35", "+0.2", "0").text == "35 +0.2 0"
    assert Stack("", "16.00", "15.50").text == "16.00 15.50"


@given(seed=seeds, how=conventions)
def test_the_upper_one_is_the_greater_one(seed: int, how: text_source.Convention) -> None:
    stack = random_stack(Random(seed), how)
    upper, lower = (float(text.replace(",", ".").lstrip("⌀R")) for text in (stack.upper, stack.lower))
    assert upper > lower


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("stack", [Stack("35", "+0.2", "0"), Stack("", "16.00", "15.50")])
def test_the_ink_of_a_stack_is_that_of_its_texts_and_no_edge_is_empty(stack: Stack, seed: int) -> None:
    how = Lettering(DEJAVU, 30)
    ink = letter_stack(stack, how, Random(seed))
    dark = ink.mask > 48
    assert dark[0].any()
    assert dark[-1].any()
    assert dark[:, 0].any()
    assert dark[:, -1].any()
    largest = sum(int(letter(part, how).mask.sum(dtype=np.int64)) for part in stack.text.split())
    assert int(ink.mask.sum(dtype=np.int64)) <= 1.01 * largest
    assert ink.height > letter("35", how).height


def test_a_recipe_says_how_many_dimensions_are_stacks() -> None:
    rng = Random(2)
    texts = [draw_line(rng, LineRecipe(dimensions=1, signs=0, words=0, stacked=1.0))[1] for _ in range(40)]
    assert all(" " in text and text == canonical(text) for text in texts)


@given(seed=seeds, how=conventions)
def test_a_callout_is_canonical_but_for_its_count_sign(seed: int, how: text_source.Convention) -> None:
    text = callout_source.callout(Random(seed), how)
    same = str.maketrans("×X", "xx")
    assert canonical(text).translate(same) == text.translate(same)
    assert text.strip() == text
