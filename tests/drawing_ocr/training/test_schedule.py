from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.training.schedule import progress, rate


@given(done=st.floats(-1, 2), warmup=st.floats(0, 0.9))
def test_the_rate_is_a_share_of_the_peak_and_never_zero(done: float, warmup: float) -> None:
    assert 0 < rate(done, warmup=warmup) <= 1


def test_the_rate_rises_to_the_peak_and_falls_to_a_fiftieth() -> None:
    assert rate(0.05, warmup=0.1) == pytest.approx(0.5)
    assert rate(0.1, warmup=0.1) == pytest.approx(1.0)
    assert rate(1.0, warmup=0.1) == pytest.approx(0.02)
    assert rate(0.6, warmup=0.1) > rate(0.7, warmup=0.1)


def test_progress_is_by_steps_or_by_time_whichever_is_further() -> None:
    assert progress(5, 10, seconds=1, max_seconds=0) == 0.5
    assert progress(1, 10, seconds=90, max_seconds=100) == 0.9
    assert progress(9, 10, seconds=1, max_seconds=100) == 0.9
