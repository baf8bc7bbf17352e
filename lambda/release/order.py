"""What the workflow is asked to do: a person's order, the registry's news, or the news that a workflow was killed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from release.entry import Entry
from shared import registry
from shared.errors import PlatformError

# SageMaker changes a version and tells of it a moment later. What comes later than this is about an older decision.
EVENT_DELAY = timedelta(seconds=30)


class Order(BaseModel):
    """The workflow's input.

    Attributes:
        action: `deploy` and `remove` are a person's orders, `approval` is the registry's event (rejections too),
            `recover` the news that a workflow was stopped.
        model_package_arn: the version meant; for an order perhaps empty.
        target: for an order without ARN: `previous` or a version number.
        status: for an event: Approved or Rejected.
        event_time: for an event: when EventBridge got it.
        execution: for a recovery: name of the execution that was stopped.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    action: Literal["deploy", "approval", "remove", "recover"]
    model_package_arn: str = ""
    target: str = ""
    status: str = ""
    event_time: str = ""
    execution: str = ""
    requested_by: str = ""
    reason: str = ""

    @classmethod
    def parse(cls, value: Any) -> "Order":
        """Raises PlatformError with one line where it has no known form."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise PlatformError(f"order: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def received(
    order: Order, entry: Entry, *, sagemaker: Any, group: str, live: int | None, history: Iterable[Entry]
) -> Entry:
    """The order as an entry that waits for its turn: what exactly is meant is settled when it comes, not when it runs.

    Args:
        order: what was asked.
        entry: the waiting entry so far: key, times, who and why.
        sagemaker: client.
        group: the model package group.
        live: number of the version that answers now.
        history: the entries, newest first.

    Raises:
        PlatformError: there is no such version, or nothing to go back from.
    """
    if order.action == "approval":
        return _decision(order, entry, registry.describe(sagemaker, order.model_package_arn))
    if order.target == "previous" and order.action == "deploy":
        leaves = next((item.to_version for item in history if item.status == "IN_PROGRESS"), "") or str(live or "")
        if not leaves:
            raise PlatformError("nothing was deployed yet, so there is nothing to go back from")
        return entry.model_copy(update={"action": "rollback", "leaves": leaves})
    version = _named(order, sagemaker, group)
    meant = {"leaves": str(version.number)} if order.action == "remove" else {"to_version": str(version.number)}
    return entry.model_copy(update={"action": order.action, "model_package_arn": version.arn, **meant})


def _decision(order: Order, entry: Entry, version: registry.ModelVersion) -> Entry:
    """The registry is asked, not the event: events come late, twice and in any order."""
    decided = version.decided
    if order.event_time:
        heard = datetime.fromisoformat(order.event_time)
        # Something else of the version was changed since (its description, say): that is no new decision.
        decided = decided if decided <= heard + EVENT_DELAY else heard
    rejected = version.approval == "Rejected"
    return entry.model_copy(
        update={
            "action": "rejection" if rejected else "approval",
            "decided": decided.astimezone(UTC).isoformat(timespec="milliseconds"),
            "model_package_arn": version.arn,
            "requested_by": order.requested_by or version.decided_by or "model registry",
            "reason": order.reason or version.decision or order.status,
            **({"leaves": str(version.number)} if rejected else {"to_version": str(version.number)}),
        }
    )


def _named(order: Order, sagemaker: Any, group: str) -> registry.ModelVersion:
    if order.model_package_arn:
        version = registry.describe(sagemaker, order.model_package_arn)
        if version.group != group:
            raise PlatformError(f"{version.arn} belongs to group {version.group}, not {group}")
        return version
    digits = order.target.removeprefix("v")
    if not digits.isdecimal():
        raise PlatformError(f"order: target {order.target!r} is neither 'previous' nor a version number")
    for version in registry.newest_first(sagemaker, group, approved_only=False):
        if version.number == int(digits):
            return version
    raise PlatformError(f"{group} has no version v{int(digits)}: `drawingops models list` shows those it has")
