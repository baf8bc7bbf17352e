"""How far labelling jobs are, and handing a finished one to training."""

import json
import time
from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.labelling.progress import CategoryReport, Person, Progress, category, person, progress

POLL_SECONDS = 1.0


class JobReport(BaseModel):
    """One job with its people and how far they agree."""

    model_config = ConfigDict(frozen=True)

    progress: Progress
    people: list[Person]
    categories: list[CategoryReport]


def jobs(environment: Environment) -> list[Progress]:
    """All jobs: the most important first, then the oldest."""
    found = [progress(item) for item in _items(environment, "jobs", "")]
    return sorted(found, key=lambda job: (-job.priority, job.created))


def report(environment: Environment, job: str) -> JobReport:
    """One job.

    Raises:
        OperatorError: there is none, or the machine still reads its drawings.
    """
    found = [item for item in _items(environment, "jobs", job) if item["sk"] == job]
    if not found:
        state = _preparation(environment, job)
        if state is None:
            raise OperatorError(f"there is no labelling job {job}: `drawingops labels status` shows those that are")
        raise OperatorError(f"job {job} is not open: its preparation is {state}")
    partition = f"job#{job}"
    return JobReport(
        progress=progress(found[0]),
        people=[person(item) for item in _items(environment, partition, "person#")],
        categories=[category(item) for item in _items(environment, partition, "category#")],
    )


def export(environment: Environment, job: str) -> str:
    """Hands the labels of a finished job to training and gives the address of its manifest.

    Raises:
        OperatorError: people are still at it, or a picture is gone.
    """
    report(environment, job)
    answer = environment.client("lambda").invoke(
        FunctionName=environment.names.labelling_export_function, Payload=json.dumps({"job": job}).encode()
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperatorError(said.get("errorMessage", "the export failed; its log says why"))
    return str(said["manifest"])


def watch_preparation(environment: Environment, execution_arn: str) -> Iterator[str]:
    """The state of the workflow that prepares a job, until it has ended."""
    while True:
        state = environment.client("stepfunctions").describe_execution(executionArn=execution_arn)
        yield state["status"]
        if state["status"] != "RUNNING":
            if state["status"] != "SUCCEEDED":
                raise OperatorError(f"the job could not be prepared: {state.get('cause', state['status'])}")
            return
        time.sleep(POLL_SECONDS)


def _preparation(environment: Environment, job: str) -> str | None:
    states = environment.client("stepfunctions")
    arn = environment.names.labelling_workflow_arn.replace(":stateMachine:", ":execution:") + f":{job}"
    try:
        return str(states.describe_execution(executionArn=arn)["status"])
    except states.exceptions.ExecutionDoesNotExist:
        return None


def _items(environment: Environment, partition: str, prefix: str) -> Iterator[dict[str, Any]]:
    condition, values = "pk = :pk", {":pk": {"S": partition}}
    if prefix:
        condition, values = f"{condition} AND begins_with(sk, :sk)", {**values, ":sk": {"S": prefix}}
    pages = (
        environment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=environment.names.labelling_table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
    )
    read = TypeDeserializer().deserialize
    for page in pages:
        for item in page["Items"]:
            yield {name: read(value) for name, value in item.items()}
