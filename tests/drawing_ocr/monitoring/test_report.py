"""What people and programs are told after a look."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from drawing_ocr.monitoring.features import FEATURES
from drawing_ocr.monitoring.html_report import render_report
from drawing_ocr.monitoring.report import DriftReport, State
from drawing_ocr.monitoring.shift import Sensitivity, compare
from tests.drawing_ocr.monitoring.days import STEADY, Stream

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def report(stream: Stream) -> DriftReport:
    random = np.random.default_rng(1)
    sensitivity = Sensitivity()
    features = compare(STEADY.day(150, random), stream.day(80, random), sensitivity, seed=1)
    return DriftReport(
        endpoint="reader<1>",
        created=NOW,
        state=State.COMPARED,
        model_version="3",
        baseline_drawings=150,
        current_drawings=80,
        sensitivity=sensitivity,
        features=features,
    )


def test_a_shift_is_named_in_the_summary_the_page_and_the_json() -> None:
    found = report(replace(STEADY, darkness=0.12))
    assert found.summary == "reader<1>: shifted: darkness (80 drawings against 150)"
    page = render_report(found)
    assert "shifted: darkness" in page
    assert "reader&lt;1&gt;" in page
    assert page.count("<tr class=shifted>") == 1
    assert all(feature.label in page for feature in FEATURES)
    assert "data:image/png;base64," in page
    assert DriftReport.model_validate_json(found.to_json()) == found
    assert json.loads(found.to_json())["schema"] == 1


def test_a_quiet_day_is_told_as_one() -> None:
    found = report(STEADY)
    assert (found.score, found.summary) == (0.0, "reader<1>: nothing shifted (80 drawings against 150)")


def test_a_look_that_compares_nothing_says_why() -> None:
    for state, said in [
        (State.NOTHING_RELEASED, "no deployment has succeeded yet"),
        (State.COLLECTING, "12 drawings collected for the baseline"),
        (State.TOO_FEW, "only 3 new drawings"),
    ]:
        found = DriftReport(
            endpoint="e", created=NOW, state=state, baseline_drawings=12, current_drawings=3, sensitivity=Sensitivity()
        )
        assert said in found.summary
        assert said in render_report(found)
