"""Finish: what became of the order, in the history and in one message."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from release import artefacts, deployment
from release.endpoint import State
from release.entry import Entry, Status
from release.news import news
from release.plan import Plan, Verdict, verdict_of
from release.scaling import scale
from release.world import World
from shared.errors import PlatformError

STATUS: dict[str, Status] = {"succeeded": "SUCCEEDED", "rolled_back": "ROLLED_BACK"}
LONGEST_CAUSE = 1000


def settled(world: World, planned: Plan, before: Verdict | None) -> Verdict:
    """Whether the endpoint has come to rest, and on which configuration.

    Args:
        world: the account.
        planned: the plan.
        before: what this step found the last time.
    """
    found = world.endpoint.state()
    alarms = dict.fromkeys((*(before.alarms if before else ()), *world.alarms_in_alarm()))
    if found is None:
        return Verdict(state="failed", message=f"endpoint {world.name} does not exist")
    if found.changing:
        return Verdict(state="changing", message=f"endpoint {world.name} is {found.status}", alarms=tuple(alarms))
    version = f"v{planned.version}"
    if found.status == "InService" and found.config == planned.endpoint_config:
        return Verdict(state="succeeded", message=_served(world, planned, found))
    why = "; ".join([*([found.failure] if found.failure else []), *(f"alarm {alarm}" for alarm in alarms)])
    if found.status == "InService":
        # AWS says InService after a rollback, too: only the configuration tells.
        reason = why or "SageMaker gave no reason: its fleet did not become healthy, or the update took too long"
        return Verdict(state="rolled_back", message=f"{version} was rolled back, {found.config} serves on: {reason}")
    return Verdict(state="failed", message=f"endpoint {world.name} is {found.status}" + (f": {why}" if why else ""))


def _served(world: World, planned: Plan, found: State) -> str:
    """That the version serves, and which of the settings of the update were not applied as they were given."""
    wanted = world.endpoint.settings
    wrong = []
    if planned.from_config not in ("", planned.endpoint_config) and not wanted.serverless:
        wrong = list(deployment.differences(deployment.config(wanted), found.deployment))
        if found.instances is not None and planned.instances is not None and found.instances < planned.instances:
            wrong.append(f"instances: {planned.instances} before, {found.instances} now")
    return f"v{planned.version} serves" + (f", but not as it was told: {'; '.join(wrong)}" if wrong else "")


def finish(world: World, key: str, execution: str, state: dict[str, Any]) -> dict[str, Any]:
    """Ends the history entry `key`, gives the lock back, and says what people are told.

    Args:
        world: the account.
        key: of the entry.
        execution: owner of the lock.
        state: the workflow's state: a plan, with `verdict` or with the `error` that a step raised; after an error in
            Plan itself the order.

    Returns:
        `status` and `message` as in the history, and `news`.
    """
    error = state.get("error")
    verdict = Verdict(state="failed", message=_cause(error)) if error else verdict_of(state)
    assert verdict is not None
    planned = Plan.model_validate(state) if "step" in state else Plan(step="end", execution=execution)
    status = STATUS.get(verdict.state, "FAILED")
    message = verdict.message
    if status == "SUCCEEDED" and planned.endpoint_config:
        message += _tidy(world)
    _remove_shadow(world)
    started = key.partition("#")[0]
    entry = world.history.add(Entry(deployment=key, status="QUEUED", started=started, decided=started))
    world.history.close(entry, status, message)
    world.lock.free(execution)
    ended = world.history.find(key) or entry
    return {
        "status": ended.status,
        "message": ended.message,
        "news": news(world.name, ended, ended.status, ended.message, planned.aside),
    }


def _tidy(world: World) -> str:
    """Scaling and old configurations. What goes wrong here is told, but undoes no release: the version serves."""
    try:
        scale(world.autoscaling(), world.endpoint.settings)
        state = world.endpoint.state()
        kept = artefacts.kept_configs(
            world.history.newest_first(), state.config if state else "", keep=world.settings.kept_versions
        )
        for name in list(world.endpoint.configs()):
            if name not in kept:
                world.endpoint.remove_config(name)
    except (ClientError, BotoCoreError, PlatformError) as error:
        return f", but scaling or tidying up failed: {error}"
    return ""


def _remove_shadow(world: World) -> None:
    """The temporary endpoint costs money; where it cannot go now, the next order removes it."""
    try:
        world.shadow().remove()
    except (ClientError, BotoCoreError):
        return


def _cause(error: dict[str, Any]) -> str:
    """What the step said; Step Functions hands a function's error over as JSON text."""
    cause = str(error.get("Cause") or error.get("Error") or "a step of the workflow failed")
    try:
        said = json.loads(cause)
    except ValueError:
        said = None
    return str(said["errorMessage"] if isinstance(said, dict) and "errorMessage" in said else cause)[:LONGEST_CAUSE]
