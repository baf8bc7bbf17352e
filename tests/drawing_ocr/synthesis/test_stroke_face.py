"""Stroke fonts: every glyph is itself, and a face changes its form and not its text."""

import itertools

import cv2
import numpy as np
import pytest

from drawing_ocr.synthesis.stroke_face import StrokeFace, draw_strokes
from drawing_ocr.synthesis.stroke_glyphs import ALTERNATES, GLYPHS

FACES = [
    StrokeFace(),
    StrokeFace(width=0.7, slant=0.27, step=45),
    StrokeFace(square=3.0, alternates=frozenset(ALTERNATES)),
]


def ink_of(character: str, face: StrokeFace) -> np.ndarray:
    """A glyph's ink at one size, float32 [48, 48], stretched to its box as far as its place on the line allows."""
    mask, baseline, left = draw_strokes(character, face, 30.0, 3.0)
    page = np.zeros((48, 48), np.float32)
    window = mask[max(0, baseline - 36) :, max(0, left - 6) :][:48, :48]
    page[: window.shape[0], : window.shape[1]] = window
    return cv2.GaussianBlur(page, (0, 0), 1.0)


@pytest.mark.parametrize("face", FACES)
def test_no_two_glyphs_look_alike(face: StrokeFace) -> None:
    alike = {("°", "'"), ("I", "l")}  # plotters draw a capital I and a small l as the same stroke
    inks = {character: ink_of(character, face) for character in GLYPHS}
    for a, b in itertools.combinations(GLYPHS, 2):
        if (a, b) not in alike:
            assert np.abs(inks[a] - inks[b]).sum() > 0.04 * max(inks[a].sum(), inks[b].sum()), (a, b)


def test_every_alternate_is_another_form_of_a_glyph() -> None:
    assert set(ALTERNATES) <= set(GLYPHS)
    other = StrokeFace(alternates=frozenset(ALTERNATES))
    assert all(not np.array_equal(ink_of(c, StrokeFace()), ink_of(c, other)) for c in ALTERNATES)


def test_a_pitch_gives_every_glyph_the_same_advance() -> None:
    face = StrokeFace(pitch=0.9)
    assert {face.advance(character) for character in "1iWM. 8"} == {0.9}


def test_a_wider_pen_leaves_more_ink_and_a_wider_face_a_longer_line() -> None:
    thin, thick = (draw_strokes("4×R12,5", StrokeFace(), 30.0, pen)[0].sum(dtype=int) for pen in (1.5, 4.0))
    assert thick > 1.8 * thin
    narrow, wide = (draw_strokes("4×R12,5", StrokeFace(width=w), 30.0, 2.0)[0].shape[1] for w in (0.7, 1.4))
    assert wide > 1.3 * narrow


def test_a_character_it_does_not_draw_is_known() -> None:
    assert StrokeFace().has("±")
    assert not StrokeFace().has("技")
