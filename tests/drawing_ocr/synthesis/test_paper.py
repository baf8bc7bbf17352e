"""Paper: what happens to a sheet changes its look and leaves its labels where they are."""

import dataclasses
from random import Random

import numpy as np
import pytest

from drawing_ocr.synthesis.paper import age, write_by_hand
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED, WORN, SheetStyle

WITHOUT = dataclasses.replace(PLOTTED, width=(1100, 1100))


@pytest.mark.parametrize(
    "style",
    [
        dataclasses.replace(WITHOUT, folded=1.0),
        dataclasses.replace(WITHOUT, faxed=1.0),
        dataclasses.replace(WITHOUT, blueprint=1.0),
    ],
)
def test_every_effect_changes_the_picture_and_keeps_its_size(style: SheetStyle) -> None:
    clean, _ = draw_sheet(2, WITHOUT)
    aged = age(clean, style, Random(1))
    assert aged.shape == clean.shape
    assert aged.dtype == np.uint8
    assert not np.array_equal(aged, clean)
    # Where there was ink is still told apart from where there was paper.
    ink, paper = clean < 100, clean > 200
    assert abs(float(np.median(aged[ink])) - float(np.median(aged[paper]))) > 60


def test_a_fax_is_black_and_white_and_a_blueprint_light_on_dark() -> None:
    clean, _ = draw_sheet(2, WITHOUT)
    assert set(np.unique(age(clean, dataclasses.replace(WITHOUT, faxed=1.0), Random(1)))) == {0, 255}
    print_of = age(clean, dataclasses.replace(WITHOUT, blueprint=1.0), Random(1))
    assert np.median(print_of) < 128 < np.median(print_of[clean < 60])


def test_a_reviewers_pen_adds_ink_and_takes_none_away() -> None:
    ink = np.zeros((600, 900), np.uint8)
    ink[300:310, 200:300] = 255
    text = np.array([[400.0, 200.0], [480.0, 200.0], [480.0, 224.0], [400.0, 224.0]])
    before = ink.copy()
    write_by_hand(ink, [text], dataclasses.replace(WITHOUT, handwritten=1.0), Random(3))
    assert (ink >= before).all()
    assert (ink > before).any()


def test_a_worn_sheet_is_drawn_and_labelled_like_any_other() -> None:
    small = dataclasses.replace(WORN, width=(1050, 1300))
    for seed in range(3):
        picture, annotation = draw_sheet(seed, small)
        assert picture.shape == (annotation.height, annotation.width)
        assert len(annotation.regions) > 20
