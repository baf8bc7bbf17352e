"""The gate before training: nothing is lost, nothing is doubled, and nobody is believed."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from shared.errors import PlatformError
from start_training import handler
from start_training.gate import Gate, Order, Parameters, Settings
from start_training.labels import Labels
from start_training.pipeline import Pipeline
from start_training.state import State
from tests.lambda_context import Context

BUCKET = "data"
TABLE = "state"
HOUR = 3600.0


class Pipelines:
    """SageMaker as the gate uses it: the same token never starts a second execution."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}  # by token
        self.status = "Succeeded"
        self.failure: Exception | None = None

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        items = [
            {"PipelineExecutionArn": item["arn"], "PipelineExecutionStatus": self.status}
            for item in self.started.values()
        ]
        return {"PipelineExecutionSummaries": items}

    def start_pipeline_execution(self, **arguments: Any) -> dict[str, str]:
        if self.failure:
            raise self.failure
        token = arguments["ClientRequestToken"]
        arn = f"arn:aws:sagemaker:eu-central-1:123456789012:pipeline/p/execution/{len(self.started):012d}"
        self.started.setdefault(token, {"arn": arn, **arguments})
        return {"PipelineExecutionArn": str(self.started[token]["arn"])}


class World:
    """A bucket with labels, the state table, a pipeline, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.dynamodb = boto3.client("dynamodb")
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.sagemaker = Pipelines()
        self.later = 0.0

    def upload(self, batch: str, content: str = "{}") -> str:
        self.s3.put_object(Bucket=BUCKET, Key=f"labels/{batch}/images/sheet.png", Body=b"png")
        self.s3.put_object(Bucket=BUCKET, Key=f"labels/{batch}/manifest.jsonl", Body=content.encode())
        return f"s3://{BUCKET}/labels/{batch}/manifest.jsonl"

    def gate(self, *, quiet: float = 60, least: int = 1, oldest: float = HOUR) -> Gate:
        return Gate(
            settings=Settings(
                bucket=BUCKET,
                labels_prefix="labels/",
                runs_prefix="datasets/runs/",
                table=TABLE,
                pipeline_name="p",
                quiet_seconds=quiet,
                min_objects=least,
                max_age_seconds=oldest,
            ),
            labels=Labels(self.s3, BUCKET, "labels/"),
            state=State(self.dynamodb, TABLE),
            pipeline=Pipeline(self.sagemaker, "p"),
            s3=self.s3,
            clock=lambda: time.time() + self.later,
        )

    def run_manifests(self) -> list[dict[str, Any]]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="datasets/runs/").get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()) for item in listed]


@pytest.fixture
def world(account: None) -> World:  # noqa: ARG001
    return World()


def test_nothing_starts_without_labels(world: World) -> None:
    assert world.gate().consider().decision == "nothing_new"
    assert world.sagemaker.started == {}


def test_a_run_waits_until_uploads_are_quiet(world: World) -> None:
    world.upload("one")
    waiting = world.gate(quiet=60).consider()
    assert waiting.decision == "waiting"
    assert 0 < waiting.wait_seconds <= 61
    world.later = 61
    assert world.gate(quiet=60).consider().decision == "started"


def test_too_few_batches_wait_until_the_oldest_is_old_enough(world: World) -> None:
    world.upload("one")
    world.later = 120
    assert world.gate(least=2).consider().decision == "waiting"
    world.later = HOUR + 1
    assert world.gate(least=2).consider().decision == "started"


def test_a_run_says_exactly_which_versions_it_learns_from(world: World) -> None:
    uri = world.upload("one")
    world.later = 61
    decision = world.gate().consider()
    version = world.s3.head_object(Bucket=BUCKET, Key="labels/one/manifest.jsonl")
    (manifest,) = world.run_manifests()
    assert manifest["schema"] == 1
    assert manifest["run_id"] == decision.run_id
    assert manifest["manifests"] == [
        {"uri": uri, "version_id": version["VersionId"], "etag": version["ETag"].strip('"')}
    ]
    (started,) = world.sagemaker.started.values()
    parameters = {item["Name"]: item["Value"] for item in started["PipelineParameters"]}
    assert parameters == {
        "LabelManifest": f"s3://{BUCKET}/datasets/runs/{decision.run_id}/run.json",
        "RunId": decision.run_id,
    }


def test_a_batch_is_learned_from_once(world: World) -> None:
    world.upload("one")
    world.later = 61
    gate = world.gate()
    assert [gate.consider().decision for _ in range(3)] == ["started", "nothing_new", "nothing_new"]
    assert len(world.sagemaker.started) == 1


def test_labels_that_arrive_during_a_run_wait_for_the_next(world: World) -> None:
    world.upload("one")
    world.later = 61
    gate = world.gate()
    gate.consider()
    second = world.upload("two")
    world.sagemaker.status = "Executing"
    assert gate.consider().decision == "active"
    world.sagemaker.status = "Stopping"
    assert gate.consider().decision == "active"
    world.sagemaker.status = "Succeeded"
    later = gate.consider()
    assert (later.decision, later.manifests) == ("started", (second,))


def test_pictures_without_a_manifest_are_no_batch(world: World) -> None:
    world.s3.put_object(Bucket=BUCKET, Key="labels/half/images/sheet.png", Body=b"png")
    world.later = HOUR * 2
    assert world.gate().consider().decision == "nothing_new"


@pytest.mark.parametrize("crash", ["write", "start", "commit"])
def test_a_crash_at_any_instant_neither_loses_nor_doubles_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    """The function is killed between two steps; the next invocation ends with the one run that was decided."""
    uri = world.upload("one")
    world.later = 61
    gate = world.gate()

    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if crash == "write":
            patch.setattr("shared.storage.write", die)
        elif crash == "start":
            patch.setattr(Pipeline, "start", die)
        else:
            patch.setattr(State, "commit", die)
        with pytest.raises(Killed):
            gate.consider()
    world.later = 600
    world.gate().consider()
    assert len(world.sagemaker.started) == 1
    (manifest,) = world.run_manifests()
    assert [item["uri"] for item in manifest["manifests"]] == [uri]
    assert world.gate().consider().decision == "nothing_new"


def test_of_two_invocations_at_once_one_starts_the_run(world: World) -> None:
    world.upload("one")
    world.later = 61
    first, second = world.gate(), world.gate()
    planned = first._plan(first._new(), Parameters(), "first")
    assert first.state.claim(planned)
    assert not second.state.claim(second._plan(second._new(), Parameters(), "second"))
    # Whoever comes next carries out what was claimed, not something of its own.
    second.consider()
    first._carry_out(planned)
    assert len(world.sagemaker.started) == 1


def test_a_refused_run_gives_its_labels_back(world: World) -> None:
    world.upload("one")
    world.later = 61
    world.sagemaker.failure = ClientError(
        {"Error": {"Code": "ValidationException", "Message": "no such parameter"}}, "StartPipelineExecution"
    )
    with pytest.raises(PlatformError, match="refuses its parameters: no such parameter"):
        world.gate().consider()
    world.sagemaker.failure = None
    assert world.gate().consider().decision == "started"


def test_a_passing_trouble_keeps_the_claim_and_the_token(world: World) -> None:
    world.upload("one")
    world.later = 61
    world.sagemaker.failure = ClientError({"Error": {"Code": "ThrottlingException", "Message": "later"}}, "Start")
    with pytest.raises(ClientError):
        world.gate().consider()
    pending = world.gate().state.pending()
    assert pending is not None
    world.sagemaker.failure = None
    world.gate().consider()
    assert list(world.sagemaker.started) == [pending.token]


def test_more_batches_than_one_transaction_holds_go_into_two_runs(world: World) -> None:
    for number in range(100):
        world.upload(f"batch-{number:03d}")
    world.later = 61
    gate = world.gate()
    first, second = gate.consider(), gate.consider()
    assert (len(first.manifests), len(second.manifests)) == (98, 2)
    assert gate.consider().decision == "nothing_new"


def test_a_person_need_not_wait_for_silence(world: World) -> None:
    uri = world.upload("one")
    decision = world.gate(quiet=HOUR, least=99).order(Order(action="start", requested_by="ada"))
    assert (decision.decision, decision.manifests) == ("started", (uri,))
    assert world.run_manifests()[0]["reason"] == "by hand (ada)"


def test_a_dry_run_changes_nothing(world: World) -> None:
    uri = world.upload("one")
    decision = world.gate().order(Order(action="start", dry_run=True))
    assert (decision.decision, decision.manifests) == ("dry_run", (uri,))
    assert world.run_manifests() == []
    assert world.sagemaker.started == {}
    assert world.gate().state.pending() is None


def test_named_batches_are_trained_on_again(world: World) -> None:
    uri = world.upload("one")
    gate = world.gate()
    gate.order(Order(action="start"))
    world.later = 5
    again = gate.order(Order(action="start", manifests=(uri,)))
    assert again.decision == "started"
    assert len(world.sagemaker.started) == 2


def test_a_batch_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(PlatformError, match=r"s3://data/labels/none/manifest.jsonl: no labelled batch"):
        world.gate().order(Order(action="start", manifests=(f"s3://{BUCKET}/labels/none/manifest.jsonl",)))


def test_parameters_reach_the_pipeline_as_strings(world: World) -> None:
    world.upload("one")
    wanted = Parameters(Epochs=3, LearningRate=0.001, FreezeBackbone="false")
    world.gate().order(Order(action="start", parameters=wanted))
    (started,) = world.sagemaker.started.values()
    parameters = {item["Name"]: item["Value"] for item in started["PipelineParameters"]}
    assert parameters["Epochs"] == "3"
    assert parameters["LearningRate"] == "0.001"
    assert parameters["FreezeBackbone"] == "false"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"parameters": {"Epochs": 0}}, r"parameters\.Epochs = 0"),
        ({"parameters": {"LearningRate": 3}}, r"parameters\.LearningRate = 3"),
        ({"parameters": {"Epoch": 3}}, r"parameters\.Epoch = 3"),
        ({"manifest": []}, r"manifest = \[\]"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_one_line(world: World, event: dict[str, Any], message: str) -> None:
    with pytest.raises(PlatformError, match=message) as refused:
        handler.order(world.gate(), {"action": "start", **event})
    assert "\n" not in str(refused.value)


def test_a_queue_message_and_a_tick_go_through_the_same_gate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.upload("one")
    world.later = 61
    monkeypatch.setattr(handler, "build_gate", world.gate)
    lie = {"Records": [{"body": json.dumps({"detail": {"object": {"key": "labels/made-up/manifest.jsonl"}}})}]}
    assert handler.handle(lie, Context())["decision"] == "started"
    assert handler.handle({"source": "aws.events"}, Context())["decision"] == "nothing_new"


def test_a_short_silence_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.upload("one")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.later += seconds + 1

    monkeypatch.setattr("time.sleep", sleep)
    assert handler.consider(world.gate(quiet=2)).decision == "started"
    assert slept


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIPELINE_NAME", raising=False)
    with pytest.raises(PlatformError, match=r"environment variable [A-Z_]+: Field required: deploy the stack anew"):
        Settings.read()
