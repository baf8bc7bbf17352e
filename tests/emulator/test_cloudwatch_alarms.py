"""Alarms go off by themselves, tell their topics, and send events."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import REGION
from tests.emulator.conftest import Client, wait_for


class Mailbox:
    """A queue behind a topic, and one behind a rule on alarm events."""

    def __init__(self, client: Client) -> None:
        self._client = client
        name = f"mail-{uuid.uuid4().hex[:8]}"
        self._queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
        found = client("sqs").get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self.queue_arn = found["Attributes"]["QueueArn"]
        self.topic = client("sns").create_topic(Name=name)["TopicArn"]
        client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.queue_arn)

    def next(self) -> dict[str, Any]:
        messages = wait_for(lambda: self._client("sqs").receive_message(QueueUrl=self._queue).get("Messages"))
        self._client("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=messages[0]["ReceiptHandle"])
        document: dict[str, Any] = json.loads(messages[0]["Body"])
        return document


@pytest.fixture
def mailbox(fast_client: Client) -> Mailbox:
    return Mailbox(fast_client)


def put_alarm(client: Client, **more: Any) -> str:
    name = f"alarm-{uuid.uuid4().hex[:8]}"
    request: dict[str, Any] = {
        "AlarmName": name,
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 3.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **more,
    }
    if "Metrics" in request:
        del request["Period"]
    else:
        request.setdefault("Namespace", "Test")
        request.setdefault("MetricName", name)
        if "ExtendedStatistic" not in request:
            request.setdefault("Statistic", "Sum")
    client("cloudwatch").put_metric_alarm(**request)
    return name


def put(client: Client, name: str, *values: float, dimensions: dict[str, str] | None = None) -> None:
    named = [{"Name": key, "Value": value} for key, value in (dimensions or {}).items()]
    data = [{"MetricName": name, "Value": value, "Dimensions": named} for value in values]
    client("cloudwatch").put_metric_data(Namespace="Test", MetricData=data)


def alarm(client: Client, name: str) -> Any:
    return client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def wait_for_state(client: Client, name: str, state: str) -> Any:
    return wait_for(lambda: (found := alarm(client, name))["StateValue"] == state and found)


def test_an_alarm_goes_off_and_comes_back(fast_client: Client, mailbox: Mailbox) -> None:
    name = put_alarm(fast_client, AlarmActions=[mailbox.topic], OKActions=[mailbox.topic], AlarmDescription="too much")
    wait_for_state(fast_client, name, "OK")
    first = json.loads(mailbox.next()["Message"])
    assert (first["OldStateValue"], first["NewStateValue"]) == ("INSUFFICIENT_DATA", "OK")
    put(fast_client, name, 1.0, 2.5)
    found = wait_for_state(fast_client, name, "ALARM")
    assert found["StateReason"] == (
        "Threshold Crossed: 1 datapoint [3.5] was greater than or equal to the threshold (3.0)."
    )
    told = mailbox.next()
    assert told["Subject"] == f'ALARM: "{name}" in EU (Frankfurt)'
    message = json.loads(told["Message"])
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["AlarmDescription"] == "too much"
    assert message["Trigger"]["MetricName"] == name
    wait_for_state(fast_client, name, "OK")
    assert json.loads(mailbox.next()["Message"])["NewStateValue"] == "OK"


def test_two_of_three_periods_are_needed_where_the_alarm_says_so(fast_client: Client) -> None:
    name = put_alarm(fast_client, EvaluationPeriods=3, DatapointsToAlarm=2)
    wait_for_state(fast_client, name, "OK")
    put(fast_client, name, 9.0)
    deadline = time.monotonic() + 3.5  # the one breach is seen, and leaves the window again
    while time.monotonic() < deadline:
        assert alarm(fast_client, name)["StateValue"] == "OK"
        time.sleep(0.1)
    put(fast_client, name, 9.0)
    time.sleep(1.0)  # another minute of this account's clocks
    put(fast_client, name, 9.0)
    wait_for_state(fast_client, name, "ALARM")


def test_a_percentile_may_be_watched(fast_client: Client) -> None:
    name = put_alarm(fast_client, ExtendedStatistic="p90", Threshold=50.0)
    wait_for_state(fast_client, name, "OK")
    put(fast_client, name, *[1.0] * 80, *[99.0] * 20)
    wait_for_state(fast_client, name, "ALARM")


def test_only_the_metric_with_the_same_dimensions_counts(fast_client: Client) -> None:
    name = put_alarm(fast_client, Dimensions=[{"Name": "Endpoint", "Value": "a"}])
    wait_for_state(fast_client, name, "OK")
    for _ in range(10):
        put(fast_client, name, 9.0)
        put(fast_client, name, 9.0, dimensions={"Endpoint": "b"})
        assert alarm(fast_client, name)["StateValue"] == "OK"
        time.sleep(0.2)
    put(fast_client, name, 9.0, dimensions={"Endpoint": "a"})
    wait_for_state(fast_client, name, "ALARM")


def test_metric_math_may_be_watched(fast_client: Client) -> None:
    def line(key: str, metric: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": "Test", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
        return {"Id": key, "MetricStat": stat, "ReturnData": False}

    metric = uuid.uuid4().hex[:8]
    share = {"Id": "share", "Expression": "FILL(bad, 0) / all * 100", "ReturnData": True}
    name = put_alarm(
        fast_client, Metrics=[line("bad", f"bad-{metric}"), line("all", f"all-{metric}"), share], Threshold=20.0
    )
    put(fast_client, f"all-{metric}", *[1.0] * 10)
    wait_for_state(fast_client, name, "OK")
    put(fast_client, f"all-{metric}", *[1.0] * 10)
    put(fast_client, f"bad-{metric}", *[1.0] * 5)
    wait_for_state(fast_client, name, "ALARM")


def test_a_change_of_state_is_an_event(fast_client: Client, mailbox: Mailbox) -> None:
    name = put_alarm(fast_client)
    wait_for_state(fast_client, name, "OK")
    events = fast_client("events")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name], "state": {"value": ["ALARM"]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": mailbox.queue_arn}])
    put(fast_client, name, 5.0)
    event = mailbox.next()
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{name}"]
    assert event["detail"]["previousState"]["value"] == "OK"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == name


def test_messages_that_wait_in_a_queue_are_measured(fast_client: Client) -> None:
    name = f"dead-{uuid.uuid4().hex[:8]}"
    queue = fast_client("sqs").create_queue(QueueName=name)["QueueUrl"]
    waiting = put_alarm(
        fast_client,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Statistic="Maximum",
        Threshold=1.0,
        Dimensions=[{"Name": "QueueName", "Value": name}],
    )
    wait_for_state(fast_client, waiting, "OK")
    fast_client("sqs").send_message(QueueUrl=queue, MessageBody="lost")
    wait_for_state(fast_client, waiting, "ALARM")


def test_filters_of_a_description_hold_together(client: Client) -> None:
    cloudwatch, ringing, quiet = client("cloudwatch"), put_alarm(client), put_alarm(client)
    cloudwatch.set_alarm_state(AlarmName=ringing, StateValue="ALARM", StateReason="test")

    def names(**asked: Any) -> list[str]:
        return [each["AlarmName"] for each in cloudwatch.describe_alarms(**asked)["MetricAlarms"]]

    assert names(AlarmNames=[ringing, quiet], StateValue="ALARM") == [ringing]
    assert names(AlarmNames=[quiet], StateValue="ALARM") == []
    assert names(AlarmNamePrefix=ringing) == [ringing]
    assert names(AlarmNamePrefix=ringing, AlarmTypes=["CompositeAlarm"]) == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"ExtendedStatistic": "pxy"}, "no statistic 'pxy'"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "no comparison"),
        (
            {"Metrics": [{"Id": "e", "Expression": "SEARCH('{A,B} x', 'Sum')", "ReturnData": True, "Period": 60}]},
            "no SEARCH",
        ),
    ],
)
def test_an_alarm_that_cannot_be_evaluated_is_refused(client: Client, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        put_alarm(client, **more)
