"""Names, metrics and events of executions."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import ROLE, Client, wait_for

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}}


def make(client: Client, definition: dict[str, Any]) -> str:
    answer = client("stepfunctions").create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )
    return str(answer["stateMachineArn"])


def ended(client: Client, execution: str) -> Any:
    def look() -> Any:
        found = client("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return wait_for(look)


def test_executions_without_a_name_are_executions_of_their_own(client: Client) -> None:
    machine = make(client, PASS)
    started = [
        client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps({"number": number}))
        for number in range(3)
    ]
    arns = [each["executionArn"] for each in started]
    assert len(set(arns)) == 3
    assert not any(arn.endswith(":None") for arn in arns)
    assert [json.loads(ended(client, arn)["output"])["number"] for arn in arns] == [0, 1, 2]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.items[0].name", "a"),
        ("$.items[0]", {"name": "a"}),
        ("$.items[*].name", ["a"]),
        ("$.items[0:1]", [{"name": "a"}]),
        ("$.items[?(@.name == 'a')].name", ["a"]),
    ],
)
def test_a_path_that_can_find_one_value_only_gives_that_value(client: Client, path: str, found: Any) -> None:
    state = {"Type": "Pass", "Parameters": {"found.$": path}, "End": True}
    machine = make(client, {"StartAt": "A", "States": {"A": state}})
    started = client("stepfunctions").start_execution(
        stateMachineArn=machine, input=json.dumps({"items": [{"name": "a"}]})
    )
    assert json.loads(ended(client, started["executionArn"])["output"]) == {"found": found}


def test_what_a_service_answers_is_json_with_its_times_as_text(client: Client) -> None:
    ask = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "End": True}
    client("s3").create_bucket(
        Bucket=f"times-{uuid.uuid4().hex[:8]}", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    machine = make(client, {"StartAt": "A", "States": {"A": ask}})
    found = ended(client, client("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"])
    (first, *_) = json.loads(found["output"])["Buckets"]
    assert datetime.fromisoformat(first["CreationDate"]).tzinfo


def test_each_event_starts_an_execution_with_a_name_of_its_own(client: Client) -> None:
    machine, source = make(client, PASS), f"test.{uuid.uuid4().hex[:8]}"
    events = client("events")
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=source, Targets=[{"Id": "machine", "Arn": machine, "RoleArn": ROLE}])
    for number in range(2):
        entry = {"Source": source, "DetailType": "any", "Detail": json.dumps({"number": number})}
        events.put_events(Entries=[entry])
    found = wait_for(
        lambda: (
            len(listed := client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 2
            and listed
        )
    )
    names = {each["name"] for each in found}
    assert len(names) == 2
    assert "None" not in names


def test_the_same_name_and_input_are_the_same_execution(client: Client) -> None:
    machine = make(client, {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}})
    both = [client("stepfunctions").start_execution(stateMachineArn=machine, name="once") for _ in range(2)]
    assert both[0]["executionArn"] == both[1]["executionArn"]


def test_a_name_that_aws_refuses_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="Invalid Name"):
        client("stepfunctions").start_execution(stateMachineArn=make(client, PASS), name="not a name")


def test_a_failed_execution_is_a_metric_and_an_event(client: Client) -> None:
    machine = make(client, FAIL)
    queue = client("sqs").create_queue(QueueName=f"events-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = f"rule-{uuid.uuid4().hex[:8]}"
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["FAILED"]}}
    client("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    execution = client("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"]
    assert ended(client, execution)["status"] == "FAILED"
    message = wait_for(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))[0]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["detail"]["error"], event["detail"]["cause"]) == ("Broken", "on purpose")
    found = client("cloudwatch").list_metrics(Namespace="AWS/States", MetricName="ExecutionsFailed")["Metrics"]
    assert [{"Name": "StateMachineArn", "Value": machine}] in [each["Dimensions"] for each in found]
