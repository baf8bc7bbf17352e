"""The Offer job over captured requests, a history, and a labelling workflow."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from containers.training import offer
from containers.training.offer import Look
from containers.training.released import fetch_model
from drawing_ocr.labelling.offer import OfferError, OfferReport, State
from tests.containers.training.offer_world import MONDAY, OPTIONS, PACKAGE, REGION, World, lines

WEEK = timedelta(days=7)
DOUBTFUL, SURE = 0.5, 0.999


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield World(monkeypatch, tmp_path)


def test_before_the_first_release_nothing_is_offered(world: World) -> None:
    world.capture(lines("⌀8", DOUBTFUL))
    assert world.look().state is State.NOTHING_RELEASED


def test_uncertain_drawings_become_one_labelling_job(world: World) -> None:
    world.deploy()
    doubtful = {world.capture(lines("⌀8", DOUBTFUL)), world.capture(lines("R5", DOUBTFUL))}
    world.capture(lines("12", SURE))
    world.reader.says = lines("12", SURE)
    report = world.look()
    (job,) = world.jobs()
    assert (report.state, report.captured, report.job) == (State.OFFERED, 3, "uncertain-1")
    assert {each.sha256 for each in report.drawings} == doubtful
    assert {each.uri for each in job.drawings} == {f"s3://data/drawings/{sha256}.png" for sha256 in doubtful}
    assert all(each.version_id for each in job.drawings)
    assert world.started() == ["uncertain-1"]
    execution = world.workflows.list_executions(stateMachineArn=world.options.workflow)["executions"][0]
    described = world.workflows.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == {"job": "uncertain-1"}


def test_the_picture_that_was_read_is_the_picture_that_is_labelled(world: World) -> None:
    world.deploy()
    picture = world.picture()
    world.capture(lines("⌀8", DOUBTFUL), picture=picture)
    (drawing,) = world.look().drawings
    bucket, _, key = drawing.uri.removeprefix("s3://").partition("/")
    stored = world.s3.get_object(Bucket=bucket, Key=key, VersionId=drawing.version_id)
    assert stored["Body"].read() == picture


def test_nothing_is_offered_when_nothing_is_uncertain(world: World) -> None:
    world.deploy()
    world.capture(lines("12", SURE))
    world.reader.says = lines("12", SURE)
    report = world.look()
    assert (report.state, report.read_again, len(report.others)) == (State.NOTHING_UNCERTAIN, 1, 1)
    assert (world.jobs(), world.offers(), world.keys("data", "drawings/")) == ([], [], [])


def test_a_sure_reading_that_the_turned_sheet_contradicts_is_uncertain(world: World) -> None:
    world.deploy()
    world.capture(lines("12", 0.9))
    world.reader.says = lines("13", 0.9)
    (drawing,) = world.look().drawings
    assert drawing.parts.agreement > 0.05


def test_the_same_drawing_is_never_offered_twice(world: World) -> None:
    world.deploy()
    picture = world.picture()
    for when in (MONDAY, MONDAY + timedelta(hours=1), MONDAY + WEEK):
        world.capture(lines("⌀8", DOUBTFUL), picture=picture, when=when)
    first = world.look()
    second = world.look(MONDAY + WEEK + timedelta(hours=1))
    assert (len(first.drawings), first.captured) == (1, 1)
    assert (second.state, second.offered_before) == (State.NOTHING_UNCERTAIN, 1)


def test_a_week_offers_no_more_than_its_budget_however_often_somebody_looks(world: World) -> None:
    world.deploy()
    for _ in range(5):
        world.capture(lines("⌀8", DOUBTFUL))
    reports = [world.look(MONDAY + timedelta(hours=hour)) for hour in (2, 3)]
    assert [report.state for report in reports] == [State.OFFERED, State.BUDGET_SPENT]
    assert [len(each.drawings) for each in world.offers()] == [OPTIONS.weekly_drawings]


def test_the_next_week_has_a_budget_of_its_own(world: World) -> None:
    world.deploy()
    for _ in range(5):
        world.capture(lines("⌀8", DOUBTFUL))
    world.look()
    sunday = world.look(MONDAY + WEEK - timedelta(hours=7), window_hours=400)  # Sunday night
    assert sunday.state is State.BUDGET_SPENT
    assert len(world.look(MONDAY + WEEK, window_hours=400).drawings) == 2
    assert [each.week for each in world.offers()] == ["2026-W47", "2026-W48"]


def test_what_an_older_version_read_is_not_offered(world: World) -> None:
    world.deploy("2", at=MONDAY - timedelta(hours=1))
    world.capture(lines("⌀8", DOUBTFUL), version="1")
    assert world.look().captured == 0


def test_a_dry_run_changes_nothing(world: World) -> None:
    world.deploy()
    world.capture(lines("⌀8", DOUBTFUL))
    before = world.keys("data")
    report = world.look(dry_run=True)
    assert (report.state, len(report.drawings)) == (State.WOULD_OFFER, 1)
    assert world.keys("data") == before
    assert (world.jobs(), world.started()) == ([], [])


@pytest.mark.parametrize("killed_in", ["_finish", "_stored"])
def test_a_look_that_is_killed_is_completed_by_the_next(world: World, killed_in: str) -> None:
    world.deploy()
    world.capture(lines("⌀8", DOUBTFUL))
    whole = getattr(Look, killed_in)

    def die(self: Look, *arguments: Any) -> Any:
        if arguments[0]:  # a look begins by finishing what there is: nothing
            raise KeyboardInterrupt
        return whole(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Look, killed_in, die)
        with pytest.raises(KeyboardInterrupt):
            world.look()
    assert world.jobs() == []
    report = world.look(MONDAY + timedelta(hours=3))
    assert world.started() == ["uncertain-1"]
    assert [len(each.drawings) for each in world.jobs()] == [1]
    assert sum(len(each.drawings) for each in world.offers()) == 1
    assert report.state in (State.OFFERED, State.NOTHING_UNCERTAIN)


def test_two_looks_at_once_share_the_budget_and_no_drawing(world: World) -> None:
    world.deploy()
    for _ in range(5):
        world.capture(lines("⌀8", DOUBTFUL))
    slow = world.at(MONDAY + timedelta(hours=2), weekly_drawings=4)
    choose = slow._offered

    def after_another(*arguments: Any) -> OfferReport:
        world.look(weekly_drawings=3)
        return choose(*arguments)

    slow._offered = after_another  # type: ignore[method-assign, assignment]
    report = slow.look()
    assert (report.state, len(report.drawings), report.job) == (State.OFFERED, 1, "uncertain-2")
    offered = [each.sha256 for one in world.offers() for each in one.drawings]
    assert len(set(offered)) == len(offered) == 4


def test_a_claim_that_another_look_won_is_made_again_with_what_is_left(world: World) -> None:
    world.deploy()
    for _ in range(5):
        world.capture(lines("⌀8", DOUBTFUL))
    slow = world.at(MONDAY + timedelta(hours=2), weekly_drawings=4)
    store, stored = slow._stored, list[str]()

    def store_while_another_looks(seen: Any) -> str | None:
        if not stored:
            stored.append("")
            world.look(weekly_drawings=3)
        return store(seen)

    slow._stored = store_while_another_looks  # type: ignore[method-assign]
    assert len(slow.look().drawings) == 1
    offered = [each.sha256 for one in world.offers() for each in one.drawings]
    assert len(set(offered)) == len(offered) == 4


def test_damaged_captures_cost_no_more_than_themselves(world: World) -> None:
    world.deploy()
    world.put(MONDAY, '{"captureData": {}}\nnot json\n')
    world.capture(lines("⌀8", DOUBTFUL), picture=b"no picture")
    world.capture(lines("⌀8", DOUBTFUL))
    report = world.look()
    assert (report.unreadable, len(report.drawings)) == (3, 1)


def test_a_damaged_offer_stops_the_look_in_one_line(world: World) -> None:
    world.deploy()
    world.s3.put_object(Bucket="data", Key=f"{OPTIONS.offer_prefix}log/000001.json", Body=b"{}")
    with pytest.raises(OfferError, match=r"^s3://data/monitoring/reader/offers/log/000001.json: "):
        world.look()


def test_held_out_labels_say_what_a_confidence_is_worth(world: World) -> None:
    world.deploy()
    world.capture(lines("12", SURE))
    world.reader.says = lines("12", SURE)
    annotations = [
        {
            "image": f"images/{number}.png",
            "width": 32,
            "height": 48,
            "regions": [{"points": each.box, "text": "13"} for each in lines("13", 1)],
        }
        for number in range(40)
    ]
    for number in range(40):
        world.s3.put_object(Bucket="data", Key=f"labels/first/images/{number}.png", Body=world.picture())
    assert world.look(dry_run=True).state is State.NOTHING_UNCERTAIN
    manifest = "".join(json.dumps(each) + "\n" for each in annotations)
    world.s3.put_object(Bucket="data", Key="labels/first/manifest.jsonl", Body=manifest.encode())
    world.s3.put_object(Bucket="data", Key="labels/on-its-way/images/1.png", Body=b"")
    report = world.look(dry_run=True, calibrated=4)
    assert (report.state, report.calibrated_on) == (State.WOULD_OFFER, 40)
    assert report.drawings[0].score > 0.5


def test_the_model_of_the_version_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)

    class Registry:
        def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
            assert ModelPackageName == PACKAGE
            return {"InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://data/models/1/model.tar.gz"}]}}

    with mock_aws():
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="data", Key="models/1/model.tar.gz", Body=b"packed")
        fetch_model(Registry(), s3, PACKAGE, tmp_path / "model.tar.gz")
    assert (tmp_path / "model.tar.gz").read_bytes() == b"packed"


def test_the_job_writes_its_report_where_sagemaker_looks_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGEMAKER_PROCESSING_DIR", str(tmp_path / "processing"))
    options = world.options.model_dump()
    arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    monkeypatch.setattr(sys, "argv", ["offer", *arguments])
    assert offer.main() == 0
    report = OfferReport.parse((tmp_path / "processing" / "offer" / "offer.json").read_bytes(), where="offer.json")
    assert report.state is State.NOTHING_RELEASED
    assert "nothing is released on reader yet" in capsys.readouterr().out
