"""Metric math of one period."""

from __future__ import annotations

import pytest

from emulator.cloudwatch.expressions import UnknownExpression, check, evaluate

VALUES = {"errors": 2.0, "asked": 8.0, "gone": None, "zero": 0.0}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("errors / asked * 100", 25.0),
        ("(errors + 1) * 2", 6.0),
        ("errors / zero", None),
        ("errors / gone", None),
        ("FILL(gone, 0) + 1", 1.0),
        ("FILL(errors, 0)", 2.0),
        ("MAX([errors, asked, gone])", 8.0),
        ("SUM(METRICS())", 10.0),
        ("AVG([errors, asked])", 5.0),
        ("IF(asked > 5, errors / asked, 0)", 0.25),
        ("IF(asked > 5 && errors >= 3, 1, 0)", 0.0),
        ("IF(asked < 5 || errors >= 2, 1, 0)", 1.0),
        ("CEIL(errors / 4)", 1.0),
        ("MAX([FILL(gone, 0), FILL(errors, 0)])", 2.0),
    ],
)
def test_an_expression_has_cloudwatch_s_value(expression: str, expected: float | None) -> None:
    assert evaluate(expression, VALUES) == expected


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("errors / other", "'other'"),
        ("ANOMALY_DETECTION_BAND(errors, 2)", "ANOMALY_DETECTION_BAND"),
        ("SEARCH('{A,B} x', 'Sum')", "SEARCH"),
        ("errors /", "cannot be read"),
        ("__import__('os')", "__IMPORT__"),
        ("'text'", "'text'"),
    ],
)
def test_what_cannot_be_computed_is_named(expression: str, named: str) -> None:
    with pytest.raises(UnknownExpression, match=named):
        check(expression, VALUES)
