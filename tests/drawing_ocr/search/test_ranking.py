from __future__ import annotations

import pytest

from drawing_ocr.search.ranking import both_ways
from drawing_ocr.search.vector import encode

X, Y, Z = (encode([float(place == axis) for place in range(8)]) for axis in range(3))


def test_a_drawing_that_shows_all_and_nothing_else_is_the_same() -> None:
    assert both_ways([X, Y], [Y, X]) == pytest.approx(1.0)


def test_what_else_a_drawing_shows_counts_against_it_as_what_it_lacks() -> None:
    assert both_ways([X, Y], [X, Y, Z]) == pytest.approx((1 + 2 / 3) / 2)
    assert both_ways([X, Y, Z], [X, Y]) == pytest.approx((2 / 3 + 1) / 2)
    assert both_ways([X], [X, X]) == pytest.approx(1.0)


def test_vectors_are_compared_at_full_length_whatever_rounding_left_of_it() -> None:
    short = encode([0.992 * float(place == 0) for place in range(8)])
    assert both_ways([short], [X]) == pytest.approx(1.0)
