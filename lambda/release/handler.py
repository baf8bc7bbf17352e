"""The steps of the release workflow. Each may be repeated at any time: what is done already is found done."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from release import finishing, planning
from release.plan import Plan, Verdict, verdict_of
from release.shadow import Unfit
from release.world import World
from shared import registry

logger = Logger()
tracer = Tracer()
metrics = Metrics()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def plan(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Enters the order into the history and, when it is its turn, decides which version is meant.

    Args:
        event: `{"execution": name, "started": ISO time, "order": Order}`.

    Raises:
        Busy: it is not its turn; the state machine waits and asks again.
    """
    execution = str(event["execution"])
    _correlate("", execution)
    planned = planning.plan(World(), execution, str(event["started"]), event["order"])
    _correlate(planned.run_id, execution)
    logger.info("planned", extra={"plan": planned.model_dump()})
    return planned.model_dump()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def check(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Has the new version answer on a machine of its own before it gets traffic.

    Returns:
        A Verdict: changing, passed or failed.
    """
    world, planned = _enter(event)
    shadow, version = world.shadow(), registry.describe(world.sagemaker, planned.model_package_arn)
    try:
        if not shadow.ready(version):
            return _answer("changing", f"{shadow.name} starts")
        message = shadow.check(version)
    except Unfit as unfit:
        shadow.remove()
        return _answer("failed", f"{version.name} failed the check before traffic: {unfit}")
    shadow.remove()
    return _answer("passed", message)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def apply(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Creates model and configuration and starts the change of the endpoint.

    Raises:
        Busy: somebody else is changing the endpoint.
    """
    world, planned = _enter(event)
    config = world.endpoint.prepare(registry.describe(world.sagemaker, planned.model_package_arn))
    world.endpoint.move_to(config)
    return _answer("changing", f"{world.name} moves to {config}")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def verify(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Looks whether the endpoint has come to rest, and on which configuration.

    Returns:
        A Verdict: changing, succeeded, rolled_back or failed.
    """
    world, planned = _enter(event)
    found = finishing.settled(world, planned, verdict_of(event)).model_dump()
    logger.info("looked", extra={"verdict": found})
    return found


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def remove(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Deletes everything of a version that nobody needs; Plan has made sure of that.

    Returns:
        A Verdict: succeeded.
    """
    world, planned = _enter(event)
    version = registry.find(world.sagemaker, planned.model_package_arn)
    if version is None:
        return _answer("succeeded", f"v{planned.version} is gone")
    return _answer("succeeded", world.remover().remove(version, world.versions()))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def finish(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Ends the history entry, gives the lock back, scales the fleet after a success, removes what is not needed.

    Args:
        event: `{"execution": name, "started": ISO time, "state": the workflow's state}`.

    Returns:
        `status` and `message` as in the history, and `news` for the notify function.
    """
    execution = str(event["execution"])
    _correlate(str(event["state"].get("run_id", "")), execution)
    key = planning.key_of(execution, str(event["started"]))
    ended = finishing.finish(World(), key, execution, event["state"])
    metrics.add_metric(name=f"Release{ended['status'].title().replace('_', '')}", unit=MetricUnit.Count, value=1)
    logger.info("ended", extra={"status": ended["status"], "why": ended["message"]})
    return ended


def _enter(event: dict[str, Any]) -> tuple[World, Plan]:
    """Every step in the middle keeps the lock first, and does nothing without it. Raises LostLock."""
    planned = Plan.model_validate(event)
    _correlate(planned.run_id, planned.execution)
    world = World()
    world.lock.renew(planned.execution)
    return world, planned


def _correlate(run_id: str, execution: str) -> None:
    """Every line carries the run that made the version, as the lines of its training do, and the workflow."""
    logger.append_keys(correlation_id=run_id or execution, execution=execution)


def _answer(state: Any, message: str) -> dict[str, Any]:
    return Verdict(state=state, message=message).model_dump()
