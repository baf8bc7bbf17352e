"""What the function that compares answers tells CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from consolidate_labels import handler
from tests.lambda_context import Context
from tests.lambda_labelling import BUCKET, TABLE, Visitor, World, api


@pytest.fixture
def world(account: None) -> Iterator[World]:  # noqa: ARG001
    settings = handler.Settings(table=TABLE, bucket=BUCKET, agreement=0.8)
    world = World()
    with api(world), mock.patch.object(handler.Settings, "read", return_value=settings):
        yield world


def published(capsys: pytest.CaptureFixture[str], event: dict[str, Any]) -> dict[str, list[float]]:
    """The metrics of one invocation, by name."""
    capsys.readouterr()
    handler.handle(event, Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    told = [line for line in lines if "_aws" in line]
    named = {each["Name"]: line for line in told for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    return {name: line[name] for name, line in named.items()}


def labelled(world: World, second: str) -> dict[str, Any]:
    """Two people have labelled a drawing, the other one says `second`; the event that follows."""
    (task,) = world.prepare(drawings=1, annotators=2)
    world.open()
    for name, text in (("ana", "M8"), ("ben", second)):
        visitor = Visitor(world, name)
        work = visitor.lease()
        assert work is not None
        assert visitor.submit(work, text).status == 200
    return {"job": "gears", "task": task}


def test_how_far_people_agree_is_published(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    told = published(capsys, labelled(world, "M8"))
    assert told["LabelAgreement"] == [1.0]
    assert "LabelsDisputed" not in told


def test_a_dispute_is_counted_and_agreement_is_less(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    told = published(capsys, labelled(world, "R5"))
    assert told["LabelsDisputed"] == [1.0]
    assert told["LabelAgreement"] == [0.0]


def test_what_is_compared_twice_is_counted_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    event = labelled(world, "M8")
    published(capsys, event)
    assert "LabelAgreement" not in published(capsys, event)


def test_the_sweep_says_how_many_tasks_are_open_and_since_when(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.prepare(drawings=3)
    world.open()
    with mock.patch("time.time", return_value=world.clock + 600):
        told = published(capsys, {})
    assert (told["OpenLabellingTasks"], told["OldestLabellingTask"]) == ([3.0], [600.0])
