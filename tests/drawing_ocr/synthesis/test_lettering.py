"""Lettering: the ink box is the ink's, whatever the face, stretch and slant."""

import dataclasses
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.fonts import DEJAVU, LATIN_FACES, OSIFONT
from drawing_ocr.synthesis.lettering import INK_THRESHOLD, Ink, Lettering, letter, letter_row
from drawing_ocr.synthesis.signs import DiameterForm
from drawing_ocr.synthesis.stroke_face import StrokeFace

letterings = st.builds(
    Lettering,
    face=st.sampled_from(LATIN_FACES),
    size=st.integers(12, 60),
    pen=st.floats(1.0, 4.0),
    drawn_signs=st.booleans(),
    diameter=st.sampled_from(("⌀", "Ø", DiameterForm(), DiameterForm(ring=0.6, slash=85, reach=1.9, gap=-0.05))),
    width_factor=st.sampled_from((0.75, 1.0, 1.15)),
    slant=st.sampled_from((0.0, 0.27)),
    strokes=st.sampled_from((None, StrokeFace(), StrokeFace(width=0.7, step=45, slant=0.27), StrokeFace(pitch=0.9))),
)


def edges(ink: Ink) -> list[int]:
    """The darkest pixel of each edge."""
    return [int(side.max()) for side in (ink.mask[0], ink.mask[-1], ink.mask[:, 0], ink.mask[:, -1])]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), how=letterings)
def test_every_edge_of_the_ink_box_touches_ink(seed: int, how: Lettering) -> None:
    text = text_source.dimension(Random(seed), text_source.ISO)
    assert min(edges(letter(text, how))) > INK_THRESHOLD


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), how=letterings)
def test_no_ink_is_cut_off(seed: int, how: Lettering) -> None:
    """Written twice in one line, the text leaves twice its ink."""
    how = dataclasses.replace(how, size=max(how.size, 24))  # small stretched letters differ by how they meet the pixels
    text = text_source.sign_text(Random(seed), text_source.GB)
    alone, doubled = letter(text, how), letter(f"{text} {text}", how)
    assert doubled.mask.sum(dtype=int) == pytest.approx(2 * alone.mask.sum(dtype=int), rel=0.06)
    assert abs(doubled.height - alone.height) <= 1


def test_the_baseline_is_where_capitals_stand() -> None:
    ink = letter("HEM", Lettering(DEJAVU, 40))
    assert abs(ink.baseline - ink.height) <= 1
    assert letter("p", Lettering(DEJAVU, 40)).baseline < letter("p", Lettering(DEJAVU, 40)).height


@pytest.mark.parametrize("sign", "⌀⌴⌵↧⌖⏥⊥∥◎⌒⌓↗⌰⌭⏤∠ⓂⓁⓅ")
def test_drawn_signs_are_as_high_as_the_lettering(sign: str) -> None:
    how = Lettering(OSIFONT, 48, pen=3.0, drawn_signs=True)
    ink = letter(sign, how)
    assert ink.height <= 1.4 * letter("H", how).height
    assert ink.width >= 0.25 * how.size


def test_a_pen_twice_as_wide_leaves_more_ink() -> None:
    thin, wide = (letter("⌀⌖⊥", Lettering(OSIFONT, 40, pen=pen, drawn_signs=True)) for pen in (1.5, 3.0))
    assert wide.mask.sum(dtype=np.int64) > 1.5 * thin.mask.sum(dtype=np.int64)


def test_a_text_without_ink_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no ink"):
        letter("   ", Lettering(DEJAVU, 20))


def test_cells_of_a_row_stand_apart_by_the_gap_and_share_a_baseline() -> None:
    how = Lettering(OSIFONT, 30)
    cells = ["⌖", "⌀0.05", "A"]
    row, ends = letter_row(cells, how, gap=20)
    widths = [letter(cell, how).width for cell in cells]
    assert row.width == sum(widths) + 40
    assert ends == [widths[0] + 10, widths[0] + widths[1] + 30, row.width + 10]
    for end in ends[:-1]:
        assert not row.mask[:, int(end) - 9 : int(end) + 9].any()
