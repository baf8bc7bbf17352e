"""Choosing between readings of one line."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.grammar.decoding import choose, prior, readings

TEXTS = st.sampled_from(["042", "⌀42", "O42", "12.5", "l2.5", "NOTES", "1:2", "R5", "B5", "4×⌀6.6", "4xO6.6"])


def logs(**given: float) -> list[tuple[str, float]]:
    return [(text, math.log(probability)) for text, probability in given.items()]


@pytest.mark.parametrize(
    ("likeliest", "meant"),
    [("042", "⌀42"), ("l2.5", "12.5"), ("4×O6.6", "4×⌀6.6"), ("12.5 +0.1 +0.1", "12.5 +0.1 -0.1")],
)
def test_what_drawings_write_is_meant_where_the_network_doubts(likeliest: str, meant: str) -> None:
    choice = choose(logs(**{likeliest: 0.6, meant: 0.3}))
    assert (choice.text, choice.raw, choice.is_corrected) == (meant, likeliest, True)


@pytest.mark.parametrize(
    ("likeliest", "other"), [("042", "⌀42"), ("S235", "5235"), ("B_00.8", "8.00"), ("GP-76", "6P-76")]
)
def test_what_the_network_is_sure_of_stays(likeliest: str, other: str) -> None:
    assert choose(logs(**{likeliest: 0.97, other: 0.02})).text == likeliest


@pytest.mark.parametrize(
    ("likeliest", "other"),
    [
        ("⏤", "一"),
        ("⌰", "⌰1"),
        ("V-3723", "-3723"),
        ("2/3", "23"),
        ("NOTES", "N0TES"),
        ("12.5", "12.6"),
        ("A-A", "4-4"),
        ("1:2", "12"),
        ("⌀5", "5"),
    ],
)
def test_between_two_that_drawings_write_the_network_decides(likeliest: str, other: str) -> None:
    choice = choose(logs(**{likeliest: 0.5, other: 0.45}))
    assert choice.text == likeliest
    assert not choice.is_corrected


@given(st.lists(st.tuples(TEXTS, st.floats(-9, 0)), min_size=1, max_size=6))
def test_nothing_is_made_up_and_the_order_does_not_matter(hypotheses: list[tuple[str, float]]) -> None:
    choice = choose(hypotheses)
    assert {choice.text, choice.raw} <= {text for text, _ in hypotheses}
    assert max(likelihood for _, likelihood in hypotheses) == max(
        likelihood for text, likelihood in hypotheses if text == choice.raw
    ) or len({likelihood for _, likelihood in hypotheses}) < len(hypotheses)
    if len({likelihood for _, likelihood in hypotheses}) == len(hypotheses):
        assert choose(hypotheses[::-1]) == choice


def test_where_the_network_reads_nothing_nothing_is_put() -> None:
    assert choose([("", math.log(0.2)), ("1", math.log(0.19))]).text == ""


def test_one_reading_has_nothing_beside_it() -> None:
    assert choose([("12", -0.1)]).margin == math.inf
    with pytest.raises(ValueError, match="at least one"):
        choose([])


def test_sizes_words_and_marks_are_alike_and_a_jumble_is_rarer() -> None:
    assert {prior(text) for text in ("⌀25 H7", "⌖ ⌀0.1 A", "Ra 3.2", "SECTION A-A", "1:2", "技术", "H7", "4×")} == {0.0}
    assert prior("4O×2") < 0
    assert prior("042") < 0 == prior("0.42")


def brute_force(steps: list[list[tuple[str, float]]]) -> dict[str, float]:
    """Every path through the steps, by the text it says."""
    found: dict[str, float] = {}
    for path in itertools.product(*steps):
        merged = [path[0], *(after for before, after in itertools.pairwise(path) if after[0] != before[0])]
        text = "".join(character for character, _ in merged)
        found[text] = found.get(text, 0.0) + math.prod(probability for _, probability in path)
    return found


STEP = st.lists(st.floats(0.05, 1), min_size=3, max_size=3).map(
    lambda weights: [
        (character, weight / sum(weights)) for character, weight in zip(("", "1", "0"), weights, strict=True)
    ]
)


@given(st.lists(STEP, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_wide_beam_finds_every_text_with_its_exact_probability(steps: list[list[tuple[str, float]]]) -> None:
    found = {text: math.exp(likelihood) for text, likelihood in readings(steps, width=500)}
    assert found == pytest.approx(brute_force(steps))


def test_the_best_text_is_not_the_best_path() -> None:
    """Two paths that say `1` together are likelier than the likeliest path, which says nothing."""
    steps = [[("", 0.6), ("1", 0.4)], [("", 0.6), ("1", 0.4)]]
    assert readings(steps)[0][0] == "1"


def test_a_step_that_nothing_can_be_at_leaves_no_reading() -> None:
    assert readings([[]]) == []
    assert readings([]) == [("", 0.0)]
