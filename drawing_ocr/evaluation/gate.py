"""Whether a new version may be registered.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.evaluation.report import Gate, Metrics, TestSet

# What stands in the gate for a figure that could not be measured: the worst there is, so that no condition that reads
# the figure alone lets the version pass.
_WORST_SHARE = 0.0
_WORST_DIFFERENCE = 1.0

# Differences of shares are compared after rounding: 0.93 − 0.92 is above 0.01 in floating point.
_DECIMALS = 9


class Thresholds(BaseModel):
    """What the gate asks for; fractions.

    Attributes:
        accuracy: Least exact share of the challenger on `new`.
        max_regression_drop: Most that the exact share on `regression` may fall below the champion's.
        min_champion_gain: Least that the exact share on `new` must rise above the champion's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: float = Field(default=0.85, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
    min_champion_gain: float = Field(default=0.0, ge=-1, le=1)


def judge(test_sets: Mapping[str, TestSet], thresholds: Thresholds) -> Gate:
    """The verdict over measured test sets.

    A figure that is missing or not a number refuses. Where there is no champion, there is nothing to fall behind:
    drop and gain are 0 and only the accuracy counts.

    Args:
        test_sets: `new`, and `regression` wherever there is a champion.
        thresholds: What is asked for.
    """
    new, regression = test_sets.get("new"), test_sets.get("regression")
    has_champion = any(test_set and test_set.champion for test_set in (new, regression))
    reasons: list[str] = []

    accuracy = _exact(new.challenger if new else None)
    if accuracy is None:
        reasons.append("the accuracy on new drawings was not measured: no labelled line was read")
    elif accuracy < thresholds.accuracy:
        reasons.append(
            f"accuracy on new drawings {accuracy:.2%} is below {thresholds.accuracy:.2%}: "
            "check the labels, or train longer"
        )

    gain: float | None = 0.0
    drop: float | None = 0.0
    if has_champion:
        gain = _difference(accuracy, _exact(new.champion if new else None))
        if gain is None:
            reasons.append("the gain over the released version was not measured on new drawings")
        elif gain < thresholds.min_champion_gain:
            reasons.append(
                f"gain over the released version {gain * 100:+.2f} points on new drawings is below "
                f"{thresholds.min_champion_gain * 100:+.2f}"
            )
        drop = _difference(
            _exact(regression.champion if regression else None), _exact(regression.challenger if regression else None)
        )
        if drop is None:
            reasons.append("the regression set was not measured for both versions")
        elif drop > thresholds.max_regression_drop:
            reasons.append(
                f"exact match on the regression set fell by {drop * 100:.2f} points, more than "
                f"{thresholds.max_regression_drop * 100:.2f}: raise the replay ratio or lower the learning rate"
            )

    return Gate(
        accuracy=_WORST_SHARE if accuracy is None else accuracy,
        regression_drop=_WORST_DIFFERENCE if drop is None else drop,
        champion_gain=-_WORST_DIFFERENCE if gain is None else gain,
        passed=0 if reasons else 1,
        reasons=tuple(reasons),
    )


def _exact(metrics: Metrics | None) -> float | None:
    if metrics is None or metrics.recognition.lines == 0:
        return None
    exact = metrics.recognition.exact
    return exact if exact is not None and math.isfinite(exact) else None


def _difference(minuend: float | None, subtrahend: float | None) -> float | None:
    if minuend is None or subtrahend is None:
        return None
    return round(minuend - subtrahend, _DECIMALS)
