"""Another font and blurred scans raise the drift alarm; more of the same drawings do not.

Drawn drawings, the real reader, captures as SageMaker writes them, the job, and the limit of the deployed alarm.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import cv2
import pytest
from moto import mock_aws

from containers.training import drift
from drawing_ocr.monitoring.report import DriftReport, State
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.synthesis.fonts import Face
from drawing_platform.settings import load_settings
from tests.containers.training.capture_world import OPTIONS, REGION, RELEASED, World
from tests.drawing_ocr.reading.world import open_reader
from tests.faults.drift_drawings import draw

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

VERSION = "1"
TODAY = RELEASED + timedelta(days=1)
DRAWINGS = 20  # of a day
ANOTHER_FONT = Face("LiberationSerif-BoldItalic.ttf")


@pytest.fixture(scope="module")
def reader() -> Reader:
    opened = open_reader(ReadingSettings(), threads=2)
    opened.model = opened.model.model_copy(update={"version": VERSION})
    return opened


@pytest.fixture(scope="module")
def baseline(reader: Reader) -> list[dict[str, Any]]:
    """The first drawings after the release, as captured."""
    return [captured(reader, seed, RELEASED + timedelta(minutes=1 + seed)) for seed in range(OPTIONS.drawings)]


@pytest.fixture
def world(baseline: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        account = World()
        account.deploy(VERSION)
        put(account, baseline)
        yield account


def captured(reader: Reader, seed: int, when: datetime, **drawn: Any) -> dict[str, Any]:
    """A request that the reader really answered, as a line of a capture file."""
    page = cv2.cvtColor(draw(seed, **drawn), cv2.COLOR_GRAY2BGR)
    body = cv2.imencode(".png", page)[1].tobytes()
    answer = reader.read_bytes(body).model_dump_json()
    return {
        "captureData": {
            "endpointInput": {"data": base64.b64encode(body).decode(), "encoding": "BASE64"},
            "endpointOutput": {"data": answer, "encoding": "JSON"},
        },
        "eventMetadata": {"eventId": str(seed), "inferenceTime": when.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }


def put(world: World, lines: list[dict[str, Any]]) -> None:
    def hour(line: dict[str, Any]) -> str:
        when = datetime.fromisoformat(line["eventMetadata"]["inferenceTime"])
        return f"{when:%Y/%m/%d/%H}"

    for each, group in itertools.groupby(lines, key=hour):
        world.put(each, "".join(f"{json.dumps(line)}\n" for line in group))


def look_at_a_day(world: World, reader: Reader, **drawn: Any) -> tuple[DriftReport, float]:
    """The report, and the value that the alarm looks at."""
    seeds = range(1000, 1000 + DRAWINGS)
    put(world, [captured(reader, seed, TODAY + timedelta(minutes=seed - 999), **drawn) for seed in seeds])
    report = world.look(TODAY + timedelta(hours=1))
    assert (report.state, report.current_drawings) == (State.COMPARED, DRAWINGS)
    cloudwatch = boto3.client("cloudwatch")
    drift.publish(cloudwatch, report, namespace=OPTIONS.namespace)
    (point,) = cloudwatch.get_metric_statistics(
        Namespace=OPTIONS.namespace,
        MetricName="Drift",
        Dimensions=[{"Name": "Endpoint", "Value": OPTIONS.endpoint}],
        StartTime=datetime.now().astimezone() - timedelta(minutes=5),
        EndTime=datetime.now().astimezone() + timedelta(minutes=5),
        Period=86_400,
        Statistics=["Maximum"],
    )["Datapoints"]
    return report, float(point["Maximum"])


def limit() -> float:
    settings = load_settings("prod").drift
    assert settings is not None
    return settings.population_stability


def test_more_drawings_of_the_same_kind_raise_no_alarm(world: World, reader: Reader) -> None:
    report, value = look_at_a_day(world, reader)
    assert (value, [each.name for each in report.features if each.shifted]) == (0.0, [])


def test_another_font_raises_the_alarm(world: World, reader: Reader) -> None:
    report, value = look_at_a_day(world, reader, face=ANOTHER_FONT)
    assert value >= limit()
    assert "confidence" in [each.name for each in report.features if each.shifted]


def test_blurred_scans_raise_the_alarm(world: World, reader: Reader) -> None:
    report, value = look_at_a_day(world, reader, blur=2.2)
    assert value >= limit()
    assert "confidence" in [each.name for each in report.features if each.shifted]
