"""How uncertain a reading is, and how that is learned from labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, Region
from drawing_ocr.labelling.uncertainty import Calibration, LineSigns, assess, fits_grammar, judged, signs_of
from drawing_ocr.reading.result import Box, Prediction

CONFIDENCES = st.floats(0, 1)


def box(left: float, top: float = 0.0, width: float = 40.0) -> Box:
    return ((left, top), (left + width, top), (left + width, top + 10), (left, top + 10))


def line(text: str, left: float = 0.0, confidence: float = 0.9, category: Category = Category.DIMENSION) -> Prediction:
    return Prediction(box=box(left), text=text, confidence=confidence, category=category)


def sure(count: int, *, confidence: float = 0.999) -> list[LineSigns]:
    return [LineSigns("⌀12", confidence, True, True)] * count


def test_without_labels_a_reader_is_as_overconfident_as_the_official_one() -> None:
    wrong = Calibration().wrong([LineSigns("12", confidence, True) for confidence in (0.5, 0.9, 0.99, 0.999)])
    assert wrong == pytest.approx([0.65, 0.47, 0.29, 0.17], abs=0.01)


def test_a_failed_sign_makes_a_line_more_doubtful() -> None:
    alone, unfit, both = Calibration().wrong(
        [LineSigns("12", 0.9, True, True), LineSigns("12", 0.9, False, True), LineSigns("12", 0.9, False, False)]
    )
    assert alone < unfit < both


def test_a_reading_that_nobody_asked_for_is_no_disagreement() -> None:
    agreed, unasked = Calibration().wrong([LineSigns("12", 0.9, True, True), LineSigns("12", 0.9, True, None)])
    assert agreed == unasked


def test_an_overconfident_reader_is_calibrated_to_what_labels_say() -> None:
    generator = np.random.default_rng(1)
    confidence = generator.uniform(0.9, 0.999, 2000)
    right = generator.random(2000) < confidence - 0.3
    signs = [LineSigns("12", float(each), True) for each in confidence]
    before = Calibration(slope=1, offset=0).wrong(signs)
    after = Calibration.fit(signs, right.tolist()).wrong(signs)
    share = 1 - right.mean()
    assert abs(before.mean() - share) > 0.25
    assert abs(after.mean() - share) < 0.01


def test_labels_tell_how_much_a_failed_sign_means() -> None:
    signs = [*sure(200, confidence=0.95), *[LineSigns("0382", 0.95, False, True)] * 100]
    calibration = Calibration.fit(signs, [True] * 190 + [False] * 10 + [False] * 90 + [True] * 10)
    good, bad = calibration.wrong([signs[0], signs[-1]])
    assert good == pytest.approx(0.05, abs=0.02)
    assert bad == pytest.approx(0.9, abs=0.05)
    assert calibration.lines == 300


def test_a_few_labels_move_the_prior_little() -> None:
    few, many = (Calibration.fit(sure(count, confidence=0.9), [False] * count) for count in (1, 100))
    assert few.wrong(sure(1, confidence=0.9))[0] < 0.7
    assert many.wrong(sure(1, confidence=0.9))[0] > 0.95


def test_no_labels_leave_the_prior() -> None:
    assert Calibration.fit([], []) == Calibration()


def test_verdicts_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 lines and 1 verdicts"):
        Calibration.fit(sure(2), [True])


@given(
    st.lists(st.tuples(CONFIDENCES, st.booleans(), st.sampled_from([True, False, None]), st.booleans()), max_size=40)
)
def test_every_fit_is_finite_and_gives_probabilities(lines: list[tuple[float, bool, bool | None, bool]]) -> None:
    signs = [LineSigns("1", confidence, fits, agrees) for confidence, fits, agrees, _ in lines]
    wrong = Calibration.fit(signs, [right for *_, right in lines]).wrong(signs)
    assert np.isfinite(wrong).all()
    assert ((wrong >= 0) & (wrong <= 1)).all()


@given(st.lists(st.tuples(CONFIDENCES, st.booleans(), st.sampled_from([True, False, None])), max_size=30), CONFIDENCES)
def test_the_parts_add_up_to_the_score(lines: list[tuple[float, bool, bool | None]], novelty: float) -> None:
    signs = [LineSigns("1", confidence, fits, agrees) for confidence, fits, agrees in lines]
    drawing = assess(signs, Calibration(), novelty=novelty)
    parts = drawing.parts
    assert parts.confidence + parts.grammar + parts.agreement + parts.novelty == pytest.approx(drawing.score)
    assert 0 <= drawing.score <= 1


def test_a_drawing_with_many_doubtful_lines_is_more_uncertain_than_one_with_a_single_one() -> None:
    doubtful = LineSigns("0382", 0.6, False, False)
    assert assess([doubtful] * 20, Calibration()).score > assess([doubtful], Calibration()).score


def test_a_drawing_without_any_line_is_uncertain() -> None:
    assert assess([], Calibration()).score > assess(sure(30), Calibration()).score * 3


def test_novelty_adds_to_a_drawing_that_is_read_surely() -> None:
    known, new = (assess(sure(10), Calibration(), novelty=novelty) for novelty in (0.0, 1.0))
    assert new.score > known.score + 0.2
    assert known.score == assess(sure(10), Calibration()).score


def test_the_most_doubtful_texts_come_first() -> None:
    drawing = assess([LineSigns("good", 0.99, True), LineSigns("bad", 0.4, True)], Calibration())
    assert [text for text, _ in drawing.most_doubtful(1)] == ["bad"]


@pytest.mark.parametrize("text", ["⌀6.6 +0.1", "4×⌀6.6 H7", "M8×1.25", "45°", "0.5", "0,05", "SECTION A-A", "1:2", ""])
def test_what_is_a_dimension_or_does_not_look_like_one_fits(text: str) -> None:
    assert fits_grammar(text, Category.DIMENSION)


@pytest.mark.parametrize("text", ["12..5", "0382", "⌀⌀12", "中0.05A", "12+-"])
def test_what_looks_like_a_dimension_and_is_none_does_not_fit(text: str) -> None:
    assert not fits_grammar(text, Category.TEXT)


def test_numbers_in_a_title_block_are_not_judged() -> None:
    assert fits_grammar("0382-11..2", Category.TITLE_BLOCK)


def test_the_turned_reading_agrees_or_disagrees_at_each_place() -> None:
    read = [line("12"), line("⌀6", left=100)]
    turned = [line("⌀6", left=101), line("13", left=1)]
    assert [signs.agrees for signs in signs_of(read, turned)] == [False, True]


def test_a_line_that_only_one_of_the_readings_found_disagrees() -> None:
    signs = signs_of([line("12")], [line("R5", left=200)])
    assert [(each.text, each.agrees) for each in signs] == [("12", False), ("R5", False)]


def test_labels_judge_lines_at_their_places() -> None:
    labels = [Region(points=box(0), text="12"), Region(points=box(100), text="⌀6")]
    signs, right = judged([line("12"), line("06", left=100), line("ghost", left=300)], None, labels)
    assert [(each.text, verdict) for each, verdict in zip(signs, right, strict=True)] == [
        ("12", True),
        ("06", False),
        ("ghost", False),
    ]


def test_what_people_cannot_read_judges_nobody() -> None:
    labels = [Region(points=box(0), text="", ignore=True)]
    assert judged([line("12")], None, labels) == ([], [])


def test_a_label_that_only_the_turned_reading_found_judges_that_reading() -> None:
    signs, right = judged([], [line("12")], [Region(points=box(0), text="12")])
    assert ([each.agrees for each in signs], right) == ([False], [True])
