"""Which version an order means when its turn has come."""

from collections.abc import Sequence
from typing import Any

from release import turn
from release.entry import Entry, Status
from shared import registry
from shared.errors import PlatformError


class Nothing(Exception):
    """There is nothing to release; the text says why, `status` how the order ends."""

    def __init__(self, why: str, status: Status = "UNNEEDED") -> None:
        super().__init__(why)
        self.status = status


def choose(
    mine: Entry, *, live: int | None, history: Sequence[Entry], sagemaker: Any, group: str
) -> registry.ModelVersion:
    """The approved version that the order `mine` is to bring to the endpoint.

    Args:
        mine: the order.
        live: number of the version that answers now.
        history: the entries, newest first.
        sagemaker: client.
        group: the model package group.

    Raises:
        Nothing: the order needs no deployment.
        PlatformError: no such version, or it is not approved.
    """
    if mine.action == "approval":
        return _approval(mine, live, history, sagemaker, group)
    if mine.action == "deploy":
        return _approved(registry.describe(sagemaker, mine.model_package_arn), group)
    if mine.action == "rejection":
        version = registry.describe(sagemaker, mine.model_package_arn)
        if version.approval != "Rejected":
            raise Nothing(f"{version.name} is {version.approval} by now")
    if mine.leaves != str(live or ""):
        what = "was rejected and does not serve" if mine.action == "rejection" else "does not serve any more"
        raise Nothing(f"v{mine.leaves} {what}")
    return previous(live, history, sagemaker, group)


def _approval(
    mine: Entry, live: int | None, history: Sequence[Entry], sagemaker: Any, group: str
) -> registry.ModelVersion:
    version = registry.describe(sagemaker, mine.model_package_arn)
    if version.group != group:
        raise Nothing(f"{version.arn} is of group {version.group}")
    if not version.approved:
        raise Nothing(f"{version.name} is {version.approval}")
    if version.number == live:
        raise Nothing(f"{version.name} serves already")
    if dealt := turn.same_decision(mine, history):
        raise Nothing(f"this approval of {version.name} was dealt with: {dealt.status}, deployment {dealt.deployment}")
    if newer := turn.newer_choice(mine, history):
        to = f" to v{newer.to_version}" if newer.to_version else ""
        raise Nothing(f"decided later: {newer.action}{to}, deployment {newer.deployment}", "SUPERSEDED")
    return version


def previous(live: int | None, history: Sequence[Entry], sagemaker: Any, group: str) -> registry.ModelVersion:
    """The version that was deployed with success before the live one and is still approved."""
    good = [entry for entry in history if entry.status == "SUCCEEDED" and entry.to_version]
    for entry in sorted(good, key=lambda entry: entry.ended, reverse=True):
        if int(entry.to_version) == live:
            continue
        version = registry.find(sagemaker, entry.model_package_arn)
        if version and version.approved and version.group == group:
            return version
    raise PlatformError("there is no earlier approved version to go back to: name one, `drawingops models deploy v1`")


def _approved(version: registry.ModelVersion, group: str) -> registry.ModelVersion:
    if version.group != group:
        raise PlatformError(f"{version.arn} belongs to group {version.group}, not {group}")
    if not version.approved:
        raise PlatformError(f"{version.name} is {version.approval}: approve it first")
    return version
