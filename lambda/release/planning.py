"""Plan: what an order means, whether it is its turn, and what is left over from workflows that were killed."""

import json
from datetime import UTC, datetime
from typing import Any

from release import artefacts, deployment, turn
from release.endpoint import State
from release.entry import Action, Entry, Status
from release.lock import Busy
from release.news import news, recovered
from release.order import Order, received
from release.plan import Plan, Step
from release.target import Nothing, choose
from release.world import World
from shared import registry
from shared.errors import PlatformError


def plan(world: World, execution: str, started: str, order: Any) -> Plan:
    """Enters the order into the history, waits for its turn, takes the lock and says what is to be done.

    Every order that comes here gets its entry, and a refused one is told like a failed one.

    Raises:
        Busy: it is not its turn; the state machine waits and asks again.
    """
    key = key_of(execution, started)
    started = key.partition("#")[0]
    try:
        parsed = Order.parse(order)
        if parsed.action == "recover":
            return _recover(world, execution, parsed.execution)
        mine = world.history.find(key) or _receive(world, key, started, parsed)
    except PlatformError as error:
        return _refused(world, _bare(key, started, order), str(error))
    if not mine.open:
        return _ended(world, mine)
    world.history.beat(key)
    world.lock.take(execution)
    try:
        planned = _take_turn(world, execution, key)
    except Exception:
        world.lock.free(execution)
        raise
    if planned.step in ("tell", "end"):
        world.lock.free(execution)
    return planned


def key_of(execution: str, started: str) -> str:
    """Key of the history entry of the order that an execution serves: its start in UTC, and its name."""
    return f"{datetime.fromisoformat(started).astimezone(UTC).isoformat(timespec='milliseconds')}#{execution}"


def _receive(world: World, key: str, started: str, order: Order) -> Entry:
    state = world.endpoint.state()
    entry = Entry(
        deployment=key,
        status="QUEUED",
        decided=started,
        started=started,
        seen=str(int(world.history.clock())),
        requested_by=order.requested_by,
        reason=order.reason,
    )
    return world.history.add(
        received(
            order,
            entry,
            sagemaker=world.sagemaker,
            group=world.settings.group,
            live=state.version if state else None,
            history=world.history.newest_first(),
        )
    )


def _take_turn(world: World, execution: str, key: str) -> Plan:
    """With the lock in hand."""
    mine = world.history.find(key)
    assert mine is not None
    if mine.status == "IN_PROGRESS":  # an earlier try of this step got so far
        return _planned(world, mine, execution, world.endpoint.state(), ())
    if not mine.open:
        return _ended(world, mine)
    state = _settled(world)
    aside = tuple(_close_stopped(world, state, mine))
    history = list(world.history.newest_first())
    live = state.version if state else None
    turn.await_turn(mine, history, live)
    try:
        return _begin(world, mine, execution, state, history, aside)
    except Nothing as nothing:
        world.history.close(mine, nothing.status, str(nothing))
        return Plan(
            step="tell" if aside else "end",
            status=nothing.status,
            message=str(nothing),
            news=recovered(world.name, aside, execution) if aside else None,
            execution=execution,
            deployment=key,
        )
    except PlatformError as error:
        return _refused(world, mine, str(error), aside)


def _begin(
    world: World, mine: Entry, execution: str, state: State | None, history: list[Entry], aside: tuple[str, ...]
) -> Plan:
    live = state.version if state else None
    if mine.action == "remove":
        version = registry.describe(world.sagemaker, mine.model_package_arn)
        artefacts.refuse_if_needed(
            version, live=live, history=history, versions=world.versions(), keep=world.settings.kept_versions
        )
        begun = mine.model_copy(update={"from_version": str(version.number), "run_id": _run_id(version)})
    else:
        version = choose(mine, live=live, history=history, sagemaker=world.sagemaker, group=world.settings.group)
        begun = mine.model_copy(
            update={
                "from_version": str(live or ""),
                "to_version": str(version.number),
                "model_package_arn": version.arn,
                "run_id": _run_id(version),
                "from_config": state.config if state else "",
                "endpoint_config": world.endpoint.config_name(version),
                "deployment_config": json.dumps(deployment.config(world.endpoint.settings)),
                "metrics": _metrics(version),
            }
        )
    if not world.history.begin(begun):
        raise Busy(f"deployment {mine.deployment} has changed meanwhile")
    for other in turn.overtaken(mine, history):
        world.history.close(other, "SUPERSEDED", f"deployment {mine.deployment} was ordered later")
    return _planned(world, begun, execution, state, aside)


