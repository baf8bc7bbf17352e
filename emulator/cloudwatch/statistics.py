"""Statistics of a period.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")


class UnknownStatistic(ValueError):
    """A statistic that the emulated account does not compute."""


@dataclass(frozen=True)
class Sample:
    """One value, `count` times, or a statistic set."""

    count: float
    sum: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, value: float, count: float = 1.0) -> Sample:
        return cls(count, value * count, value, value)


def check(name: str) -> None:
    """Raises `UnknownStatistic`."""
    if name not in ("Sum", "Average", "Minimum", "Maximum", "SampleCount") and not _PERCENTILE.fullmatch(name):
        raise UnknownStatistic(f"the emulated account has no statistic '{name}': use Sum, Average, … or p99")


def statistic(name: str, samples: Sequence[Sample]) -> float | None:
    """The value of a period; None when nothing was measured in it. Raises `UnknownStatistic`."""
    check(name)
    if not samples:
        return None
    match name:
        case "Sum":
            return sum(each.sum for each in samples)
        case "Minimum":
            return min(each.minimum for each in samples)
        case "Maximum":
            return max(each.maximum for each in samples)
        case "SampleCount":
            return sum(each.count for each in samples)
        case "Average":
            return sum(each.sum for each in samples) / sum(each.count for each in samples)
    return _percentile(float(name[1:]), samples)


def _percentile(share: float, samples: Sequence[Sample]) -> float | None:
    """The nearest rank. As in CloudWatch, a statistic set has percentiles only when all its values are the same."""
    if any(each.minimum != each.maximum for each in samples):
        return None
    ordered = sorted(samples, key=lambda each: each.minimum)
    rank = max(1.0, math.ceil(sum(each.count for each in ordered) * share / 100))
    for each in ordered:
        rank -= each.count
        if rank <= 0:
            return each.minimum
    return ordered[-1].minimum
