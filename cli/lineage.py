"""From a version back to the official model: which version each was trained on from."""

from datetime import datetime
from typing import Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from cli import registry
from cli.environment import Environment
from cli.learned import Learned
from cli.registry import ModelVersion


class Ancestor(BaseModel):
    """One version on the way back. Where only its ARN is left, `state` says so and the rest is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    name: str
    arn: str
    state: str
    created: datetime | None = None
    run_id: str = ""
    package_sha256: str = ""
    accuracy: float | None = None
    reason: str = ""


class LineageRecord(BaseModel):
    """`lineage.json`, written beside a promoted package: what its own environment knew of it (docs/architecture.md).

    Attributes:
        source: environment that it was promoted from.
        ancestors: the version itself first, the official model last.
        learned: what the version was trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    source: str
    ancestors: list[Ancestor]
    learned: Learned

    def to_json(self) -> str:
        """The content of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


GONE = "deleted or out of reach"


def lineage(environment: Environment, version: ModelVersion) -> list[Ancestor]:
    """The version itself first, the official model last; what is gone ends the walk with its ARN."""
    walked: list[Ancestor] = []
    current: ModelVersion | None = version
    while current is not None:
        walked.append(_ancestor(environment, current))
        record = lineage_record(environment, current)
        if record is not None:
            # What it came from is in another environment, perhaps in another account; the record names it.
            return walked + record.ancestors
        parent, current = current.parent, None
        if parent and ":model-package/" in parent and parent not in {item.arn for item in walked}:
            current = _describe(environment, parent)
            if current is None:
                walked.append(
                    Ancestor(environment=environment.name, name=f"v{parent.rsplit('/', 1)[-1]}", arn=parent, state=GONE)
                )
    return walked


def lineage_record(environment: Environment, version: ModelVersion) -> LineageRecord | None:
    """What a promoted version brought along; None for a version that was made here."""
    uri = version.metadata.get("lineage")
    return LineageRecord.model_validate_json(environment.read_object(uri)) if uri else None


def _ancestor(environment: Environment, version: ModelVersion) -> Ancestor:
    return Ancestor(
        environment=environment.name,
        name=version.name,
        arn=version.arn,
        state=version.state,
        created=version.created,
        run_id=version.metadata.get("run_id", ""),
        package_sha256=version.metadata.get("package_sha256", ""),
        accuracy=version.accuracy,
        reason=version.reason or "",
    )


def _describe(environment: Environment, arn: str) -> ModelVersion | None:
    try:
        return registry.describe(environment, arn)
    except ClientError:
        return None
