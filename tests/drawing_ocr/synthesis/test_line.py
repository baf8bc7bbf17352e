"""Lines: crops as a detector cuts them."""

import dataclasses
from random import Random

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.synthesis.lettering import letter
from drawing_ocr.synthesis.line import LineRecipe, crop_of, draw_line
from drawing_ocr.synthesis.pencase import random_lettering
from drawing_ocr.text import SymbolClass, canonical, symbol_class

SPOILERS = ("clutter", "skewed", "coarse", "bled", "blurred", "one_bit", "pale", "noisy", "compressed")
CLEAN = LineRecipe(framed=0.0, **dict.fromkeys(SPOILERS, 0.0))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_line_is_a_grey_crop_with_dark_ink_and_a_canonical_text(seed: int) -> None:
    crop, text = draw_line(Random(seed))
    assert crop.dtype == np.uint8
    assert crop.ndim == 2
    assert 8 <= crop.shape[0] <= 300
    assert crop.shape[1] >= 4
    assert text
    assert text == canonical(text)
    assert int(crop.max()) - int(crop.min()) > 60
    assert np.percentile(crop, 90) > 128


def test_the_same_seed_draws_the_same_lines() -> None:
    first, second = ([draw_line(rng) for _ in range(20)] for rng in (Random(5), Random(5)))
    for (a, s), (b, t) in zip(first, second, strict=True):
        assert s == t
        assert np.array_equal(a, b)


def ink_of(crop: np.ndarray) -> np.ndarray:
    """How dark a crop is, from paper 0 to ink 1."""
    paper, dark = float(crop.max()), float(crop.min())
    return ((paper - crop) / (paper - dark)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_clean_crop_holds_the_whole_text(seed: int) -> None:
    lettered = letter("R12.5", random_lettering(Random(seed), "R12.5")).mask
    crop = ink_of(crop_of(Random(seed), "R12.5", CLEAN))
    assert crop.shape[0] >= lettered.shape[0]
    assert crop.shape[1] >= lettered.shape[1]
    assert cv2.matchTemplate(crop, lettered.astype(np.float32) / 255, cv2.TM_CCOEFF_NORMED).max() > 0.98


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_crop_askew_loses_no_ink(seed: int) -> None:
    askew = dataclasses.replace(CLEAN, skewed=1.0)
    narrowest = 0.82
    lettered = letter("⌀70.50±0.05", random_lettering(Random(seed), "⌀70.50±0.05")).mask
    # Thin strokes turned are nowhere fully dark, so that the scale of `ink_of` makes them more, never less.
    assert ink_of(crop_of(Random(seed), "⌀70.50±0.05", askew)).sum() > 0.93 * narrowest * lettered.sum() / 255


def test_the_recipe_weighs_what_is_written() -> None:
    rng = Random(1)
    words = [draw_line(rng, LineRecipe(dimensions=0, signs=0, words=1))[1] for _ in range(60)]
    signs = [draw_line(rng, LineRecipe(dimensions=0, signs=1, words=0))[1] for _ in range(60)]
    assert not any(symbol_class(text) & {SymbolClass.GDT, SymbolClass.COUNTERBORE} for text in words)
    assert all(symbol_class(text) & {SymbolClass.GDT, SymbolClass.COUNTERBORE} for text in signs)


def test_a_framed_tolerance_shows_its_cells() -> None:
    framed = dataclasses.replace(CLEAN, framed=1.0)

    def upright_columns(recipe: LineRecipe) -> int:
        """Columns that are ink all through the middle of the crop: dividers, and a few stems of letters."""
        count = 0
        for seed in range(20):
            crop = ink_of(crop_of(Random(seed), "∠ 2 V", recipe))
            rows = crop.shape[0]
            middle = crop[round(0.25 * rows) : round(0.75 * rows)]
            count += sum(middle[:, x].min() > 0.3 for x in range(crop.shape[1]))
        return count

    assert upright_columns(framed) >= upright_columns(CLEAN) + 2 * 20


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_every_spoiler_changes_the_crop(spoiler: str) -> None:
    spoilt = dataclasses.replace(CLEAN, **{spoiler: 1.0})
    changed = [
        not np.array_equal(crop_of(Random(seed), "4×⌀6.6", CLEAN), crop_of(Random(seed), "4×⌀6.6", spoilt))
        for seed in range(20)
    ]
    assert sum(changed) >= 15
