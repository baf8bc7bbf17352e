"""Readings out of the probabilities of time steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drawing_ocr.reading.structure.hypotheses import correction, hypotheses

CLASSES = ("", "0", "4", "2", "⌀")


def test_a_doubtful_step_gives_both_readings_with_their_probabilities() -> None:
    steps = np.full((7, 5), 0.0005, np.float32)
    steps[[1, 3, 5], [1, 2, 3]] = 0.998
    steps[[0, 2, 4, 6], 0] = 0.998
    steps[1, [1, 4]] = 0.65, 0.349
    found = hypotheses(steps, CLASSES)
    assert [text for text, _ in found] == ["042", "⌀42"]
    assert math.exp(found[0][1]) == pytest.approx(0.65, abs=0.01)
    choice = correction(steps, CLASSES)
    assert choice is not None
    assert (choice.text, choice.raw) == ("⌀42", "042")


@pytest.mark.parametrize(("sure", "meant"), [(0.5, "Masse"), (0.95, None)])
def test_a_caption_of_the_title_block_is_meant_where_the_network_doubts(sure: float, meant: str | None) -> None:
    classes = ("", *"Masel")
    steps = np.full((11, 6), 0.0005, np.float32)
    steps[np.arange(0, 11, 2), 0] = 0.998
    for step, character in zip((1, 3, 5, 7, 9), (1, 2, 3, 3, 5), strict=True):
        steps[step, character] = 0.998
    steps[9, [5, 4]] = sure, 0.998 - sure
    choice = correction(steps, classes)
    assert (choice and choice.text) == meant
    assert choice is None or choice.raw == "Massl"


def test_a_clear_line_has_no_other_reading() -> None:
    steps = np.full((3, 5), 0.01, np.float32)
    steps[[0, 1, 2], [1, 0, 3]] = 0.96
    assert hypotheses(steps, CLASSES) == []
    assert correction(steps, CLASSES) is None


def test_doubled_characters_stay_double_over_surely_blank_steps() -> None:
    steps = np.full((5, 5), 0.0001, np.float32)
    steps[[0, 1, 2, 3], [2, 0, 0, 2]] = 0.9996
    steps[4, [0, 3]] = 0.5, 0.49
    assert [text for text, _ in hypotheses(steps, CLASSES)] == ["44", "442"]
