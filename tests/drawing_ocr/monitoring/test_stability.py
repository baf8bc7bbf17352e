"""The two distances against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.monitoring.stability import kolmogorov_smirnov, population_stability

counts = st.lists(st.integers(0, 1000), min_size=3, max_size=3).map(lambda values: np.array(values, dtype=float))


def test_the_index_is_the_symmetric_relative_entropy_of_the_shares() -> None:
    # 60/40 becomes 40/60; the prior of half a drawing is too small to be seen in a million.
    index = population_stability(np.array([6e5, 4e5]), np.array([4e5, 6e5]))
    assert index == pytest.approx(2 * 0.2 * math.log(1.5), abs=1e-5)


def test_an_empty_bin_leaves_the_index_finite() -> None:
    assert 1 < population_stability(np.array([50.0, 0.0]), np.array([0.0, 50.0])) < 20


def test_the_distance_is_the_largest_gap_of_the_distribution_functions() -> None:
    assert kolmogorov_smirnov(np.array([5.0, 3.0, 2.0]), np.array([1.0, 3.0, 6.0])) == pytest.approx(0.4)


def test_nothing_is_no_distance_from_nothing() -> None:
    assert kolmogorov_smirnov(np.zeros(3), np.zeros(3)) == 0


@given(counts, counts)
def test_both_distances_are_symmetric_and_never_negative(left: np.ndarray, right: np.ndarray) -> None:
    for distance in (population_stability, kolmogorov_smirnov):
        assert distance(left, right) == pytest.approx(distance(right, left))
        assert distance(left, right) >= 0
        assert distance(left, left) == pytest.approx(0)
