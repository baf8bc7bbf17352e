"""What may be registered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.evaluation.gate import Thresholds, judge
from drawing_ocr.evaluation.report import Difference, Differences, GroupMetrics, Metrics, RecognitionMetrics, TestSet

LIMITS = Thresholds(accuracy=0.85, max_regression_drop=0.01, min_champion_gain=0.0)


def metrics(exact: float | None, lines: int = 100) -> Metrics:
    return Metrics(recognition=RecognitionMetrics(lines=lines, exact=exact, one_minus_ned=exact, cer=None))


def sets(
    new: tuple[float | None, float | None], regression: tuple[float | None, float | None] = (0.98, 0.98)
) -> dict[str, TestSet]:
    """Test sets of (challenger, champion)."""
    return {
        "new": TestSet(challenger=metrics(new[0]), champion=metrics(new[1])),
        "regression": TestSet(challenger=metrics(regression[0]), champion=metrics(regression[1])),
    }


def test_a_better_version_passes_without_reasons() -> None:
    gate = judge(sets((0.91, 0.60), (0.975, 0.98)), LIMITS)
    assert (gate.passed, gate.reasons) == (1, ())
    assert (gate.accuracy, gate.champion_gain, gate.regression_drop) == (0.91, 0.31, 0.005)


@pytest.mark.parametrize(
    ("new", "regression", "reason"),
    [
        ((0.84, 0.5), (0.98, 0.98), "accuracy on new drawings 84.00% is below 85.00%"),
        ((0.90, 0.92), (0.98, 0.98), "gain over the released version -2.00 points on new drawings is below +0.00"),
        ((0.90, 0.60), (0.96, 0.98), "exact match on the regression set fell by 2.00 points, more than 1.00"),
    ],
)
def test_each_threshold_refuses_with_a_readable_reason(
    new: tuple[float, float], regression: tuple[float, float], reason: str
) -> None:
    gate = judge(sets(new, regression), LIMITS)
    assert gate.passed == 0
    (told,) = gate.reasons
    assert told.startswith(reason)
    assert "\n" not in told


def test_every_reason_is_told() -> None:
    assert len(judge(sets((0.1, 0.5), (0.5, 0.9)), LIMITS).reasons) == 3


def test_exactly_on_the_threshold_passes() -> None:
    # 0.93 − 0.92 is 0.010000000000000009 in floating point.
    assert judge(sets((0.85, 0.85), (0.92, 0.93)), LIMITS).passed == 1


def test_the_first_version_has_nothing_to_fall_behind() -> None:
    gate = judge({"new": TestSet(challenger=metrics(0.9))}, LIMITS)
    assert (gate.passed, gate.regression_drop, gate.champion_gain) == (1, 0, 0)


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
@pytest.mark.parametrize("which", range(4))
def test_a_figure_that_was_not_measured_refuses(missing: float | None, which: int) -> None:
    figures: list[float | None] = [0.9, 0.6, 0.98, 0.98]
    figures[which] = missing
    gate = judge(sets((figures[0], figures[1]), (figures[2], figures[3])), LIMITS)
    assert gate.passed == 0
    assert all("not measured" in reason for reason in gate.reasons)
    # Whoever reads the figures alone must refuse as well.
    assert gate.accuracy < 0.85 or gate.regression_drop > 0.01 or gate.champion_gain < 0


@pytest.mark.parametrize("name", ["new", "regression"])
def test_a_missing_test_set_refuses(name: str) -> None:
    test_sets = sets((0.9, 0.6))
    del test_sets[name]
    assert judge(test_sets, LIMITS).passed == 0


def test_a_champion_that_read_only_one_set_refuses() -> None:
    test_sets = sets((0.9, 0.6))
    test_sets["regression"] = TestSet(challenger=metrics(0.98))
    assert judge(test_sets, LIMITS).passed == 0


def test_no_lines_are_no_measurement() -> None:
    assert judge({"new": TestSet(challenger=metrics(1.0, lines=0))}, LIMITS).passed == 0


@given(st.lists(st.floats(0, 1) | st.none() | st.just(float("nan")), min_size=4, max_size=4))
def test_the_verdict_and_the_figures_agree(figures: list[float | None]) -> None:
    gate = judge(sets((figures[0], figures[1]), (figures[2], figures[3])), LIMITS)
    by_figures = gate.accuracy >= 0.85 and gate.regression_drop <= 0.01 and gate.champion_gain >= 0
    assert gate.passed == by_figures == (not gate.reasons)


@pytest.mark.parametrize("name", ["accuracy", "max_regression_drop"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Thresholds.model_validate({name: value})


def with_class(
    name: str, challenger: float, champion: float, *, lines: int = 50, verdict: str = "worse"
) -> dict[str, TestSet]:
    """Test sets that pass but for one symbol class of the new drawings."""

    def side(exact: float) -> Metrics:
        group = GroupMetrics(lines=lines, exact=exact, one_minus_ned=exact, cer=0)
        whole = RecognitionMetrics(lines=1000, exact=0.95, one_minus_ned=0.99, cer=0, by_symbol_class={name: group})
        return Metrics(recognition=whole)

    told = Difference.model_validate(
        {"value": challenger - champion, "low": challenger - champion - 0.04, "high": -0.01, "verdict": verdict}
    )
    even = Difference(value=0, low=-0.02, high=0.02, verdict="noise")
    difference = Differences(
        drawings=40,
        resamples=2000,
        confidence=0.95,
        exact=even,
        one_minus_ned=even,
        cer=even,
        by_symbol_class={name: told},
    )
    new = TestSet(challenger=side(challenger), champion=side(champion), difference=difference)
    return sets((0.95, 0.95)) | {"new": new}


def test_one_symbol_class_that_fell_refuses_whatever_the_rest_gained() -> None:
    gate = judge(with_class("thread", 0.80, 0.90), LIMITS)
    assert gate.passed == 0
    assert gate.reasons == (
        "thread lines of the new drawings fell by 10.00 points (50 lines), more than 5.00: "
        "add drawings with such lines",
    )
    assert (gate.symbol_class, gate.symbol_class_drop) == ("new/thread", 0.1)


def test_a_symbol_class_may_fall_as_far_as_the_settings_say() -> None:
    gate = judge(with_class("thread", 0.85, 0.90), LIMITS)
    assert gate.passed == 1
    assert (gate.symbol_class, gate.symbol_class_drop) == ("new/thread", 0.05)
    assert judge(with_class("thread", 0.80, 0.90), Thresholds(max_symbol_class_drop=0.1)).passed == 1


def test_a_symbol_class_of_few_lines_is_not_judged() -> None:
    gate = judge(with_class("thread", 0.5, 1.0, lines=29), LIMITS)
    assert (gate.passed, gate.symbol_class, gate.symbol_class_drop) == (1, "", 0.0)
    assert judge(with_class("thread", 0.5, 1.0, lines=30), LIMITS).passed == 0


def test_a_fall_that_may_be_chance_is_told_and_does_not_refuse() -> None:
    gate = judge(with_class("thread", 0.80, 0.90, verdict="noise"), LIMITS)
    assert (gate.passed, gate.symbol_class, gate.symbol_class_drop) == (1, "new/thread", 0.1)


def test_a_reason_says_whether_the_difference_may_be_chance() -> None:
    tested = with_class("thread", 0.9, 0.9)
    (told,) = judge(tested, Thresholds(accuracy=0.85, min_champion_gain=0.01)).reasons
    assert told == (
        "gain over the released version +0.00 points on new drawings is below +1.00 "
        "(95% interval of the difference -2.00 to +2.00, which may be chance)"
    )
