"""The map of confidence: it rises, stays a probability, and can change nothing."""

from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.models.calibration import Calibration

CALIBRATIONS = st.builds(
    Calibration, right=st.floats(0, 50), wrong=st.floats(0, 50), offset=st.floats(-50, 50), lines=st.just(0)
)


@given(CALIBRATIONS, st.floats(0, 1), st.floats(0, 1))
def test_a_surer_line_stays_the_surer_one_and_both_are_probabilities(
    calibration: Calibration, first: float, second: float
) -> None:
    less, more = calibration(min(first, second)), calibration(max(first, second))
    assert 0 <= less <= more <= 1


@given(st.floats(0.001, 0.999))
def test_without_parameters_it_changes_nothing(confidence: float) -> None:
    assert abs(Calibration()(confidence) - confidence) < 1e-9
