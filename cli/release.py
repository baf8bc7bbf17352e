"""The release workflow and the history it keeps: what was deployed when, what runs now, deploying something else."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment
from cli.errors import OperatorError

Status = Literal["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "ROLLED_BACK", "REFUSED", "SUPERSEDED", "UNNEEDED"]
# How an order ends that came to nothing, but is no failure.
NOTHING = ("SUPERSEDED", "UNNEEDED")
POLL_SECONDS = 1.0
# An endpoint update with baking and canary steps may take an hour (AWS allows eight); beyond that a person should look.
FOLLOW_SECONDS = 3 * 3600.0


class Deployment(BaseModel):
    """One line of the deployment history: an order and what became of it (lambda/release/entry.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment: str
    status: Status
    action: str = "deploy"
    from_version: str = ""
    to_version: str = ""
    model_package_arn: str = ""
    from_config: str = ""
    endpoint_config: str = ""
    deployment_config: str = ""
    metrics: str = ""
    requested_by: str = ""
    reason: str = ""
    started: datetime
    began: datetime | None = None
    ended: datetime | None = None
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took from its turn on, None while it runs."""
        return (self.ended - (self.began or self.started)).total_seconds() if self.ended else None


def history(environment: Environment) -> list[Deployment]:
    """Every deployment to the endpoint, newest first."""
    pages = (
        environment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=environment.names.history_table,
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": environment.names.endpoint_name}},
            ScanIndexForward=False,
        )
    )
    read = TypeDeserializer().deserialize
    rows = ({name: read(value) for name, value in item.items()} for page in pages for item in page["Items"])
    return [
        Deployment.model_validate({name: value for name, value in row.items() if value not in ("", None)})
        for row in rows
    ]


def live_config(environment: Environment) -> str | None:
    """The endpoint config that the endpoint answers with; None where there is no endpoint yet."""
    try:
        found = environment.client("sagemaker").describe_endpoint(EndpointName=environment.names.endpoint_name)
    except ClientError as error:
        if "Could not find" in str(error) or "ResourceNotFound" in str(error):
            return None
        raise
    return str(found["EndpointConfigName"])


def live_version(environment: Environment) -> int | None:
    """The version that answers now: the one whose deployment made the endpoint's present configuration."""
    config = live_config(environment)
    if config is None:
        return None
    for entry in history(environment):
        if entry.endpoint_config == config and entry.to_version:
            return int(entry.to_version)
    return None


def start(
    environment: Environment,
    *,
    reason: str,
    model_package_arn: str = "",
    target: str = "",
    action: Literal["deploy", "remove"] = "deploy",
) -> str:
    """Starts the release workflow and gives back its execution's ARN.

    Either `model_package_arn` (that version) or `target` (`previous`, or a version number) says what is meant.
    """
    order = {
        "action": action,
        "model_package_arn": model_package_arn,
        "target": target,
        "requested_by": environment.caller,
        "reason": reason,
    }
    answer = environment.client("stepfunctions").start_execution(
        stateMachineArn=environment.names.release_state_machine_arn,
        name=f"drawingops-{uuid.uuid4()}",
        input=json.dumps(order),
    )
    return str(answer["executionArn"])


def execution_for(environment: Environment, model_package_arn: str, since: datetime, patience: float = 60.0) -> str:
    """The execution that an approval or a rejection started; OperatorError when none appears in `patience` seconds."""
    client = environment.client("stepfunctions")
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        listed = client.list_executions(stateMachineArn=environment.names.release_state_machine_arn, maxResults=20)
        for item in listed["executions"]:
            if item["startDate"] < since:
                continue
            if model_package_arn in client.describe_execution(executionArn=item["executionArn"])["input"]:
                return str(item["executionArn"])
        time.sleep(POLL_SECONDS)
    raise OperatorError(f"no release started within {patience:.0f} s: is the rule of the release workflow enabled?")


def follow(environment: Environment, execution_arn: str) -> Iterator[str]:
    """Yields each of the workflow's states when it is entered first, until the execution ends."""
    client = environment.client("stepfunctions")
    seen: set[str] = set()
    deadline = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < deadline:
        running = client.describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
        for state in _entered(client, execution_arn):
            if state not in seen:
                seen.add(state)
                yield state
        if not running:
            return
        time.sleep(POLL_SECONDS)
    raise OperatorError(
        f"{execution_arn}: still running after {FOLLOW_SECONDS / 3600:.0f} hours; look at it in the console"
    )


def _entered(client: Any, execution_arn: str) -> list[str]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    events = (event for page in pages for event in page["events"])
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def outcome(environment: Environment, execution_arn: str) -> Deployment | str:
    """The line that the workflow wrote, or why there was nothing to release; OperatorError where it was refused."""
    name = execution_arn.rsplit(":", 1)[1]
    for entry in history(environment):
        if entry.deployment.endswith(f"#{name}"):
            if entry.status == "REFUSED":
                raise OperatorError(f"the release was refused: {entry.message}")
            return entry.message if entry.status in NOTHING else entry
    found = environment.client("stepfunctions").describe_execution(executionArn=execution_arn)
    if found["status"] == "SUCCEEDED":
        return str(json.loads(found.get("output", "{}")).get("message", "there was nothing to release"))
    raise OperatorError(f"the release was refused: {_cause(found)}")


def _cause(found: dict[str, Any]) -> str:
    """The function's own sentence, out of what Step Functions makes of it."""
    cause = str(found.get("cause") or found.get("error") or found["status"])
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause
