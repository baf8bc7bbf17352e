"""A changed input is called shifted; how rarely an unchanged one is: tests/faults/test_drift_rates.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drawing_ocr.monitoring.features import FEATURES
from drawing_ocr.monitoring.observation import CharacterClass, Observation
from drawing_ocr.monitoring.shift import Sensitivity, compare, score
from tests.drawing_ocr.monitoring.days import STEADY, Stream

DEFAULT = Sensitivity()
BASELINE_DRAWINGS = 300
DAY_DRAWINGS = 100


def shifted(stream: Stream, *, seed: int = 1, drawings: int = DAY_DRAWINGS) -> list[str]:
    """Names of the features that a day of `stream` is called shifted in."""
    random = np.random.default_rng(seed)
    baseline = STEADY.day(BASELINE_DRAWINGS, random)
    found = compare(baseline, stream.day(drawings, random), DEFAULT, seed=seed)
    return [each.name for each in found if each.shifted]


@pytest.mark.parametrize(
    ("stream", "feature"),
    [
        (replace(STEADY, confidence=0.88), "confidence"),
        (replace(STEADY, lines=20.0), "region_count"),
        (replace(STEADY, digits=0.30), "character_classes"),
        (replace(STEADY, darkness=0.10), "darkness"),
        (replace(STEADY, scale=0.5), "image_size"),
    ],
)
def test_a_changed_input_is_found_in_the_feature_that_changed(stream: Stream, feature: str) -> None:
    assert feature in shifted(stream)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_shift_of_half_the_day_is_found_though_other_features_hardly_vary(seed: int) -> None:
    random = np.random.default_rng(seed)

    def alike(stream: Stream, drawings: int) -> list[Observation]:
        """Every line has five characters, three of them digits; only how many lines there are varies."""
        found = []
        for each in stream.day(drawings, random):
            lines = int(random.integers(5, 15))
            sure = tuple(random.beta(18, 2, lines).round(4).tolist())
            kinds = {CharacterClass.DIGIT: 3 * lines, CharacterClass.SIGN: lines}
            constant = {"confidences": sure, "lengths": (5,) * lines, "characters": kinds, "megapixels": 5.12}
            found.append(each.model_copy(update=constant))
        return found

    baseline = alike(STEADY, 50)
    day = [*alike(STEADY, 25), *alike(replace(STEADY, darkness=0.25), 25)]
    assert [each.name for each in compare(baseline, day, DEFAULT, seed=seed) if each.shifted] == ["darkness"]


def test_only_the_feature_that_changed_is_named() -> None:
    assert shifted(replace(STEADY, darkness=0.10)) == ["darkness"]


def test_a_real_but_small_difference_among_many_drawings_is_no_shift() -> None:
    random = np.random.default_rng(3)
    found = compare(STEADY.day(1500, random), replace(STEADY, darkness=0.054).day(1500, random), DEFAULT, seed=3)
    darkness = next(each for each in found if each.name == "darkness")
    assert darkness.p_value <= DEFAULT.false_alarm_rate
    assert not darkness.shifted


def test_a_handful_of_drawings_proves_nothing_though_their_index_is_large() -> None:
    random = np.random.default_rng(4)
    found = compare(STEADY.day(20, random), STEADY.day(8, random), DEFAULT, seed=4)
    assert max(each.population_stability for each in found) >= DEFAULT.population_stability
    assert score(found) == 0.0


def test_the_score_is_the_largest_index_of_the_shifted_features() -> None:
    random = np.random.default_rng(5)
    found = compare(
        STEADY.day(200, random), replace(STEADY, darkness=0.12, scale=0.5).day(100, random), DEFAULT, seed=5
    )
    assert score(found) == max(each.population_stability for each in found if each.shifted) > 0.2


def test_the_same_days_and_seed_give_the_same_result() -> None:
    random = np.random.default_rng(6)
    before, after = STEADY.day(50, random), STEADY.day(50, random)
    assert compare(before, after, DEFAULT, seed=1) == compare(before, after, DEFAULT, seed=1)


def test_drawings_without_any_text_are_compared_too() -> None:
    random = np.random.default_rng(8)
    blank = [
        each.model_copy(update={"confidences": (), "lengths": (), "characters": {}}) for each in STEADY.day(60, random)
    ]
    found = compare(STEADY.day(100, random), blank, DEFAULT, seed=8)
    assert [each.name for each in found] == [feature.name for feature in FEATURES]
    assert "region_count" in [each.name for each in found if each.shifted]


def test_a_side_without_drawings_is_refused() -> None:
    with pytest.raises(ValueError, match="0 drawings before"):
        compare([], STEADY.day(1, np.random.default_rng(1)), DEFAULT, seed=1)