def _planned(world: World, entry: Entry, execution: str, state: State | None, aside: tuple[str, ...]) -> Plan:
    return Plan(
        step=_first_step(world, entry),
        execution=execution,
        deployment=entry.deployment,
        model_package_arn=entry.model_package_arn,
        run_id=entry.run_id,
        version=entry.to_version or entry.from_version,
        from_version=entry.from_version,
        from_config=entry.from_config,
        endpoint_config=entry.endpoint_config,
        instances=state.instances if state else None,
        aside=aside,
    )


def _first_step(world: World, entry: Entry) -> Step:
    if entry.action == "remove":
        return "remove"
    # What has served with success needs no second check: a way back must not take longer than it has to.
    served = any(
        other.status == "SUCCEEDED" and other.endpoint_config == entry.endpoint_config
        for other in world.history.newest_first()
    )
    return "apply" if served else "check"


def _close_stopped(world: World, state: State | None, mine: Entry | None) -> list[str]:
    """Ends the orders whose workflows are gone, by what the endpoint shows; one line for each.

    Whoever holds the lock knows: an order under way that is not its own belongs to a workflow that lost the lock.
    """
    entries = list(world.history.newest_first())
    config = state.config if state and state.status == "InService" else ""
    closed = []
    for entry in entries:
        if entry.status != "IN_PROGRESS" or (mine and entry.deployment == mine.deployment):
            continue
        world.shadow().remove()
        if entry.endpoint_config and entry.endpoint_config == config:
            status: Status = "SUCCEEDED"
            message = f"v{entry.to_version} serves; its workflow was stopped before it said so"
        else:
            status, message = "FAILED", "its workflow was stopped" + (f"; {config} serves" if config else "")
        if world.history.close(entry, status, message):
            closed.append(f"{status}: deployment {entry.deployment}: {message}")
    for entry in turn.silent(entries, mine, world.history.clock() - world.settings.lease_seconds):
        if world.history.close(entry, "FAILED", "its workflow was stopped while it waited"):
            closed.append(f"FAILED: deployment {entry.deployment}: its workflow was stopped while it waited")
    return closed


def _settled(world: World) -> State | None:
    """State of the endpoint; raises Busy while it or what is left of a check before traffic changes."""
    for name in (world.endpoint.settings.shadow_name, world.name):
        state = world.endpoint.state(name)
        if state and state.changing:
            raise Busy(f"endpoint {name} is {state.status}")
    return state


def _recover(world: World, execution: str, stopped: str) -> Plan:
    """Frees the lock of an execution that was stopped and ends its order."""
    world.lock.free(stopped)
    world.lock.take(execution)
    try:
        state = _settled(world)
        closed = _close_stopped(world, state, None)
        for entry in world.history.newest_first():
            message = "its workflow was stopped while it waited"
            if entry.execution == stopped and world.history.close(entry, "FAILED", message):
                closed.append(f"FAILED: deployment {entry.deployment}: {message}")
    finally:
        world.lock.free(execution)
    return Plan(
        step="tell" if closed else "end",
        status="SUCCEEDED",
        message="; ".join(closed) or f"nothing was left open by {stopped}",
        news=recovered(world.name, closed, execution) if closed else None,
        execution=execution,
    )


def _ended(world: World, mine: Entry) -> Plan:
    """Another workflow has ended this order, or an earlier try of this step did."""
    quiet = mine.status in ("SUPERSEDED", "UNNEEDED", "SUCCEEDED")
    return Plan(
        step="end" if quiet else "tell",
        status=mine.status,
        message=mine.message,
        news=None if quiet else news(world.name, mine, mine.status, mine.message),
        execution=mine.execution,
        deployment=mine.deployment,
    )


def _refused(world: World, entry: Entry, reason: str, aside: tuple[str, ...] = ()) -> Plan:
    world.history.add(entry)
    world.history.close(entry, "REFUSED", reason)
    return Plan(
        step="tell",
        status="REFUSED",
        message=reason,
        news=news(world.name, entry, "REFUSED", reason, aside),
        execution=entry.execution,
        deployment=entry.deployment,
    )


def _bare(key: str, started: str, order: Any) -> Entry:
    """The entry of an order that cannot be understood: what can be read of it."""
    said = order if isinstance(order, dict) else {}
    actions: dict[Any, Action] = {"approval": "approval", "remove": "remove"}
    action = actions.get(said.get("action"), "rollback" if said.get("target") == "previous" else "deploy")
    return Entry(
        deployment=key,
        status="QUEUED",
        action=action,
        decided=started,
        started=started,
        requested_by=str(said.get("requested_by", "")),
        reason=str(said.get("reason", "")),
    )


def _run_id(version: registry.ModelVersion) -> str:
    return version.metadata.get("run_id", "")


def _metrics(version: registry.ModelVersion) -> str:
    known = {name: version.metadata[name] for name in ("accuracy", "regression_exact") if name in version.metadata}
    return json.dumps(known) if known else ""
