"""How sure a difference of two figures is."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from drawing_ocr.evaluation.report import Difference

Verdict = Literal["better", "worse", "noise"]
Z_95 = 1.959964  # of the standard normal distribution
_TURNED: dict[Verdict, Verdict] = {"better": "worse", "worse": "better", "noise": "noise"}


class Interval(BaseModel):
    """Where the true difference, right less left, lies with 95 % confidence, and what that says of the right one.

    Attributes:
        low, high: fractions.
        verdict: `noise` where it may be chance.
        paired: whether both versions read the same drawings; the interval is then much narrower.
    """

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    verdict: Verdict
    paired: bool


def of_difference(difference: Difference, *, turned: bool) -> Interval:
    """The interval of an evaluation, whose challenger is the right version, or where `turned` the left one."""
    if turned:
        return Interval(low=-difference.high, high=-difference.low, verdict=_TURNED[difference.verdict], paired=True)
    return Interval(low=difference.low, high=difference.high, verdict=difference.verdict, paired=True)


def of_shares(left: float, left_lines: int, right: float, right_lines: int) -> Interval | None:
    """For two shares that were measured apart; None without lines.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), lines taken as independent.
    """
    if not left_lines or not right_lines:
        return None
    (left_low, left_high), (right_low, right_high) = _wilson(left, left_lines), _wilson(right, right_lines)
    difference = right - left
    low = difference - math.hypot(right - right_low, left_high - left)
    high = difference + math.hypot(right_high - right, left - left_low)
    verdict: Verdict = "better" if low > 0 else "worse" if high < 0 else "noise"
    return Interval(low=low, high=high, verdict=verdict, paired=False)


def _wilson(share: float, lines: int) -> tuple[float, float]:
    square = Z_95**2 / lines
    middle = (share + square / 2) / (1 + square)
    half = Z_95 * math.sqrt(share * (1 - share) / lines + square / (4 * lines)) / (1 + square)
    return middle - half, middle + half
