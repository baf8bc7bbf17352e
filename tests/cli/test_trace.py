"""`drawingops trace`: whatever is named, the same story with the run's id as its correlation id."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli import runs
from cli.environment import Environment
from cli.errors import OperatorError
from cli.runs import Curve, Run, Step
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from tests.cli.world import BUCKET, ENDPOINT, HISTORY, NAMES, World

Put = Callable[[str, bytes | str], str]
RUN = "20261120T100500-1a2b3c4d"
EXECUTION = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/drawing-training-dev/execution/abc123def456"
RELEASE = "approved-77"
LOG_GROUP = "drawing-platform-dev-Training-StartTrainingLogs"


def now() -> datetime:
    return datetime.now(UTC)


def run(status: str = "Succeeded", refusal: str | None = None) -> Run:
    start = now()
    train = Step(
        name="Train", status=status, started=start, ended=start + timedelta(seconds=9), job=None, detail=refusal or ""
    )
    return Run(
        arn=EXECUTION,
        status=status,
        started=start,
        ended=start + timedelta(seconds=10),
        parameters={"RunId": RUN},
        steps=[train],
        curve=Curve(),
        refusal=refusal,
    )


@pytest.fixture
def trained(world: World, put: Put, monkeypatch: pytest.MonkeyPatch) -> World:
    """Batch `spring` arrived, was trained on, registered as v1, approved, released, and all of it logged."""
    uri = put("labels/spring/manifest.jsonl", "{}\n")
    manifest = RunManifest(run_id=RUN, manifests=(ManifestReference(uri=uri),), reason="1 new labelled batches")
    put(f"datasets/runs/{RUN}/run.json", manifest.to_json())
    trigger_table(world)
    arn = world.register("Approved", run_id=RUN, pipeline_execution=EXECUTION, package_sha256="f00d")
    remember(world, arn)
    log(world, json.dumps({"service": "start-training", "message": "decided", "correlation_id": RUN, "level": "INFO"}))
    log(world, json.dumps({"service": "other", "message": "not mine", "correlation_id": "another", "level": "INFO"}))
    log(world, f"START RequestId: {RUN}")
    monkeypatch.setattr(runs, "read", lambda *_: run())
    monkeypatch.setattr(runs, "find", find_execution)
    return world


def find_execution(_: Environment, name: str | None) -> str:
    if name in (EXECUTION, "abc123def456"):
        return EXECUTION
    raise OperatorError(f"{name}: no such execution")


def trigger_table(world: World) -> None:
    client = world.client("dynamodb")
    client.create_table(
        TableName=NAMES["trigger-table"],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    key = "labels/spring/manifest.jsonl"
    items = (
        {"pk": "batch", "sk": f"{key}#null", "key": key, "version_id": "null", "run_id": RUN},
        {"pk": "run", "sk": RUN, "execution_arn": EXECUTION, "parameters": "{}"},
        {"pk": "run", "sk": "last", "run_id": RUN, "execution_arn": EXECUTION},
    )
    for item in items:
        client.put_item(TableName=NAMES["trigger-table"], Item={name: {"S": value} for name, value in item.items()})


def remember(world: World, arn: str) -> None:
    started = now()
    item = {
        "endpoint": ENDPOINT,
        "deployment": f"{started.isoformat()}#{RELEASE}",
        "status": "SUCCEEDED",
        "to_version": "1",
        "model_package_arn": arn,
        "endpoint_config": "config-1",
        "requested_by": "user/operator",
        "reason": "reads the ⌀",
        "started": started.isoformat(),
        "ended": (started + timedelta(seconds=42)).isoformat(),
        "message": "v1 serves",
    }
    world.client("dynamodb").put_item(TableName=HISTORY, Item={name: {"S": text} for name, text in item.items()})


def log(world: World, line: str) -> None:
    client = world.client("logs")
    if not client.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
        client.create_log_group(logGroupName=LOG_GROUP)
        client.create_log_stream(logGroupName=LOG_GROUP, logStreamName="s")
    event = {"timestamp": int(now().timestamp() * 1000), "message": line}
    client.put_log_events(logGroupName=LOG_GROUP, logStreamName="s", logEvents=[event])


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(event["source"], event["what"]) for event in answer["events"]]


NAMES_OF_IT = ["spring", "labels/spring/manifest.jsonl", RUN, EXECUTION, "abc123def456", "v1", "V1", RELEASE]


@pytest.mark.parametrize("name", NAMES_OF_IT)
def test_by_whatever_name_the_story_is_the_same_and_has_one_correlation_id(trained: World, name: str) -> None:
    answer = trained.answer("trace", name)
    assert answer["correlation_id"] == RUN
    assert {
        ("S3", "labels of batch spring are complete"),
        ("trigger", f"run {RUN}: 1 batches"),
        ("pipeline", "Train Succeeded"),
        ("registry", "v1 registered"),
        ("release", "v- → v1 SUCCEEDED"),
        ("log", "start-training: decided"),
    } <= set(told(answer))


def test_the_oldest_comes_first_and_foreign_log_lines_stay_out(trained: World) -> None:
    events = trained.answer("trace", "v1")["events"]
    times = [datetime.fromisoformat(event["time"]) for event in events]
    assert times == sorted(times)
    assert [event["what"] for event in events if event["source"] == "log"] == ["start-training: decided"]


def test_a_person_sees_times_reasons_and_who_asked(trained: World) -> None:
    text = trained.run("trace", "spring").stdout
    for part in (
        f"correlation id {RUN}",
        "1 new labelled batches",
        "by user/operator: reads the ⌀",
        "42.0 s v1 serves",
    ):
        assert part in " ".join(text.split())


def test_what_is_said_again_and_again_is_one_line_for_a_person_and_all_of_it_as_json(trained: World) -> None:
    for _ in range(3):
        log(trained, json.dumps({"service": "release", "message": "looked", "correlation_id": RUN}))
    assert [what for _, what in told(trained.answer("trace", RUN))].count("release: looked") == 3
    text = trained.run("trace", RUN).stdout
    assert text.count("release: looked") == 1
    assert "× 3" in text


def test_a_failed_step_is_marked_with_its_reason(trained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "read", lambda *_: run("Failed", "ran out of memory"))
    failed = [event for event in trained.answer("trace", RUN)["events"] if event["failed"]]
    assert [(event["what"], event["detail"]) for event in failed] == [
        ("Train Failed", "9.0 s ran out of memory"),
        ("Failed", "ran out of memory"),
    ]


def test_a_batch_that_waits_has_a_beginning_and_says_what_to_ask(trained: World, put: Put) -> None:
    put("labels/summer/manifest.jsonl", "{}\n")
    answer = trained.answer("trace", "summer")
    assert answer["correlation_id"] == ""
    assert told(answer) == [("S3", "labels of batch summer are complete")]
    assert "train start --dry-run" in trained.run("trace", "summer").stdout


def test_an_imported_version_has_no_execution(trained: World, put: Put) -> None:
    put("datasets/runs/official/run.json", RunManifest(run_id="official", manifests=()).to_json())
    trained.register("Approved", run_id="official")
    assert told(trained.answer("trace", "v2"))[-1] == ("registry", "v2 registered")


def test_an_unknown_name_is_answered_with_what_would_be_understood(trained: World) -> None:
    result = trained.run("trace", "nothing-like-that")
    assert result.exit_code == 1
    assert "nothing-like-that: no batch, run, execution, version or deployment of dev is called so" in result.stderr
    assert BUCKET not in result.stderr
