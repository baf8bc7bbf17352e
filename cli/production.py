"""What answers in each environment, since when and by whom, and which version a rollback would go back to."""

from collections.abc import Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from cli import registry, release
from cli.environment import ENVIRONMENTS, Access, Environment, discover, environment_of
from cli.errors import OperatorError, one_line
from cli.registry import ModelVersion

NAMES_PREFIX = "/drawing-platform/"


class InProduction(BaseModel):
    """One environment. Without a `version` nothing answers there, or `problem` says why it is not known."""

    model_config = ConfigDict(frozen=True)

    environment: str
    endpoint: str = ""
    version: str | None = None
    state: str = ""
    package_sha256: str = ""
    since: datetime | None = None
    requested_by: str = ""
    reason: str = ""
    back_to: str | None = None
    problem: str | None = None


def in_production(environment: Environment) -> InProduction:
    """What answers in `environment` now."""
    endpoint, live = environment.names.endpoint_name, release.live_version(environment)
    history = release.history(environment)
    if live is None:
        return InProduction(environment=environment.name, endpoint=endpoint)
    shown = registry.version(environment, f"v{live}")
    entry = next((item for item in history if item.to_version == str(live) and item.status == "SUCCEEDED"), None)
    return InProduction(
        environment=environment.name,
        endpoint=endpoint,
        version=shown.name,
        state=shown.state,
        package_sha256=shown.metadata.get("package_sha256", ""),
        since=entry.ended if entry else None,
        requested_by=entry.requested_by if entry else "",
        reason=entry.reason if entry else "",
        back_to=_name(rollback_target(environment, live, history)),
    )


def everywhere(environment: Environment, others: Sequence[str], profile: str | None) -> list[InProduction]:
    """Every environment of this account, and of `others` (`prod`, or `prod=<profile>` for another account).

    An environment that cannot be asked is listed with the reason: what is known of the others is shown all the same.
    """
    found = {
        name: in_production(environment_of(name, environment.access)) for name in deployed_here(environment.access)
    }
    for item in others:
        name, _, own_profile = item.partition("=")
        if name not in ENVIRONMENTS:
            raise OperatorError(f"{item}: there is no such environment; write one of {', '.join(ENVIRONMENTS)}")
        if name not in found:
            found[name] = _elsewhere(name, own_profile or profile)
    return sorted(found.values(), key=lambda item: ENVIRONMENTS.index(item.environment))


def deployed_here(access: Access) -> list[str]:
    """Names of the environments that are deployed in this account and region."""
    pages = access.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=NAMES_PREFIX, Recursive=True)
    names = {item["Name"].removeprefix(NAMES_PREFIX).split("/")[0] for page in pages for item in page["Parameters"]}
    return [name for name in ENVIRONMENTS if name in names]


def rollback_target(
    environment: Environment, live: int | None, history: Sequence[release.Deployment]
) -> ModelVersion | None:
    """The version that `drawingops models rollback` goes to: deployed with success before, and still approved.

    The rule is the release workflow's own (lambda/release/target.py), which decides when the order has its turn.
    """
    tried: set[str] = set()
    good = [entry for entry in history if entry.status == "SUCCEEDED" and entry.ended]
    for entry in sorted(good, key=lambda item: item.ended or item.started, reverse=True):
        if entry.to_version in ("", str(live)) or entry.to_version in tried:
            continue
        tried.add(entry.to_version)
        try:
            version = registry.version(environment, f"v{entry.to_version}")
        except OperatorError:
            continue  # deleted meanwhile
        if version.state == "Approved":
            return version
    return None


def _elsewhere(name: str, profile: str | None) -> InProduction:
    try:
        return in_production(discover(name, profile))
    except (OperatorError, ClientError, BotoCoreError) as error:
        return InProduction(environment=name, problem=one_line(error))


def _name(version: ModelVersion | None) -> str | None:
    return version.name if version else None
