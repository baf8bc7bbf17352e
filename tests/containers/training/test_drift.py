"""The Drift job over captured requests, a history and CloudWatch."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from containers.training import drift
from containers.training.captured import CaptureError, Exchange
from drawing_ocr.monitoring.baseline import Baseline
from drawing_ocr.monitoring.report import State
from tests.containers.training.capture_world import OPTIONS, REGION, RELEASED, World

DAY = timedelta(days=1)
EVENING = RELEASED + timedelta(hours=2)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield World()


def recorded(world: World) -> Baseline:
    (key,) = world.baselines()
    content = world.s3.get_object(Bucket=OPTIONS.bucket, Key=key)["Body"].read()
    return Baseline.parse(content, where=key)


def test_before_the_first_release_there_is_nothing_to_watch(world: World) -> None:
    assert world.look(EVENING).state is State.NOTHING_RELEASED


def test_no_baseline_is_written_before_it_is_complete(world: World) -> None:
    world.deploy("1")
    world.capture(39, RELEASED)
    report = world.look(EVENING)
    assert (report.state, report.baseline_drawings) == (State.COLLECTING, 39)
    assert world.baselines() == []


def test_the_baseline_is_what_the_released_version_read_first(world: World) -> None:
    world.deploy("2")
    world.capture(10, RELEASED - timedelta(minutes=30), version="2")  # while it was a canary
    world.capture(10, RELEASED, version="1")  # the old fleet, before it ended
    world.capture(60, RELEASED, version="2")
    world.look(EVENING)
    baseline = recorded(world)
    assert [each.when for each in baseline.observations] == [RELEASED + timedelta(minutes=1 + n) for n in range(40)]
    assert {each.version for each in baseline.observations} == {"2"}
    assert baseline.model_version == "2"


def test_new_drawings_are_compared_once_there_are_enough(world: World) -> None:
    world.deploy("1")
    world.capture(50, RELEASED)
    assert world.look(EVENING).state is State.TOO_FEW
    world.capture(20, EVENING)
    report = world.look(EVENING + timedelta(hours=1))
    assert (report.state, report.baseline_drawings, report.current_drawings) == (State.COMPARED, 40, 30)
    assert report.score == 0


def test_drawings_of_the_baseline_are_not_compared_with_itself(world: World) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    assert world.look(EVENING).current_drawings == 0


def test_darker_scans_are_a_shift(world: World) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    world.capture(30, RELEASED + DAY, paper=200)
    report = world.look(RELEASED + DAY + timedelta(hours=1))
    assert [each.name for each in report.features if each.shifted] == ["darkness"]
    assert report.score >= OPTIONS.population_stability


@pytest.mark.parametrize("status", ["IN_PROGRESS", "FAILED", "ROLLED_BACK"])
def test_the_baseline_does_not_move_without_a_successful_release(world: World, status: str) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    world.look(EVENING)
    before = recorded(world)
    world.deploy("2", status=status, at=EVENING)
    world.capture(60, EVENING, version="2")
    report = world.look(EVENING + timedelta(hours=2))
    assert report.model_version == "1"
    assert recorded(world) == before


def test_the_baseline_moves_after_a_successful_release(world: World) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    world.look(EVENING)
    world.deploy("2", at=EVENING)
    assert world.look(EVENING + timedelta(minutes=1)).state is State.COLLECTING
    world.capture(70, EVENING, version="2", paper=200)
    report = world.look(EVENING + timedelta(hours=2))
    assert (report.model_version, report.state, report.score) == ("2", State.COMPARED, 0)
    assert len(world.baselines()) == 2


def test_the_removal_of_an_old_version_moves_nothing(world: World) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    world.look(EVENING)
    world.deploy("", at=EVENING)
    assert world.look(EVENING + timedelta(hours=1)).model_version == "1"
    assert len(world.baselines()) == 1


def test_the_first_of_two_looks_at_once_writes_the_baseline(world: World) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    late = drift.Watch(OPTIONS, now=EVENING + timedelta(hours=3))
    deployment = late._deployment()
    assert deployment is not None
    seen_by_the_late_one = late._first(deployment)
    world.look(EVENING)
    first = recorded(world)
    assert late._record(deployment, seen_by_the_late_one[:1]) == first == recorded(world)


def test_a_damaged_line_is_counted_and_costs_no_more_than_itself(world: World) -> None:
    world.deploy("1")
    world.put(f"{RELEASED:%Y/%m/%d/%H}", '{"captureData": {}}\nnot json\n')
    broken = world.exchange(RELEASED + timedelta(minutes=1), "1", 240)
    broken["captureData"]["endpointInput"] |= {"data": "bm8gcGljdHVyZQ==", "encoding": "BASE64"}
    world.put(f"{RELEASED:%Y/%m/%d/%H}", json.dumps(broken))
    world.capture(40, RELEASED)
    report = world.look(EVENING)
    assert (report.state, report.unreadable) == (State.TOO_FEW, 3)


def test_a_request_that_is_no_json_image_is_refused_in_one_line(world: World) -> None:
    exchange = world.exchange(RELEASED, "1", 240)
    exchange["captureData"]["endpointInput"] |= {"data": "[]", "encoding": "JSON"}
    parsed = Exchange.parse(json.dumps(exchange))
    with pytest.raises(CaptureError, match="captured request is not"):
        parsed.observation(parsed.result())


def test_the_job_publishes_one_metric_a_feature_and_one_for_the_whole(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy("1")
    world.capture(40, RELEASED)
    world.capture(30, RELEASED + DAY, paper=200)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls.fromtimestamp((RELEASED + DAY + timedelta(hours=1)).timestamp(), tz)

    monkeypatch.setattr(drift, "datetime", Clock)
    monkeypatch.setenv("SAGEMAKER_PROCESSING_DIR", str(tmp_path))
    arguments = [
        part for name, value in OPTIONS.model_dump().items() for part in (f"--{name.replace('_', '-')}", str(value))
    ]
    monkeypatch.setattr(sys, "argv", ["drift", *arguments])
    assert drift.main() == 0
    assert json.loads((tmp_path / "drift" / "drift.json").read_text("utf-8"))["state"] == "compared"
    assert "shifted: darkness" in (tmp_path / "drift" / "report.html").read_text("utf-8")
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="Platform")["Metrics"]
    found = {(each["MetricName"], *(part["Value"] for part in each["Dimensions"])) for each in metrics}
    ordered = ("confidence", "text_length", "region_count", "image_size", "darkness")
    assert found == {
        ("Drift", "reader"),
        ("PopulationStability", "reader", "character_classes"),
        *(("PopulationStability", "reader", name) for name in ordered),
        *(("KolmogorovSmirnov", "reader", name) for name in ordered),
    }


def test_a_missing_argument_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["drift"])
    assert drift.main() == 1
    assert (tmp_path / "output" / "message").read_text("utf-8").startswith("--endpoint None: Field required")
    assert capsys.readouterr().err.count("\n") == 1
