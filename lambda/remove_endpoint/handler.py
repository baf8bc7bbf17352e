"""A custom resource: when its stack is deleted, the endpoint goes too that a workflow made beside the stacks.

Nothing is done when the resource is created or changed. What is already gone is not missed, so that a deletion that
failed halfway can be repeated.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from shared.custom_resource import answer
from shared.registry import NOT_THERE

logger = Logger()
tracer = Tracer()

POLL_SECONDS = 2.0
# Endpoints in these states refuse to be deleted (DeleteEndpoint in SageMaker's API reference).
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
NAME_LIMIT = 63  # SageMaker's; the workflows shorten what comes before the version to keep it
OF_A_VERSION = re.compile(r"-v\d+-[0-9a-f]{8}$")
MARGIN_SECONDS = 20.0  # left of the function's time, to answer in


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Handles an event of CloudFormation and answers it, whatever happens.

    Args:
        event: its `ResourceProperties` are `EndpointName`, `Alarms` (names of alarms that go with it) and `Versions`
            ("true" where each version has an endpoint of its own).
    """
    until = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS

    def work(event: dict[str, Any]) -> dict[str, str]:
        if event["RequestType"] == "Delete":
            wanted = event["ResourceProperties"]
            versions = wanted.get("Versions") == "true"
            remove(wanted["EndpointName"], wanted.get("Alarms", []), until=until, versions=versions)
        return {}

    status = answer(event, name="endpoint", log_stream=context.log_stream_name, work=work)
    logger.info("answered", extra={"status": status})


def remove(endpoint_name: str, alarms: list[str], *, until: float, versions: bool = False) -> None:
    """Deletes the alarms, the endpoint, then the configurations and models of all its versions.

    What scales the endpoint goes with it: Application Auto Scaling forgets the targets of a deleted one.

    Raises:
        TimeoutError: it is still being changed at `until` (of the monotonic clock).
    """
    sagemaker = boto3.client("sagemaker")
    if alarms:
        boto3.client("cloudwatch").delete_alarms(AlarmNames=alarms)
    own = _of_its_versions(sagemaker, "list_endpoints", "Endpoint", endpoint_name) if versions else [endpoint_name]
    for name in own:
        _remove_endpoint(sagemaker, name, until)
    for name in _of_its_versions(sagemaker, "list_endpoint_configs", "EndpointConfig", endpoint_name):
        _if_there(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in _of_its_versions(sagemaker, "list_models", "Model", endpoint_name):
        _if_there(sagemaker.delete_model, ModelName=name)
    logger.info("removed", extra={"endpoint": endpoint_name})


def _remove_endpoint(sagemaker: Any, name: str, until: float) -> None:
    while found := _if_there(sagemaker.describe_endpoint, EndpointName=name):
        status = found["EndpointStatus"]
        if status not in CHANGING:
            _if_there(sagemaker.delete_endpoint, EndpointName=name)
        elif time.monotonic() > until:
            raise TimeoutError(f"endpoint {name} is still '{status}': delete the stack again when it has come to rest")
        else:
            time.sleep(POLL_SECONDS)


def _of_its_versions(sagemaker: Any, operation: str, kind: str, endpoint_name: str) -> list[str]:
    """Names of the configurations or models of the endpoint; not those of another whose name begins alike."""
    # Shortened to what a name with the longest suffix still has of it.
    pages = sagemaker.get_paginator(operation).paginate(
        NameContains=endpoint_name[: NAME_LIMIT - len("-v99999-01234567")]
    )
    names = [item[f"{kind}Name"] for page in pages for item in page[f"{kind}s"]]
    return [
        name
        for name in names
        if (suffix := OF_A_VERSION.search(name))
        and name[: suffix.start()] == endpoint_name[: NAME_LIMIT - len(suffix[0])]
    ]


def _if_there(call: Callable[..., dict[str, Any]], **names: str) -> dict[str, Any] | None:
    try:
        return call(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise
