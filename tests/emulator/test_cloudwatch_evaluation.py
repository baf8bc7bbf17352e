"""States of alarms, after the tables of AWS's page on missing data."""

from __future__ import annotations

import pytest

from emulator.cloudwatch.evaluation import Rule, evaluate

KEEP = None
VALUES = {"0": 0.0, "X": 5.0, "-": None}


def state(points: str, missing: str, datapoints: int, periods: int = 3) -> str | None:
    rule = Rule("GreaterThanThreshold", 1.0, periods, datapoints, missing)
    return evaluate(rule, [VALUES[point] for point in points.split()]).state


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
@pytest.mark.parametrize(
    ("points", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", "OK", "OK", "OK", "OK"),
        ("- - - - 0", "OK", "OK", "OK", "OK"),
        ("- - - - -", "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
        ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("- - X - -", "ALARM", KEEP, "ALARM", "OK"),
    ],
)
def test_three_of_three_datapoints(
    points: str, missing: str, ignore: str | None, breaching: str, not_breaching: str
) -> None:
    assert state(points, "missing", 3) == missing
    assert state(points, "ignore", 3) == ignore
    assert state(points, "breaching", 3) == breaching
    assert state(points, "notBreaching", 3) == not_breaching


@pytest.mark.parametrize(
    ("points", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("0 - X - -", "OK", "OK", "ALARM", "OK"),
        ("- - - - 0", "OK", "OK", "ALARM", "OK"),
        ("- - - X -", "ALARM", KEEP, "ALARM", "OK"),
    ],
)
def test_two_of_three_datapoints(
    points: str, missing: str, ignore: str | None, breaching: str, not_breaching: str
) -> None:
    assert state(points, "missing", 2) == missing
    assert state(points, "ignore", 2) == ignore
    assert state(points, "breaching", 2) == breaching
    assert state(points, "notBreaching", 2) == not_breaching


def test_one_young_breach_among_missing_points_changes_nothing_yet() -> None:
    assert state("- - - - X", "missing", 3) is KEEP


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        ("GreaterThanThreshold", 1.0, "OK"),
        ("GreaterThanOrEqualToThreshold", 1.0, "ALARM"),
        ("LessThanThreshold", 1.0, "OK"),
        ("LessThanOrEqualToThreshold", 1.0, "ALARM"),
        ("LessThanThreshold", 0.5, "ALARM"),
    ],
)
def test_comparisons(comparison: str, value: float, expected: str) -> None:
    assert evaluate(Rule(comparison, 1.0, 1, 1, "missing"), [None, None, value]).state == expected


@pytest.mark.parametrize(
    ("rule", "values", "reason"),
    [
        (
            Rule("GreaterThanOrEqualToThreshold", 1.0, 3, 2, "notBreaching"),
            [None, None, 3.0, None, 2.0],
            "Threshold Crossed: 2 out of the last 3 datapoints [2.0, 3.0] were greater than or equal to the threshold "
            "(1.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            Rule("GreaterThanThreshold", 1.0, 1, 1, "missing"),
            [None, None, 0.0],
            "Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold (1.0).",
        ),
        (
            Rule("GreaterThanThreshold", 1.0, 2, 2, "notBreaching"),
            [None, None, None, None],
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[NonBreaching].",
        ),
        (
            Rule("GreaterThanThreshold", 1.0, 1, 1, "missing"),
            [None, None, None],
            "Insufficient Data: 1 datapoint was unknown.",
        ),
    ],
)
def test_the_reason_is_worded_as_aws_words_it(rule: Rule, values: list[float | None], reason: str) -> None:
    assert evaluate(rule, values).reason == reason
