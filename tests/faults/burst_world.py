"""An account in which time is moved by hand: a queue that delays, doubles and hides messages, and a function that dies.

S3 and DynamoDB are moto's; the function is the product's own handler. What is modelled here is what SQS and Lambda
promise (docs.aws.amazon.com, "Amazon SQS visibility timeout" and "Using Lambda with Amazon SQS"): at least once, in
no order, hidden while a batch is handled, back after the visibility timeout when it was not deleted, dead after five
receives. Functions run one after the other, and between any two of their calls to AWS another one may run.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import moto.s3.models

from shared.base_version import BaseVersions
from start_training import handler
from start_training.gate import Gate, Settings
from start_training.labels import Labels
from start_training.pipeline import Pipeline
from start_training.queue import LabelQueue
from start_training.state import State
from tests.lambda_context import Context

BUCKET, TABLE, GROUP = "data", "state", "readers"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC).timestamp()
VISIBILITY_SECONDS = 720.0
RECEIVES = 5
BATCH = 1000
COLLECTING_SECONDS = 1.0  # from the first visible message on, as the event source of the stack does
QUIET, LEAST, OLDEST = 1800.0, 3, 86_400.0
SCHEDULE_SECONDS = 1800.0


class Killed(BaseException):
    """The function's process is gone; nothing of it runs on."""


@dataclass
class Clock:
    """Seconds since 1970."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Pipelines:
    """SageMaker: the same token starts nothing new; a run lasts as long as the test says."""

    clock: Clock
    executions: list[dict[str, Any]] = field(default_factory=list)

    def start_pipeline_execution(self, **arguments: Any) -> dict[str, str]:
        for known in self.executions:
            if known["ClientRequestToken"] == arguments["ClientRequestToken"]:
                return {"PipelineExecutionArn": str(known["PipelineExecutionArn"])}
        arn = f"arn:aws:sagemaker:eu-central-1:123456789012:pipeline/p/execution/{len(self.executions):012d}"
        assert not any(self._busy(known) for known in self.executions), "two runs at the same time"
        started = {"PipelineExecutionArn": arn, "started": self.clock(), "ended": None, **arguments}
        self.executions.append(started)
        return {"PipelineExecutionArn": arn}

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        # What was started within the last seconds may not be listed yet.
        listed = [known for known in self.executions if known["started"] < self.clock() - 5]
        return {"PipelineExecutionSummaries": [self._described(known) for known in reversed(listed)]}

    def describe_pipeline_execution(self, *, PipelineExecutionArn: str) -> dict[str, str]:
        (found,) = [known for known in self.executions if known["PipelineExecutionArn"] == PipelineExecutionArn]
        return self._described(found)

    def end(self) -> None:
        """The active run ends."""
        for known in self.executions:
            known["ended"] = known["ended"] or self.clock()

    def _busy(self, execution: dict[str, Any]) -> bool:
        return execution["ended"] is None

    def _described(self, execution: dict[str, Any]) -> dict[str, str]:
        return {
            "PipelineExecutionArn": execution["PipelineExecutionArn"],
            "PipelineExecutionDisplayName": execution["PipelineExecutionDisplayName"],
            "PipelineExecutionStatus": "Executing" if self._busy(execution) else "Succeeded",
        }


@dataclass(order=True)
class Message:
    """One message of the queue, due when it becomes visible."""

    due: float
    number: int
    body: str = field(compare=False)
    receives: int = field(default=0, compare=False)


class Queue:
    """SQS as the function sees it, and as Lambda polls it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Message] = []
        self._numbers = itertools.count()
        self.dead: list[str] = []

    def bodies(self) -> list[str]:
        """Of every message that is in the queue, visible or not."""
        return [message.body for message in self._waiting]

    def send(self, body: str, delay: float) -> None:
        heapq.heappush(self._waiting, Message(self._clock() + delay, next(self._numbers), body))

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert QueueUrl == "labels"
        assert 1 <= len(Entries) <= 10
        for entry in Entries:
            assert 0 <= entry["DelaySeconds"] <= 900
            self.send(entry["MessageBody"], entry["DelaySeconds"])
        return {"Successful": Entries}

    @property
    def due(self) -> float | None:
        """When the next message becomes visible."""
        return self._waiting[0].due if self._waiting else None

    def receive(self) -> list[Message]:
        """Up to a batch of visible messages; they are hidden until they are deleted or time out."""
        found: list[Message] = []
        while self._waiting and self._waiting[0].due <= self._clock() and len(found) < BATCH:
            message = heapq.heappop(self._waiting)
            if message.receives >= RECEIVES:
                self.dead.append(message.body)
                continue
            message.receives += 1
            message.due = self._clock() + VISIBILITY_SECONDS
            found.append(message)
        for message in found:
            heapq.heappush(self._waiting, message)
        return found

    def delete(self, messages: list[Message]) -> None:
        gone = {message.number for message in messages}
        self._waiting = [message for message in self._waiting if message.number not in gone]
        heapq.heapify(self._waiting)


