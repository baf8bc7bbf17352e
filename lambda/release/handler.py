"""The four steps of the release workflow. Each may be repeated at any time: what is done already is found done."""

import json
import time
from typing import Any, Literal

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from release.endpoint import CHANGING, Endpoint, version_of
from release.history import IN_PROGRESS, Entry, History
from release.scaling import scale
from release.settings import Settings
from release.target import Nothing, Order, choose
from shared import registry
from shared.errors import PlatformError

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class Plan(BaseModel):
    """What the workflow carries from step to step.

    Attributes:
        deploy: whether there is anything to do.
        message: why not.
        execution: name of the workflow's execution, owner of the lock.
        deployment: sort key of the history entry.
        model_package_arn, version: what is deployed.
        from_version: what served before, "" for nothing.
        endpoint_config: set by apply.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    deploy: bool
    message: str = ""
    execution: str = ""
    deployment: str = ""
    model_package_arn: str = ""
    version: str = ""
    from_version: str = ""
    endpoint_config: str = ""


class World:
    """The account as the steps see it."""

    def __init__(self) -> None:
        self.settings = Settings.read()
        endpoint = self.settings.endpoint_settings
        self.sagemaker: Any = boto3.client("sagemaker")
        self.autoscaling: Any = boto3.client("application-autoscaling")
        self.endpoint = Endpoint(self.sagemaker, endpoint)
        self.history = History(
            boto3.client("dynamodb"), self.settings.history_table, endpoint.endpoint_name, clock=time.time
        )


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def plan(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Takes the lock, decides which version is meant, and opens the history entry.

    Args:
        event: `{"execution": name, "started": ISO time, "order": Order}`.

    Raises:
        Busy: another workflow has the lock; the state machine waits and asks again.
        PlatformError: the order cannot be followed.
    """
    world = World()
    execution = str(event["execution"])
    logger.append_keys(correlation_id=execution)
    try:
        order = Order.model_validate(event["order"])
    except ValidationError as error:
        first = error.errors()[0]
        raise PlatformError(f"order: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    world.history.lock(execution, world.settings.lease_seconds)
    try:
        planned = _plan(world, execution, event["started"], order)
    except Nothing as nothing:
        world.history.unlock(execution)
        logger.info("nothing to deploy", extra={"why": str(nothing)})
        return Plan(deploy=False, message=str(nothing), execution=execution).model_dump()
    except Exception:
        world.history.unlock(execution)  # nothing is open yet: whoever comes next need not wait for the lease
        raise
    logger.info("planned", extra={"plan": planned.model_dump()})
    return planned.model_dump()


def _plan(world: World, execution: str, started: str, order: Order) -> Plan:
    state = world.endpoint.state()
    live = version_of(state.config) if state else None
    version = choose(
        order,
        live=live if state and state.status != "Failed" else None,
        history=world.history.newest_first,
        sagemaker=world.sagemaker,
        group=world.settings.group,
    )
    entry = Entry(
        deployment=f"{started}#{execution}",
        status=IN_PROGRESS,
        from_version=str(live or ""),
        to_version=str(version.number),
        model_package_arn=version.arn,
        endpoint_config=world.endpoint.config_name(version),
        requested_by=order.requested_by or ("model registry" if order.action == "approval" else ""),
        reason=order.reason or order.status,
        started=started,
    )
    world.history.open(entry)
    return Plan(
        deploy=True,
        execution=execution,
        deployment=entry.deployment,
        model_package_arn=version.arn,
        version=entry.to_version,
        from_version=entry.from_version,
        endpoint_config=entry.endpoint_config,
    )


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def apply(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Creates model and configuration and starts the change of the endpoint."""
    planned = Plan.model_validate(event)
    logger.append_keys(correlation_id=planned.execution)
    world = World()
    version = registry.describe(world.sagemaker, planned.model_package_arn)
    config = world.endpoint.prepare(version)
    world.endpoint.move_to(config)
    return planned.model_copy(update={"endpoint_config": config}).model_dump()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def verify(event: dict[str, Any], _: LambdaContext) -> dict[str, str]:
    """Looks whether the endpoint has come to rest, and on which configuration.

    Returns:
        `state`: changing, succeeded, rolled_back or failed; `message`: one line.
    """
    planned = Plan.model_validate(event)
    logger.append_keys(correlation_id=planned.execution)
    endpoint = World().endpoint
    found = endpoint.state()
    name = endpoint.settings.endpoint_name
    if found is None:
        return _verdict("failed", f"endpoint {name} does not exist")
    if found.status in CHANGING:
        return _verdict("changing", f"endpoint {name} is {found.status}")
    if found.status == "InService" and found.config == planned.endpoint_config:
        return _verdict("succeeded", f"v{planned.version} serves")
    reason = f": {found.failure}" if found.failure else ""
    if found.status == "InService":
        # AWS says InService after a rollback, too: only the configuration tells.
        return _verdict("rolled_back", f"v{planned.version} was rolled back, {found.config} serves on{reason}")
    return _verdict("failed", f"endpoint {name} is {found.status}{reason}")


def _verdict(state: Literal["changing", "succeeded", "rolled_back", "failed"], message: str) -> dict[str, str]:
    return {"state": state, "message": message}


STATUS = {"succeeded": "SUCCEEDED", "rolled_back": "ROLLED_BACK"}


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def finish(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Ends the history entry, scales the fleet after a success, removes old configurations, gives the lock back.

    Args:
        event: the plan, with `verdict` (`{"answer": …}` of verify) or `error` (what a step raised).

    Returns:
        `status` and `message` as in the history, and `news` for the notify function.
    """
    planned = Plan.model_validate(event)
    logger.append_keys(correlation_id=planned.execution)
    world = World()
    error = event.get("error")
    verdict = {"state": "failed", "message": _cause(error)} if error else event["verdict"]["answer"]
    status = STATUS.get(verdict["state"], "FAILED")
    if status == "SUCCEEDED":
        scale(world.autoscaling, world.endpoint.settings)
        world.endpoint.remove_old_configs(keep=world.settings.kept_configs)
    world.history.close(planned.deployment, status=status, message=verdict["message"])
    world.history.unlock(planned.execution)
    name = world.endpoint.settings.endpoint_name
    before = f" (before: v{planned.from_version})" if planned.from_version else ""
    metrics.add_metric(name=f"Release{status.title().replace('_', '')}", unit=MetricUnit.Count, value=1)
    news = {
        "about": f"deployment {name} {planned.deployment}",
        "subject": f"{name}: v{planned.version} {status.lower().replace('_', ' ')}",
        "text": f"{name}: {verdict['message']}{before}\nDeployment {planned.deployment}",
        "reason": verdict["message"],
    }
    return {"status": status, "message": verdict["message"], "news": news}


def _cause(error: dict[str, Any]) -> str:
    """What the step said; Step Functions hands a function's error over as JSON text."""
    cause = str(error.get("Cause") or error.get("Error") or "a step of the workflow failed")
    try:
        said = json.loads(cause)
    except ValueError:
        said = None
    return str(said["errorMessage"] if isinstance(said, dict) and "errorMessage" in said else cause)[:1000]
