"""Statistics of one period."""

from __future__ import annotations

import pytest

from emulator.cloudwatch.statistics import Sample, UnknownStatistic, statistic

HUNDRED = [Sample.of(float(value)) for value in range(1, 101)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", 5050.0),
        ("Average", 50.5),
        ("Minimum", 1.0),
        ("Maximum", 100.0),
        ("SampleCount", 100.0),
        ("p50", 50.0),
        ("p99", 99.0),
        ("p99.9", 100.0),
        ("p100", 100.0),
    ],
)
def test_values_one_by_one(name: str, expected: float) -> None:
    assert statistic(name, HUNDRED) == expected


def test_repeated_values_count_as_often_as_they_came() -> None:
    assert statistic("p90", [Sample.of(1.0, 95), Sample.of(9.0, 5)]) == 1.0
    assert statistic("p99", [Sample.of(1.0, 95), Sample.of(9.0, 5)]) == 9.0


def test_statistic_sets_have_no_percentiles() -> None:
    several = [Sample(10, 55, 1, 10)]
    assert statistic("Average", several) == 5.5
    assert statistic("p99", several) is None


def test_nothing_measured_is_no_value() -> None:
    assert statistic("Sum", []) is None


@pytest.mark.parametrize("name", ["tm99", "sum", "p101", "IQM"])
def test_other_statistics_are_refused(name: str) -> None:
    with pytest.raises(UnknownStatistic, match=name):
        statistic(name, HUNDRED)
