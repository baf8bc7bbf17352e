from __future__ import annotations

import pytest

from drawing_ocr.reading.direction import Hypothesis, choose_directions, settled

UP, DOWN = 3, 1


def line(up: tuple[str, float], down: tuple[str, float]) -> dict[int, Hypothesis]:
    return {UP: Hypothesis(*up), DOWN: Hypothesis(*down)}


def test_the_likelier_reading_is_kept_and_a_lying_line_has_one_only() -> None:
    lying = {0: Hypothesis("NOTES", 0.6)}
    assert choose_directions([line(("35.5", 0.98), ("5'5E", 0.61)), lying]) == [UP, 0]
    assert choose_directions([line(("5'5E", 0.61), ("35.5", 0.98))]) == [DOWN]
    assert choose_directions([]) == []


@pytest.mark.parametrize(("up", "down"), [(("0,8", 0.90), ("8'0", 0.97)), (("60°", 0.93), ("。09", 0.96))])
def test_what_is_a_size_wins_over_a_jumble_that_looks_a_little_surer(
    up: tuple[str, float], down: tuple[str, float]
) -> None:
    assert choose_directions([line(up, down)]) == [UP]
    assert choose_directions([line(down, up)]) == [DOWN]


def test_what_reads_both_ways_stands_as_the_others_do() -> None:
    clear = [line(("35.5", 0.98), ("5'5E", 0.51)), line(("⌀12 H7", 0.97), ("LH ZLØ", 0.5))]
    either = line(("906", 0.95), ("906", 0.97))
    assert choose_directions([*clear, either]) == [UP, UP, UP]
    assert choose_directions([either]) == [DOWN], "alone it says nothing about custom"


def test_a_line_that_clearly_stands_the_other_way_is_left_so() -> None:
    clear = [line(("35.5", 0.98), ("5'5E", 0.51))] * 4
    assert choose_directions([*clear, line(("LS", 0.5), ("57.25", 0.97))])[-1] == DOWN


def test_a_sheet_with_lines_both_ways_has_no_custom() -> None:
    both = [line(("35.5", 0.98), ("5'5E", 0.51)), line(("5'5E", 0.51), ("35.5", 0.98))] * 3
    assert choose_directions([*both, line(("906", 0.95), ("906", 0.97))])[-1] == DOWN


def test_a_way_that_reads_nothing_never_wins() -> None:
    clear = [line(("35.5", 0.98), ("5'5E", 0.51))] * 4
    assert choose_directions([*clear, line(("", 0.0), ("7", 0.2))])[-1] == DOWN


def test_two_digits_that_stand_in_a_box_nearly_as_wide_as_high_win_over_what_they_look_like_lying() -> None:
    assert choose_directions([{0: Hypothesis("3", 0.87), **line(("38", 0.99), ("8E", 0.6))}]) == [UP]


def test_a_digit_that_lies_stays_lying_whatever_the_others_do() -> None:
    clear = [line(("35.5", 0.98), ("5'5E", 0.51))] * 4
    digit = {0: Hypothesis("0", 0.97), **line(("0", 0.95), ("0", 0.95))}
    assert choose_directions([*clear, digit])[-1] == 0


@pytest.mark.parametrize(
    ("way", "text", "confidence", "certain"),
    [
        (1, "R14", 0.99, True),
        (1, "R14", 0.9, False),  # the network doubts
        (1, "916", 0.99, False),  # upside down it is one, too
        (1, "THREE", 0.99, False),  # no size
        (0, "6", 0.99, True),
        (0, "0", 0.99, False),  # a 0 that stands is one, too
    ],
)
def test_a_sure_size_that_only_one_way_can_read_is_read_that_way_only(
    way: int, text: str, confidence: float, certain: bool
) -> None:
    assert settled([(way, Hypothesis(text, confidence))]) == [certain]


def test_a_sure_size_that_reads_both_ways_is_settled_where_others_stand_so() -> None:
    others = [(DOWN, Hypothesis("R14", 0.99)), (DOWN, Hypothesis("34", 0.99))]
    assert settled([*others, (DOWN, Hypothesis("916", 0.99)), (DOWN, Hypothesis("916", 0.9))])[2:] == [True, False]
    assert settled([others[0], (DOWN, Hypothesis("916", 0.99))])[1] is False, "one line makes no custom"


def test_a_line_that_was_read_one_way_only_tells_how_the_others_stand() -> None:
    assert choose_directions([{DOWN: Hypothesis("R14", 0.99)}] * 2 + [line(("906", 0.97), ("906", 0.95))])[-1] == DOWN
