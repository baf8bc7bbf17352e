"""One text out of several."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.dimension import is_dimension
from drawing_ocr.labelling.vote import UNREADABLE, posterior, reading_cost, slip_cost, vote

ANY = bool  # every text that is not empty can stand there
texts = st.lists(st.text("0Ol1⌀5S° x.", min_size=1, max_size=6).map(str.strip).filter(bool), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["⌀50", "O50", "⌀50"], "⌀50"),  # an exact majority
        (["O50", "O50", "⌀50"], "O50"),  # also a wrong one
        (["⌀50.2", "⌀5O.25", "O50.25"], "⌀50.25"),  # each character by itself: nobody said this
        (["M12×1.75", "Ml2×1.75", "M12x1.7S"], "M12×1.75"),
        (["SECTION A-A", "SECTI0N A-A", "SECTION AA"], "SECTION A-A"),
        (["100", "1000", "100 "], "100"),
        (["技术要求", "技木要求", "技术耍求"], "技术要求"),
    ],
)
def test_characters_are_voted_on_where_no_text_has_a_majority(said: list[str], expected: str) -> None:
    weights = [0.9] * len(said)
    for order in itertools.permutations(said):
        assert vote(order, weights, ANY) == expected


def test_what_votes_leave_open_is_decided_by_what_can_stand_there() -> None:
    assert vote(["O50", "⌀50"], [0.9, 0.9], is_dimension) == "⌀50"
    assert vote(["1O", "l0"], [0.9, 0.9], is_dimension) == "10"


def test_the_more_reliable_person_decides_between_two() -> None:
    assert vote(["12.5", "12.6"], [0.95, 0.6], is_dimension) == "12.5"
    assert vote(["12.6", "12.5"], [0.95, 0.6], is_dimension) == "12.6"


def test_look_alikes_are_likelier_slips_than_others() -> None:
    assert slip_cost("0", "0") == 0
    assert slip_cost("0", "O") == slip_cost("O", "0") < slip_cost("0", "7")
    assert reading_cost("⌀50", "O50") == slip_cost("⌀", "O")
    assert reading_cost("", "77") == 2 * slip_cost("", "7")


@given(texts)
def test_the_vote_does_not_depend_on_the_order(said: list[str]) -> None:
    weights = [0.6 + 0.05 * (len(text) % 3) for text in said]
    chosen = vote(said, weights, is_dimension)
    shuffled = list(zip(said, weights, strict=True))
    Random(1).shuffle(shuffled)
    assert vote([text for text, _ in shuffled], [weight for _, weight in shuffled], is_dimension) == chosen
    assert chosen


@given(texts)
def test_the_posterior_is_a_probability(said: list[str]) -> None:
    assert 0 < posterior(said[0], said, [0.9] * len(said), ANY) < 1


def test_the_posterior_grows_with_those_who_agree_and_with_their_reliability() -> None:
    def of(chosen: str, *said: str, reliability: float = 0.9) -> float:
        return posterior(chosen, said, [reliability] * len(said), is_dimension)

    assert of("50", "50") < of("50", "50", "50") < of("50", "50", "50", "50")
    assert of("50", "50", "60") < of("50", "50", "S0") < 0.99
    assert of("50", "50", "50", "60") > 0.9
    assert of("50", "50", "50", "60", reliability=0.6) < of("50", "50", "50", "60", reliability=0.95)
    # A look-alike that is a dimension weighs against a majority that is none.
    assert of("O50", "O50", "O50", "⌀50") < 0.95 < of("⌀50", "⌀50", "⌀50", "O50")
    assert of("50", "50", UNREADABLE) == pytest.approx(0.5, abs=0.02)
