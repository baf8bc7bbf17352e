"""The gate before training: nothing is lost, nothing is doubled, and nobody is believed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from shared.base_version import BaseVersions
from shared.errors import PlatformError
from start_training import handler
from start_training.gate import (
    LOOK_SECONDS,
    EmbedderOrder,
    EmbedderParameters,
    Gate,
    Order,
    Parameters,
    Settings,
)
from start_training.labels import Batch, Labels
from start_training.pipeline import Pipeline
from start_training.state import BATCHES_IN_ONE_RUN, State
from tests.lambda_context import Context
from tests.lambda_registry import GROUP, add_version

BUCKET = "data"
TABLE = "state"
HOUR = 3600.0
ACCOUNT = "123456789012"  # of moto


class Pipelines:
    """SageMaker as the gate uses it: the same token never starts a second execution."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}  # by token
        self.status = "Succeeded"
        self.failure: Exception | None = None
        self.list_is_late = False  # what was started is not in the list yet

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        items = [
            {
                "PipelineExecutionArn": item["arn"],
                "PipelineExecutionStatus": self.status,
                "PipelineExecutionDisplayName": item["PipelineExecutionDisplayName"],
            }
            for item in self.started.values()
        ]
        return {"PipelineExecutionSummaries": [] if self.list_is_late else items}

    def describe_pipeline_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:
        assert PipelineExecutionArn in {item["arn"] for item in self.started.values()}
        return {"PipelineExecutionStatus": self.status}

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
        self.sqs = boto3.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="labels")["QueueUrl"]
        self.sagemaker = Pipelines()
        self.later = 0.0

    def clock(self) -> float:
        return time.time() + self.later

    def upload(self, batch: str, content: str = "{}") -> str:
        self.s3.put_object(Bucket=BUCKET, Key=f"labels/{batch}/images/sheet.png", Body=b"png")
        self.s3.put_object(Bucket=BUCKET, Key=f"labels/{batch}/manifest.jsonl", Body=content.encode())
        return f"s3://{BUCKET}/labels/{batch}/manifest.jsonl"

    def settings(self, *, quiet: float = 60, least: int = 1, oldest: float = HOUR) -> Settings:
        return Settings(
            bucket=BUCKET,
            labels_prefix="labels/",
            runs_prefix="datasets/runs/",
            table=TABLE,
            pipeline_name="p",
            embedder_pipeline_name="embedder",
            embedder_group="embedders",
            queue_url=self.queue,
            group=GROUP,
            base_rule="last_approved",
            endpoint_name="reader",
            quiet_seconds=quiet,
            min_objects=least,
            max_age_seconds=oldest,
        )

    def gate(self, **settings: Any) -> Gate:
        return Gate(
            settings=self.settings(**settings),
            labels=Labels(self.s3, BUCKET, "labels/"),
            state=State(self.dynamodb, TABLE),
            pipeline=Pipeline(self.sagemaker, "p"),
            bases=BaseVersions(boto3.client("sagemaker"), GROUP, "last_approved", "reader"),
            s3=self.s3,
            clock=self.clock,
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


def test_the_oldest_starts_a_run_even_while_uploads_never_stop(world: World) -> None:
    world.upload("one")
    world.later = HOUR + 1
    assert world.gate(quiet=2 * HOUR, oldest=HOUR).consider().decision == "started"


def test_a_silence_is_not_waited_for_longer_than_the_oldest_may_wait(world: World) -> None:
    world.upload("one")
    waiting = world.gate(quiet=HOUR, oldest=60).consider()
    assert waiting.decision == "waiting"
    assert waiting.wait_seconds <= 60


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


def test_a_run_that_no_list_shows_yet_is_active(world: World) -> None:
    world.upload("one")
    world.later = 61
    gate = world.gate()
    gate.consider()
    world.upload("two")
    world.later = 200
    world.sagemaker.list_is_late, world.sagemaker.status = True, "Executing"
    assert gate.consider().decision == "active"


def test_a_decision_that_rests_on_labels_of_yesterday_starts_nothing(world: World) -> None:
    """Another invocation starts and commits a whole run between our look at the labels and our claim."""
    world.upload("one")
    world.later = 61
    slow, fast = world.gate(), world.gate()
    last, new = slow.state.last(), slow._new()
    assert fast.consider().decision == "started"
    late = slow._start(new, Parameters(), "late", last)
    assert late.decision == "active"
    assert late.left == ("labels/one/manifest.jsonl",)
    assert len(world.sagemaker.started) == 1
    assert slow.consider().decision == "nothing_new"


def test_pictures_are_not_listed_one_by_one(world: World) -> None:
    for batch in ("one", "two"):
        for number in range(20):
            world.s3.put_object(Bucket=BUCKET, Key=f"labels/{batch}/images/{number}.png", Body=b"png")
        world.upload(batch)
    answers: list[dict[str, Any]] = []
    world.s3.meta.events.register("after-call.s3.ListObjectVersions", lambda parsed, **_: answers.append(parsed))
    assert [batch.key for batch in Labels(world.s3, BUCKET, "labels/").batches()] == [
        "labels/one/manifest.jsonl",
        "labels/two/manifest.jsonl",
    ]
    (answer,) = answers
    assert len(answer["Versions"]) + len(answer["CommonPrefixes"]) == 4


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
    assert first.state.claim(planned, after=None)
    assert not second.state.claim(second._plan(second._new(), Parameters(), "second"), after=None)
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


def test_hundreds_of_batches_are_one_run(world: World) -> None:
    for number in range(120):
        world.upload(f"batch-{number:03d}")
    world.later = 61
    gate = world.gate()
    assert len(gate.consider().manifests) == 120
    assert gate.consider().decision == "nothing_new"


def test_more_batches_than_one_item_holds_go_into_two_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        world.upload(f"batch-{number:03d}")
    world.later = 61
    gate = world.gate()
    monkeypatch.setattr("start_training.gate.BATCHES_IN_ONE_RUN", 3)
    first, second = gate.consider(), gate.consider()
    assert (len(first.manifests), len(second.manifests)) == (3, 2)
    assert first.left == ("labels/batch-003/manifest.jsonl", "labels/batch-004/manifest.jsonl")
    assert gate.consider().decision == "nothing_new"


def test_the_largest_run_fits_into_one_item(world: World) -> None:
    """Names, version ids and checksums as long as AWS makes them."""
    gate = world.gate()
    bucket, key = "b" * 63, f"labels/{'n' * 63}/manifest.jsonl"
    batch = Batch(key=key, version_id="v" * 32, etag="e" * 32, modified=0.0)
    largest = replace(gate, labels=Labels(world.s3, bucket, "labels/"))
    planned = largest._plan([batch] * BATCHES_IN_ONE_RUN, Parameters(), "r" * 256)
    assert len(planned.model_dump_json(by_alias=True)) < 400_000


def test_a_start_that_sagemaker_has_forgotten_is_not_repeated(world: World) -> None:
    """Killed after the start, and resumed so late that the token counts for nothing any more."""
    world.upload("one")
    world.later = 61
    gate = world.gate()
    planned = gate._plan(gate._new(), Parameters(), "killed")
    assert gate.state.claim(planned, after=None)
    gate.pipeline.start(display_name=planned.manifest.run_id, parameters={}, token="a token of long ago" * 2)
    assert gate.consider().decision == "nothing_new"
    assert len(world.sagemaker.started) == 1


def test_a_person_need_not_wait_for_silence(world: World) -> None:
    uri = world.upload("one")
    decision = world.gate(quiet=HOUR, least=99).order(Order(action="start", requested_by="ada"))
    assert (decision.decision, decision.manifests) == ("started", (uri,))
    assert world.run_manifests()[0]["reason"] == "by hand (ada)"


def test_a_dry_run_says_what_would_be_trained_on_and_changes_nothing(world: World) -> None:
    uri = world.upload("one")
    base = add_version(boto3.client("sagemaker"))
    decision = world.gate().order(Order(action="start", dry_run=True))
    assert (decision.decision, decision.manifests, decision.base) == ("dry_run", (uri,), base)
    assert world.run_manifests() == []
    assert world.sagemaker.started == {}
    assert world.gate().state.pending() is None


def test_a_dry_run_starts_not_even_what_was_begun(world: World) -> None:
    add_version(boto3.client("sagemaker"))
    world.upload("one")
    gate = world.gate()
    assert gate.state.claim(gate._plan(gate._new(), Parameters(), "killed"), after=None)
    gate.order(Order(action="start", dry_run=True))
    assert world.sagemaker.started == {}


def test_a_dry_run_that_has_nothing_to_start_from_says_so(world: World) -> None:
    world.upload("one")
    add_version(boto3.client("sagemaker"), "PendingManualApproval")
    with pytest.raises(PlatformError, match="readers has no approved version to start from"):
        world.gate().order(Order(action="start", dry_run=True))


def test_an_alarm_starts_a_run_through_the_same_gate(world: World) -> None:
    world.upload("one")
    ordered = {"action": "start", "reason": "alarm drift-confidence", "requested_by": "drift"}
    assert world.gate(least=99).order(handler.parsed(Order, ordered)).decision == "started"
    assert world.run_manifests()[0]["reason"] == "alarm drift-confidence (drift)"
    assert world.gate(least=99).order(handler.parsed(Order, ordered)).decision == "nothing_new"


def test_an_embedder_is_trained_by_order_beside_a_run_of_the_reader(world: World) -> None:
    world.upload("one")
    assert world.gate(least=99).order(Order(action="start")).decision == "started"
    own = replace(world.gate(), state=State(world.dynamodb, TABLE, runs="embedder-run"))
    wanted = EmbedderOrder(action="start", target="embedder", parameters=EmbedderParameters(MaxSteps=7))
    world.sagemaker.started.clear()  # another pipeline
    decision = own.order_embedder(wanted)
    assert (decision.decision, decision.manifests) == ("started", ())
    (started,) = world.sagemaker.started.values()
    parameters = {item["Name"]: item["Value"] for item in started["PipelineParameters"]}
    run = f"s3://{BUCKET}/datasets/runs/{decision.run_id}/run.json"
    assert parameters == {"LabelManifest": run, "MaxSteps": "7", "RunId": decision.run_id}
    assert {item["run_id"] for item in world.run_manifests()} >= {decision.run_id}
    world.sagemaker.status = "Executing"
    assert own.order_embedder(wanted).decision == "active"
    # What the reader has taken stays taken, and nothing else was.
    assert {key for key, _ in world.gate().state.taken()} == {"labels/one/manifest.jsonl"}


def test_an_embedder_takes_no_labels_and_no_parameters_of_the_reader() -> None:
    for wrong in ({"manifests": ["s3://x"]}, {"parameters": {"Epochs": 3}}):
        with pytest.raises(PlatformError, match="order: "):
            handler.parsed(EmbedderOrder, {"action": "start", "target": "embedder", **wrong})


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
def test_an_order_that_makes_no_sense_is_refused_in_one_line(event: dict[str, Any], message: str) -> None:
    with pytest.raises(PlatformError, match=message) as refused:
        handler.parsed(Order, {"action": "start", **event})
    assert "\n" not in str(refused.value)


def records(*keys: str) -> dict[str, Any]:
    """An SQS event of Lambda about new objects."""
    bodies = [json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": key}}}) for key in keys]
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


@pytest.fixture
def function(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The function as Lambda calls it."""
    for name, value in world.settings().model_dump().items():
        monkeypatch.setenv(name.upper(), str(value))
    monkeypatch.setattr(handler, "build_gate", lambda _: world.gate())
    return lambda event: handler.handle(event, Context())


def kept() -> list[tuple[str, int]]:
    """Keys and remaining delays of the messages in the queue."""
    messages = sqs_backends[ACCOUNT]["eu-central-1"].queues["labels"]._messages
    return [
        (json.loads(message.body)["detail"]["object"]["key"], round(message.delayed_until / 1000 - time.time()))
        for message in messages
    ]


def test_a_queue_message_and_a_tick_go_through_the_same_gate(
    world: World, function: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    world.upload("one")
    world.later = 61
    assert function(records("labels/made-up/manifest.jsonl"))["decision"] == "started"
    assert function({"source": "aws.events"})["decision"] == "nothing_new"
    assert kept() == []


def test_messages_stay_while_a_run_is_active_one_for_each_batch(
    world: World, function: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    world.upload("one")
    world.later = 61
    function({"source": "aws.events"})
    world.sagemaker.status = "Executing"
    world.upload("two")
    one, two = "labels/one/manifest.jsonl", "labels/two/manifest.jsonl"
    assert function(records(two, one, two, "labels/made-up/manifest.jsonl"))["decision"] == "active"
    ((key, delay),) = kept()
    assert key == two
    assert (world.clock() + delay) % LOOK_SECONDS == pytest.approx(0, abs=2) or delay == 1


def test_a_message_that_is_too_early_comes_back_when_the_silence_is_over(
    world: World, function: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    world.upload("one")
    world.later = 50
    assert function(records("labels/one/manifest.jsonl"))["decision"] == "waiting"
    ((_, delay),) = kept()
    assert 8 <= delay <= 12


def test_a_message_that_is_no_event_has_woken_us_and_is_done(
    world: World, function: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    world.upload("one")
    bodies = ["no json", "[]", '{"detail": {"object": {"key": 7}}}', "null"]
    function({"Records": [{"messageId": body, "body": body} for body in bodies]})
    assert kept() == []


def test_messages_that_cannot_be_put_back_fail_the_invocation(
    world: World, function: Callable[[dict[str, Any]], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then Lambda deletes none of them, and they come back by themselves."""
    world.upload("one")
    refused = {"Failed": [{"Id": "0", "Message": "throttled"}]}
    monkeypatch.setattr(
        "start_training.handler.boto3.client", lambda _: SimpleNamespace(send_message_batch=lambda **_: refused)
    )
    with pytest.raises(RuntimeError, match="1 messages could not be put back: throttled"):
        function(records("labels/one/manifest.jsonl"))


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIPELINE_NAME", raising=False)
    with pytest.raises(PlatformError, match=r"environment variable [A-Z_]+: Field required: deploy the stack anew"):
        Settings.read()
