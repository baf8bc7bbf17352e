"""evaluation.json."""

import json
from pathlib import Path

import pytest

from drawing_ocr.evaluation.report import (
    DetectionMetrics,
    Difference,
    Differences,
    EndToEndMetrics,
    Evaluation,
    Gate,
    GroupMetrics,
    Metrics,
    RecognitionMetrics,
    ReportError,
    TestSet,
)


def evaluation(exact: float = 0.9) -> Evaluation:
    group = GroupMetrics(lines=4, exact=exact, one_minus_ned=0.95, cer=0.02)
    metrics = Metrics(
        recognition=RecognitionMetrics(
            **group.model_dump(), by_category={"dimension": group}, by_symbol_class={"diameter": group}
        ),
        detection=DetectionMetrics(precision=0.9, recall=0.8, hmean=0.85),
        end_to_end=EndToEndMetrics(exact_precision=0.7, exact_recall=0.7, exact_f1=0.7, one_minus_ned=0.8),
    )
    noise = Difference(value=0.0, low=-0.1, high=0.1, verdict="noise")
    difference = Differences(
        drawings=4,
        resamples=2000,
        confidence=0.95,
        exact=noise,
        one_minus_ned=noise,
        cer=noise,
        by_category={"dimension": noise},
        by_symbol_class={"diameter": noise},
    )
    return Evaluation(
        test_sets={
            "new": TestSet(challenger=metrics),
            "regression": TestSet(challenger=metrics, champion=metrics, difference=difference),
        },
        gate=Gate(accuracy=0.9, regression_drop=0.0, champion_gain=0.1, passed=0, reasons=("too low",)),
    )


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = evaluation()
    written.save(tmp_path / "evaluation.json")
    assert Evaluation.load(tmp_path / "evaluation.json") == written


def test_the_form_is_the_contract() -> None:
    written = json.loads(evaluation().to_json())
    assert list(written) == ["schema", "test_sets", "gate", "created"]
    assert written["schema"] == 1
    assert written["test_sets"]["new"]["champion"] is None
    metrics = written["test_sets"]["new"]["challenger"]
    assert set(metrics) == {"recognition", "detection", "end_to_end"}
    assert set(metrics["recognition"]) == {"lines", "exact", "one_minus_ned", "cer", "by_category", "by_symbol_class"}
    assert set(metrics["detection"]) == {"precision", "recall", "hmean"}
    assert written["gate"] == {
        "accuracy": 0.9,
        "regression_drop": 0.0,
        "champion_gain": 0.1,
        "symbol_class_drop": 0.0,
        "symbol_class": "",
        "passed": 0,
        "reasons": ["too low"],
    }
    assert written["test_sets"]["new"]["difference"] is None
    difference = written["test_sets"]["regression"]["difference"]
    assert set(difference) == {
        *("drawings", "resamples", "confidence"),
        *("exact", "one_minus_ned", "cer", "by_category", "by_symbol_class"),
    }
    assert difference["exact"] == {"value": 0.0, "low": -0.1, "high": 0.1, "verdict": "noise"}


def test_a_file_from_before_the_intervals_is_still_read() -> None:
    written = json.loads(evaluation().to_json())
    for test_set in written["test_sets"].values():
        del test_set["difference"]
    del written["gate"]["symbol_class_drop"], written["gate"]["symbol_class"]
    read = Evaluation.parse(json.dumps(written), where="old")
    assert read.test_sets["regression"].difference is None
    assert (read.gate.symbol_class_drop, read.gate.symbol_class) == (0.0, "")


def test_what_is_not_a_number_is_written_as_json_allows() -> None:
    written = json.loads(evaluation(float("nan")).to_json(), parse_constant=pytest.fail)
    assert written["test_sets"]["new"]["challenger"]["recognition"]["exact"] is None
    assert Evaluation.parse(json.dumps(written), where="x").test_sets["new"].challenger.recognition.exact is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "Invalid JSON"),
        (evaluation().to_json().replace('"schema": 1', '"schema": 2'), "schema: Input should be 1"),
        (evaluation().to_json().replace('"passed": 0', '"passed": 2'), "gate.passed"),
        (evaluation().to_json().replace('"accuracy": 0.9', '"accuracy": null'), "gate.accuracy"),
        (evaluation().to_json().replace('"new"', '"newer"'), "test_sets.newer"),
    ],
)
def test_another_form_is_refused_in_one_line(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text(content)
    with pytest.raises(ReportError) as caught:
        Evaluation.load(tmp_path / "evaluation.json")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"evaluation\.json: cannot be read"):
        Evaluation.load(tmp_path / "evaluation.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_gate_holds_only_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Gate(accuracy=value, regression_drop=0, champion_gain=0, passed=1)
