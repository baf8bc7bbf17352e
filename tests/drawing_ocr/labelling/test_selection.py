"""Which drawings are chosen."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.labelling.selection import features, select
from drawing_ocr.labelling.uncertainty import Calibration, DrawingUncertainty, LineSigns, assess


def drawing(*texts: str, confidence: float = 0.5) -> DrawingUncertainty:
    return assess([LineSigns(text, confidence, True) for text in texts], Calibration())


def chosen(drawings: list[DrawingUncertainty], *, budget: int, least: float = 0.0) -> list[int]:
    scores, described = [each.score for each in drawings], [features(each) for each in drawings]
    return [choice.index for choice in select(scores, described, budget=budget, least=least)]


def test_the_second_of_a_kind_waits_for_another_kind() -> None:
    alike = [drawing("⌖⌖⌖", "⌖⌖") for _ in range(5)]
    other = drawing("⏥⏥⏥", "⏥⏥", confidence=0.6)  # less uncertain than any of the five
    assert set(chosen([*alike, other], budget=2)) & {5}


def test_what_is_common_comes_before_what_is_rare_when_equally_uncertain() -> None:
    rare, common = drawing("⏥⏥⏥"), [drawing("⌖⌖⌖") for _ in range(3)]
    assert chosen([rare, *common], budget=1)[0] != 0


def test_nothing_is_chosen_when_nothing_is_uncertain() -> None:
    assert chosen([drawing("12", "13", confidence=0.99)] * 3, budget=5, least=0.1) == []


def test_a_budget_is_kept_and_not_filled_with_what_is_certain() -> None:
    drawings = [drawing("⌖12", "⌖7"), drawing("ok", confidence=0.999), drawing("⌀9", "⌀8")]
    assert sorted(chosen(drawings, budget=5, least=0.05)) == [0, 2]
    assert len(chosen(drawings, budget=1)) == 1


def test_characters_of_sure_lines_make_no_drawings_alike() -> None:
    left = assess([LineSigns("1234567", 0.9999, True), LineSigns("⌖", 0.3, True)], Calibration())
    right = assess([LineSigns("1234567", 0.9999, True), LineSigns("⏥", 0.3, True)], Calibration())
    assert float(features(left) @ features(right)) < 0.15


@given(st.lists(st.tuples(st.text("⌖⏥⌀123", max_size=4), st.floats(0, 1)), max_size=12), st.integers(0, 15))
def test_every_drawing_is_chosen_once_and_gains_never_grow(lines: list[tuple[str, float]], budget: int) -> None:
    drawings = [drawing(text, confidence=confidence) for text, confidence in lines]
    choices = select([each.score for each in drawings], [features(each) for each in drawings], budget=budget)
    assert len(choices) == min(budget, len(drawings))
    assert len({choice.index for choice in choices}) == len(choices)
    gains = [choice.gain for choice in choices]
    assert all(later <= earlier + 1e-5 for earlier, later in itertools.pairwise(gains))


def test_the_same_drawings_are_chosen_in_every_process() -> None:
    weights = features(drawing("⌖"))
    assert np.flatnonzero(weights).tolist() == [234]
