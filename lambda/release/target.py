"""Which version an order means."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from release.history import Entry
from shared import registry
from shared.errors import PlatformError


class Order(BaseModel):
    """The workflow's input: a person's order, or the news that a version was approved or rejected.

    Attributes:
        action: `deploy` is an order, `approval` the registry's event.
        model_package_arn: the version meant; for an order perhaps empty.
        target: for an order without ARN: `previous` or a version number.
        status: for an event: Approved or Rejected.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    action: Literal["deploy", "approval"]
    model_package_arn: str = ""
    target: str = ""
    status: str = ""
    requested_by: str = ""
    reason: str = ""


class Nothing(Exception):
    """There is nothing to deploy; the text says why."""


def choose(
    order: Order, *, live: int | None, history: Callable[[], Iterable[Entry]], sagemaker: Any, group: str
) -> registry.ModelVersion:
    """The approved version that `order` means.

    Args:
        order: the order.
        live: number of the version that answers now.
        history: the deployments, newest first.
        sagemaker: client.
        group: the model package group.

    Raises:
        Nothing: the order needs no deployment.
        PlatformError: no such version, or it is not approved.
    """
    if order.action == "approval":
        return _after_approval(order, live, history, sagemaker, group)
    if order.model_package_arn:
        return _approved(registry.describe(sagemaker, order.model_package_arn), group)
    if order.target == "previous":
        return _previous(live, history(), sagemaker, group)
    if order.target.removeprefix("v").isdecimal():
        number = int(order.target.removeprefix("v"))
        for version in registry.newest_first(sagemaker, group, approved_only=False):
            if version.number == number:
                return _approved(version, group)
        raise PlatformError(f"{group} has no version v{number}: `drawingops models list` shows those it has")
    raise PlatformError(f"order: target {order.target!r} is neither 'previous' nor a version number")


def _after_approval(
    order: Order, live: int | None, history: Callable[[], Iterable[Entry]], sagemaker: Any, group: str
) -> registry.ModelVersion:
    version = registry.describe(sagemaker, order.model_package_arn)
    if version.group != group:
        raise Nothing(f"{version.arn} is of group {version.group}")
    # The registry is asked, not the event: events come late, twice and in any order.
    if version.approval == "Rejected" and version.number == live:
        return _previous(live, history(), sagemaker, group)
    if version.approval == "Rejected":
        raise Nothing(f"{version.name} was rejected and does not serve")
    if not version.approved:
        raise Nothing(f"{version.name} is {version.approval}")
    if version.number == live:
        raise Nothing(f"{version.name} serves already")
    return version


def _previous(live: int | None, history: Iterable[Entry], sagemaker: Any, group: str) -> registry.ModelVersion:
    """The version that was deployed with success before the live one and is still approved."""
    for entry in history:
        if entry.status != "SUCCEEDED" or not entry.to_version or int(entry.to_version) == live:
            continue
        version = registry.describe(sagemaker, entry.model_package_arn)
        if version.approved and version.group == group:
            return version
    raise PlatformError("there is no earlier approved version to go back to: name one, `drawingops models deploy v1`")


def _approved(version: registry.ModelVersion, group: str) -> registry.ModelVersion:
    if version.group != group:
        raise PlatformError(f"{version.arn} belongs to group {version.group}, not {group}")
    if not version.approved:
        raise PlatformError(f"{version.name} is {version.approval}: approve it first")
    return version