class Account:
    """Bucket, table, queue, pipeline and clock, and Lambda that calls the handler."""

    def __init__(self, monkeypatch: Any) -> None:
        self.clock = Clock()
        self.started = self.clock.now
        monkeypatch.setattr(moto.s3.models, "utcnow", self._utcnow)
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.dynamodb = boto3.client("dynamodb")
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.pipelines = Pipelines(self.clock)
        self.queue = Queue(self.clock)
        self._in_function = False
        self.at_instant: Callable[[], None] = lambda: None  # called before and after every call of the function to AWS
        for client in (self.s3, self.dynamodb):
            client.meta.events.register("before-call", self.instant)
            client.meta.events.register("after-call", self.instant)
        self._settings = Settings(
            bucket=BUCKET,
            labels_prefix="labels/",
            runs_prefix="datasets/runs/",
            table=TABLE,
            pipeline_name="p",
            embedder_pipeline_name="embedder",
            embedder_group="embedders",
            queue_url="labels",
            group=GROUP,
            base_rule="last_approved",
            endpoint_name="reader",
            quiet_seconds=QUIET,
            min_objects=LEAST,
            max_age_seconds=OLDEST,
        )
        for name, value in self._settings.model_dump().items():
            monkeypatch.setenv(name.upper(), str(value))
        monkeypatch.setattr(handler, "build_gate", lambda _: self.gate())
        monkeypatch.setattr(handler, "LabelQueue", lambda _, url: self.label_queue(url))
        monkeypatch.setattr(handler.logger, "info", lambda *_, **__: None)

    def gate(self) -> Gate:
        """The product's gate over this account."""
        return Gate(
            settings=self._settings,
            labels=Labels(self.s3, BUCKET, "labels/"),
            state=State(self.dynamodb, TABLE),
            pipeline=Pipeline(self._watched(self.pipelines), "p"),
            bases=BaseVersions(None, GROUP, "last_approved", "reader"),
            s3=self.s3,
            clock=self.clock,
        )

    def label_queue(self, url: str) -> LabelQueue:
        """The product's queue over this account."""
        return LabelQueue(self._watched(self.queue), url)

    def upload(self, batch: str) -> str:
        """A labelled batch now; its key."""
        key = f"labels/{batch}/manifest.jsonl"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=batch.encode())
        return key

    def announce(self, key: str, delay: float = 0.0) -> None:
        """EventBridge tells of an object, perhaps late."""
        self.queue.send(json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": key}}}), delay)

    def invoke(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """One call of the function; None when it was killed."""
        outer, self._in_function = self._in_function, True
        try:
            answer: dict[str, Any] = handler.handle(event, Context())
            return answer
        except Killed:
            return None
        finally:
            self._in_function = outer

    def poll(self) -> int:
        """Lambda hands every visible message to the function, batch after batch; how many calls that took."""
        calls = 0
        while messages := self.queue.receive():
            calls += 1
            records = [{"messageId": str(message.number), "body": message.body} for message in messages]
            if self.invoke({"Records": records}) is not None:
                self.queue.delete(messages)
        return calls

    def pass_time(self, seconds: float) -> int:
        """Moves the clock on, with every message and every tick of the schedule on the way; how many calls came."""
        end = self.clock.now + seconds
        tick = self._next_tick()
        calls = self.poll()
        while True:
            due = min(when for when in (self.queue.due, tick, end) if when is not None)
            if due >= end:
                break
            self.clock.now = max(due, self.clock.now)
            if due < tick:
                self.clock.now += COLLECTING_SECONDS
                calls += self.poll()
            else:
                self.invoke({"source": "aws.events", "detail-type": "Scheduled Event"})
                calls += 1
                tick = self._next_tick()
        self.clock.now = max(end, self.clock.now)
        return calls

    def end_run(self) -> None:
        """The active run ends, and EventBridge says so."""
        self.pipelines.end()
        self.invoke({"source": "aws.sagemaker", "detail": {"currentPipelineExecutionStatus": "Succeeded"}})

    def runs(self) -> list[list[str]]:
        """Keys of the manifests that each started run learns from, in the order of their start."""
        return [self._learned(execution) for execution in self.pipelines.executions]

    def pending(self) -> bool:
        """Whether a run was claimed and not committed."""
        return self.gate().state.pending() is not None

    def _learned(self, execution: dict[str, Any]) -> list[str]:
        parameters = {item["Name"]: item["Value"] for item in execution["PipelineParameters"]}
        key = parameters["LabelManifest"].split("/", 3)[3]
        content = json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return [item["uri"].split("/", 3)[3] for item in content["manifests"]]

    def _next_tick(self) -> float:
        return (self.clock.now // SCHEDULE_SECONDS + 1) * SCHEDULE_SECONDS

    def _utcnow(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC).replace(tzinfo=None)

    def instant(self, **_: Any) -> None:
        """Before or after a call of the function to AWS; none takes no time."""
        if self._in_function:
            self.clock.now += 0.01
            self.at_instant()

    def _watched(self, target: Any) -> Any:
        return _Watched(target, self)


class _Watched:
    """A client before and after each call of which something may happen."""

    def __init__(self, target: Any, account: Account) -> None:
        self._target, self._account = target, account

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._target, name)

        def watched(**arguments: Any) -> Any:
            self._account.instant()
            answer = call(**arguments)
            self._account.instant()
            return answer

        return watched


def tell(account: Account, rng: random.Random, keys: list[str], events: int) -> None:
    """`events` events about all keys: doubled, in no order, most of them a little late, some by hours."""
    told = [*keys, *rng.choices(keys, k=events - len(keys))]
    rng.shuffle(told)
    for key in told:
        account.announce(key, delay=rng.choice([0, 0, 10, 60, 600, 3600, 3 * 3600]))
