"""In the emulated account: darker scans, the scheduled job, its alarm, and somebody is asked for labels."""

from __future__ import annotations

import itertools
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.containers.training.capture_world import World
from tests.e2e.account import Account, client, eventually, message_of

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

PATIENCE = 90  # seconds
BASELINE, DAY = 50, 25  # drawings; config/local.toml asks for 50, and for 10 in a look


class Lines(World):
    """Captured lines only; the account is another one."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(1)
        self._files = itertools.count()


@pytest.fixture
def port(whole_account: Account) -> int:
    return whole_account.port


@pytest.fixture
def names(whole_account: Account) -> dict[str, str]:
    return whole_account.names


@pytest.fixture
def mailbox(port: int, names: dict[str, str]) -> str:
    sqs = client("sqs", port)
    queue = str(sqs.create_queue(QueueName="on-call")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client("sns", port).subscribe(TopicArn=names["alerts-topic-arn"], Protocol="sqs", Endpoint=arn)
    return queue


def record_release(port: int, names: dict[str, str], ended: datetime) -> None:
    """Version 1 was deployed, says the history."""
    values = {
        "endpoint": names["endpoint-name"],
        "deployment": f"{ended.isoformat(timespec='milliseconds')}#first",
        "status": "SUCCEEDED",
        "to_version": "1",
        "ended": ended.isoformat(timespec="milliseconds"),
    }
    client("dynamodb", port).put_item(
        TableName=names["history-table"], Item={name: {"S": value} for name, value in values.items()}
    )


def capture(port: int, names: dict[str, str], first: datetime, drawings: int, *, paper: int) -> None:
    """One capture file of drawings that were read one a second."""
    lines = Lines()
    content = "".join(
        f"{json.dumps(lines.exchange(first + timedelta(seconds=number), '1', paper))}\n" for number in range(drawings)
    )
    key = f"capture/{names['endpoint-name']}/reader/{first:%Y/%m/%d/%H}/{first:%M-%S}.jsonl"
    client("s3", port).put_object(Bucket=names["data-bucket"], Key=key, Body=content.encode())


def look(port: int, looks: int) -> None:
    """Fires the schedule and waits until so many jobs have completed."""
    names = [each["Name"] for each in client("scheduler", port).list_schedules()["Schedules"]]
    (schedule,) = [name for name in names if "Drift" in name]
    url = f"http://localhost:{port}/emulator/fire/{schedule}"
    urllib.request.urlopen(urllib.request.Request(url, method="POST")).close()

    def done() -> bool | None:
        jobs = client("sagemaker", port).list_processing_jobs()["ProcessingJobSummaries"]
        ended = [job for job in jobs if job["ProcessingJobStatus"] in ("Completed", "Failed")]
        assert [job for job in ended if job["ProcessingJobStatus"] == "Failed"] == []
        return True if len(ended) == looks else None

    eventually(done, seconds=PATIENCE, what="a look for drift ends")


def reports(port: int, names: dict[str, str]) -> list[dict[str, Any]]:
    """Every drift.json, the oldest first."""
    s3, bucket = client("s3", port), names["data-bucket"]
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"monitoring/{names['endpoint-name']}/reports/")["Contents"]
    keys = sorted(item["Key"] for item in found if item["Key"].endswith("/drift.json"))
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_a_shift_rings_the_alarm_and_without_new_labels_asks_for_some(
    port: int, names: dict[str, str], mailbox: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    released = now - timedelta(hours=3)
    record_release(port, names, released)
    capture(port, names, released + timedelta(minutes=1), BASELINE, paper=240)
    capture(port, names, now - timedelta(hours=2), DAY, paper=240)
    look(port, 1)
    (quiet,) = reports(port, names)
    assert (quiet["state"], [each["name"] for each in quiet["features"] if each["shifted"]]) == ("compared", [])

    capture(port, names, now - timedelta(hours=1), 2 * DAY, paper=190)
    look(port, 2)
    _, shifted = reports(port, names)
    assert [each["name"] for each in shifted["features"] if each["shifted"]] == ["darkness"]

    def told() -> list[str] | None:
        received = client("sqs", port).receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10).get("Messages", [])
        texts.extend(message_of(message) for message in received)
        asked = any("there are no new labels" in text for text in texts)
        return texts if asked else None

    texts: list[str] = []
    eventually(told, seconds=PATIENCE, what="somebody is asked for labels")
    alarms = client("cloudwatch", port).describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert [alarm["MetricName"] for alarm in alarms] == ["Drift"]
    assert "docs/runbooks/drift.md" in alarms[0]["AlarmDescription"]
    assert (
        client("sagemaker", port).list_pipeline_executions(PipelineName=names["pipeline-name"])[
            "PipelineExecutionSummaries"
        ]
        == []
    )
