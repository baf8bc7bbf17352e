"""Whether a new version may be registered.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.evaluation.report import Gate, Metrics, TestSet, stated_interval

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
        max_symbol_class_drop: Most that the exact share of one symbol class may fall below the champion's, on either
            set; a fall that chance may explain does not count.
        min_symbol_class_lines: A class with fewer lines is not judged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: float = Field(default=0.85, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
    min_champion_gain: float = Field(default=0.0, ge=-1, le=1)
    max_symbol_class_drop: float = Field(default=0.05, ge=0, le=1)
    min_symbol_class_lines: int = Field(default=30, ge=1)


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
                f"{thresholds.min_champion_gain * 100:+.2f}{_interval(new)}"
            )
        drop = _difference(
            _exact(regression.champion if regression else None), _exact(regression.challenger if regression else None)
        )
        if drop is None:
            reasons.append("the regression set was not measured for both versions")
        elif drop > thresholds.max_regression_drop:
            reasons.append(
                f"exact match on the regression set fell by {drop * 100:.2f} points, more than "
                f"{thresholds.max_regression_drop * 100:.2f}{_interval(regression)}: "
                "raise the replay ratio or lower the learning rate"
            )

    falls = [fall for fall in _falls(test_sets) if fall.lines >= thresholds.min_symbol_class_lines]
    too_deep = [fall for fall in falls if fall.drop > thresholds.max_symbol_class_drop and not fall.noise]
    reasons += [
        f"{fall.name.replace('_', ' ')} lines of the {fall.where} fell by {fall.drop * 100:.2f} points "
        f"({fall.lines} lines), more than {thresholds.max_symbol_class_drop * 100:.2f}: add drawings with such lines"
        for fall in too_deep
    ]
    deepest = max(too_deep or falls, key=lambda fall: fall.drop, default=None)

    return Gate(
        accuracy=_WORST_SHARE if accuracy is None else accuracy,
        regression_drop=_WORST_DIFFERENCE if drop is None else drop,
        champion_gain=-_WORST_DIFFERENCE if gain is None else gain,
        symbol_class_drop=deepest.drop if deepest else 0.0,
        symbol_class=f"{deepest.test_set}/{deepest.name}" if deepest else "",
        passed=0 if reasons else 1,
        reasons=tuple(reasons),
    )


@dataclass(frozen=True)
class _Fall:
    """A symbol class of a test set that the challenger reads worse than the champion."""

    test_set: str
    name: str
    lines: int
    drop: float
    noise: bool

    @property
    def where(self) -> str:
        return {"new": "new drawings", "regression": "regression set"}[self.test_set]


def _falls(test_sets: Mapping[str, TestSet]) -> Iterator[_Fall]:
    for test_set, tested in test_sets.items():
        before = tested.champion.recognition.by_symbol_class if tested.champion else {}
        known = tested.difference.by_symbol_class if tested.difference else {}
        for name, now in tested.challenger.recognition.by_symbol_class.items():
            drop = _difference(before[name].exact if name in before else None, now.exact)
            if drop is not None and drop > 0:
                noise = name in known and known[name].verdict == "noise"
                yield _Fall(test_set=test_set, name=name, lines=now.lines, drop=drop, noise=noise)


def _interval(tested: TestSet | None) -> str:
    """` (95% interval of the difference -3.10 to +0.20, which may be chance)`; nothing where there is none."""
    if tested is None or tested.difference is None:
        return ""
    return stated_interval(tested.difference.exact, tested.difference.confidence)


def _exact(metrics: Metrics | None) -> float | None:
    if metrics is None or metrics.recognition.lines == 0:
        return None
    exact = metrics.recognition.exact
    return exact if exact is not None and math.isfinite(exact) else None


def _difference(minuend: float | None, subtrahend: float | None) -> float | None:
    if minuend is None or subtrahend is None:
        return None
    return round(minuend - subtrahend, _DECIMALS)
