"""How often an unshifted day is called shifted: as often as promised, over hundreds of simulated days."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drawing_ocr.monitoring.shift import Sensitivity, compare, score
from tests.drawing_ocr.monitoring.days import STEADY

pytestmark = pytest.mark.fault

DEFAULT = Sensitivity()
BASELINE_DRAWINGS = 300


def test_a_hundred_unshifted_days_raise_no_alarm_at_the_default_rate() -> None:
    assert DEFAULT.false_alarm_rate == 0.001
    random = np.random.default_rng(20261121)
    baseline = STEADY.day(BASELINE_DRAWINGS, random)
    days = [STEADY.day(int(random.integers(50, 151)), random) for _ in range(100)]
    scores = [score(compare(baseline, day, DEFAULT, seed=number)) for number, day in enumerate(days)]
    assert scores == [0.0] * 100


def test_false_alarms_come_at_the_stated_rate() -> None:
    # Without the limit on the size, which only makes alarms rarer, and each day with a baseline of its own.
    rate, days = 0.05, 300
    random = np.random.default_rng(7)
    alarms = 0
    for number in range(days):
        baseline, day = STEADY.day(60, random), STEADY.day(40, random)
        sensitivity = Sensitivity(false_alarm_rate=rate, population_stability=0)
        alarms += any(each.shifted for each in compare(baseline, day, sensitivity, seed=number))
    deviation = math.sqrt(days * rate * (1 - rate))
    assert days * rate - 3 * deviation <= alarms <= days * rate + 3 * deviation
