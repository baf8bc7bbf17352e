"""From data points to an alarm's state.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

# AWS looks a little further back than the evaluation periods, so that a late data point does not count as missing.
MORE_PERIODS = 2

_OPERATORS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Rule:
    """When an alarm goes off: `datapoints` of `periods` beyond the threshold."""

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str  # breaching, notBreaching, ignore or missing


@dataclass(frozen=True)
class Verdict:
    """The state and why. `state` None: it stays as it is."""

    state: State | None
    reason: str
    considered: tuple[float, ...]


def supported(comparison: str) -> bool:
    """Whether the operator is one of the four without anomaly detection."""
    return comparison in _OPERATORS


def evaluate(rule: Rule, values: Sequence[float | None]) -> Verdict:
    """The verdict on the last periods, oldest first, None where nothing was measured.

    `values`: the evaluation periods and `MORE_PERIODS` before them.
    """
    breaches = _OPERATORS[rule.comparison][0]
    real = [(age, value) for age, value in enumerate(reversed(values), 1) if value is not None][: rule.periods]
    breaching = sum(breaches(value, rule.threshold) for _, value in real)
    considered = tuple(value for _, value in reversed(real))
    filled = rule.periods - len(real)
    if rule.missing == "breaching":
        breaching += filled
    if breaching >= rule.datapoints:
        return Verdict("ALARM", _reason(rule, considered, filled, breaching, crossed=True), considered)
    if rule.missing in ("breaching", "notBreaching") or len(real) > breaching:
        return Verdict("OK", _reason(rule, considered, filled, breaching, crossed=False), considered)
    if rule.missing == "ignore":
        return Verdict(None, "", considered)
    if not real:
        return Verdict("INSUFFICIENT_DATA", _insufficient(rule), considered)
    # Every data point there is breaches, but there are few: the oldest decides whether the trouble is old enough.
    if max(age for age, _ in real) >= rule.datapoints:
        return Verdict("ALARM", _reason(rule, considered, filled, breaching, crossed=True), considered)
    return Verdict(None, "", considered)


def _reason(rule: Rule, considered: Sequence[float], filled: int, breaching: int, *, crossed: bool) -> str:
    """In AWS's words."""
    if not considered:
        treated = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {_count(filled, 'period')} and "
            f"{_count(filled, 'missing datapoint')} {_was(filled)} treated as [{treated}]."
        )
    values = ", ".join(str(value) for value in reversed(considered))
    beyond = f"{_OPERATORS[rule.comparison][1]} the threshold ({rule.threshold})"
    if crossed and rule.periods > 1:
        return (
            f"Threshold Crossed: {breaching} out of the last {rule.periods} datapoints [{values}] "
            f"{_was(breaching)} {beyond} "
            f"(minimum {_count(rule.datapoints, 'datapoint')} for OK -> ALARM transition)."
        )
    number = len(considered)
    negation = "" if crossed else "not "
    return f"Threshold Crossed: {_count(number, 'datapoint')} [{values}] {_was(number)} {negation}{beyond}."


def _insufficient(rule: Rule) -> str:
    return f"Insufficient Data: {_count(rule.periods, 'datapoint')} {_was(rule.periods)} unknown."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
