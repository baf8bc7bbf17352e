"""The trigger in the emulated account: real events, queue, function and pipeline, in bursts."""

from __future__ import annotations

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.account import Account, eventually, message_of, run

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

BATCHES, EVENTS = 60, 500
QUIET_SECONDS = 2  # config/local.toml


class Trigger:
    """What stands around the trigger of a deployed account. No version is approved: a run ends in its first step."""

    def __init__(self, account: Account) -> None:
        self.cdk, self.names = account.cdk, account.names
        self.s3, self.sqs, self.sagemaker = map(account.client, ("s3", "sqs", "sagemaker"))
        self.alerts = self.sqs.create_queue(QueueName="alerts")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.alerts, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.names["alerts-topic-arn"]
        account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def burst(self, name: str) -> set[str]:
        """60 batches at once and 500 events about them, doubled and in no order; URIs of their manifests."""
        keys = [f"labels/{name}-{number:02d}/manifest.jsonl" for number in range(BATCHES)]
        random.Random(name).shuffle(keys)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._upload, keys))
            doubled = random.Random(name).choices(keys, k=EVENTS - BATCHES)
            list(pool.map(self._announce, [doubled[first : first + 10] for first in range(0, len(doubled), 10)]))
        return {f"s3://{self.names['data-bucket']}/{key}" for key in keys}

    def runs(self) -> list[dict[str, Any]]:
        """Executions, the oldest first."""
        listed = self.sagemaker.list_pipeline_executions(PipelineName=self.names["pipeline-name"])
        return list(reversed(listed["PipelineExecutionSummaries"]))

    def ended(self, count: int) -> list[dict[str, Any]] | None:
        """All executions when there are `count` of them and all have ended."""
        runs = self.runs()
        return (
            runs if len(runs) >= count and all(each["PipelineExecutionStatus"] == "Failed" for each in runs) else None
        )

    def learned(self, execution: dict[str, Any]) -> set[str]:
        found = self.sagemaker.list_pipeline_parameters_for_execution(
            PipelineExecutionArn=execution["PipelineExecutionArn"]
        )
        uri = next(item["Value"] for item in found["PipelineParameters"] if item["Name"] == "LabelManifest")
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        content = json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return {item["uri"] for item in content["manifests"]}

    def messages(self, queue: str) -> int:
        """Everything that is in a queue: visible, delayed and being handled."""
        kinds = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "Delayed", "NotVisible")]
        found = self.sqs.get_queue_attributes(QueueUrl=self.names[queue], AttributeNames=kinds)["Attributes"]
        return sum(int(found[kind]) for kind in kinds)

    def told(self) -> str | None:
        """What people are told of a run; the account's alarms have their own news."""
        received = self.sqs.receive_message(QueueUrl=self.alerts, MaxNumberOfMessages=10).get("Messages", [])
        return next((text for text in map(message_of, received) if "ResolveBaseModel" in text), None)

    def _upload(self, key: str) -> None:
        self.s3.put_object(Bucket=self.names["data-bucket"], Key=key, Body=b"{}\n")

    def _announce(self, keys: list[str]) -> None:
        entries = [
            {
                "Id": str(number),
                "MessageBody": json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": key}}}),
            }
            for number, key in enumerate(keys)
        ]
        self.sqs.send_message_batch(QueueUrl=self.names["label-queue"], Entries=entries)


@pytest.fixture(scope="module")
def trigger(whole_account: Account) -> Trigger:
    return Trigger(whole_account)


def test_each_burst_is_one_run_in_the_account(trigger: Trigger) -> None:
    first = trigger.burst("first")
    (run_of_first,) = eventually(lambda: trigger.ended(1), seconds=40, what="the run of the first burst")
    assert trigger.learned(run_of_first) == first
    reason = eventually(trigger.told, seconds=20, what="the alert").splitlines()[0]
    assert reason.startswith("ResolveBaseModel: paddleocr-drawing-models-local has no approved version to start from")

    second = trigger.burst("second")
    *_, run_of_second = eventually(lambda: trigger.ended(2), seconds=40, what="the run of the second burst")
    assert trigger.learned(run_of_second) == second
    # Messages that came while a run was active may still be in the queue, until the next quarter of an hour.
    time.sleep(3 * QUIET_SECONDS)
    assert len(trigger.runs()) == 2
    assert trigger.messages("label-dead-letters") == 0


def test_dead_letters_are_replayed_by_the_command(trigger: Trigger) -> None:
    before = trigger.messages("label-queue")
    for number in range(12):
        trigger.sqs.send_message(QueueUrl=trigger.names["label-dead-letters"], MessageBody=f"event {number}")
    command = [sys.executable, "-m", "cli.main", "--env", "local", "train", "replay", "--json"]
    assert json.loads(run(command, trigger.cdk.variables)) == {"messages": 12}
    assert trigger.messages("label-dead-letters") == 0
    eventually(lambda: trigger.messages("label-queue") <= before or None, seconds=40, what="12 handled messages")
