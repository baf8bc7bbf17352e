"""Calibration: the error is what its definition says, the fit finds the map that made the lines."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.calibration import Verdict, expected_calibration_error, fit, reliability, verdicts
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.reading.result import Box, Prediction


def lines(true: Calibration, count: int, seed: int = 1) -> list[Verdict]:
    """What a network says that is as right as the map tells."""
    random = Random(seed)
    said = [1 - random.random() ** 2 / 2 for _ in range(count)]
    return [Verdict(confidence, random.random() < true(confidence)) for confidence in said]


def box(left: float) -> Box:
    return ((left, 0), (left + 50, 0), (left + 50, 20), (left, 20))


def test_the_error_is_the_distance_between_word_and_truth_over_lines() -> None:
    judged = [Verdict(0.9, True), Verdict(0.9, False), Verdict(0.2, False), Verdict(0.2, False)]
    assert expected_calibration_error(judged) == pytest.approx((2 * 0.4 + 2 * 0.2) / 4)
    assert [(part.lines, part.right) for part in reliability(judged)] == [(2, 0.0), (2, 0.5)]


def test_nothing_is_said_about_no_lines() -> None:
    assert expected_calibration_error([]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_bins_hold_every_line_once(said: list[tuple[float, bool]]) -> None:
    judged = [Verdict(confidence, right) for confidence, right in said]
    assert sum(part.lines for part in reliability(judged)) == len(judged)
    error = expected_calibration_error(judged)
    assert error is not None
    assert 0 <= error <= 1


def test_the_fit_finds_the_map_and_mends_the_error_of_other_lines() -> None:
    true = Calibration(right=2.4, wrong=0.65, offset=-0.6)
    found = fit(lines(true, 3_000))
    assert (found.right, found.wrong, found.offset) == pytest.approx((2.4, 0.65, -0.6), abs=0.5)
    others = lines(true, 3_000, seed=2)
    mended = [Verdict(found(line.confidence), line.right) for line in others]
    said, answered = expected_calibration_error(others), expected_calibration_error(mended)
    assert said is not None
    assert answered is not None
    assert answered < 0.03 < 0.1 < said


@pytest.mark.parametrize("right", [True, False])
def test_lines_that_all_went_alike_give_a_map_that_still_rises(right: bool) -> None:
    found = fit([Verdict(confidence / 100, right) for confidence in range(50, 100)])
    assert found(0.99) >= found(0.5)
    assert (found(0.9) > 0.9) is right


def test_without_lines_nothing_is_changed() -> None:
    assert fit([]) == Calibration()


def test_only_lines_at_labelled_places_are_judged_and_their_texts_in_canonical_form() -> None:
    regions = [
        Region(points=box(0), text="∅50", category=Category.DIMENSION),
        Region(points=box(100), text="R5", category=Category.DIMENSION),
    ]
    found = [
        Prediction(box=box(0), text="⌀50", confidence=0.9),
        Prediction(box=box(103), text="R6", confidence=0.7),
        Prediction(box=box(300), text="1", confidence=0.6),
    ]
    assert verdicts(regions, found) == [Verdict(0.9, True), Verdict(0.7, False)]
