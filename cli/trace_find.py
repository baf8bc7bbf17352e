"""What an operator names (a batch, a run, an execution, a version, a deployment) and the run that it belongs to."""

import re
from dataclasses import dataclass
from typing import Any

from cli import registry, release, runs
from cli.environment import Environment
from cli.errors import OperatorError
from cli.registry import ModelVersion

VERSION = re.compile(r"[vV]\d+")
LABELS = "labels"
MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class Subject:
    """What the story is of.

    Attributes:
        run_id: the correlation id; empty for a batch that no run has taken yet.
        execution_arn: of the training pipeline; empty for an imported version.
        batch: name of the batch that was asked for.
        version: the version that was asked for, or that of the deployment that was.
    """

    run_id: str = ""
    execution_arn: str = ""
    batch: str = ""
    version: ModelVersion | None = None


def find(environment: Environment, name: str) -> Subject:
    """The subject called `name`; OperatorError with the forms that are understood where there is none."""
    for look in (_version, _run, _batch, _execution, _deployment):
        subject = look(environment, name)
        if subject is not None:
            return subject
    raise OperatorError(
        f"{name}: no batch, run, execution, version or deployment of {environment.name} is called so; "
        "`drawingops models history` and `drawingops train status` show some"
    )


def _version(environment: Environment, name: str) -> Subject | None:
    if ":model-package/" in name:
        name = f"v{registry.version_number(name)}"
    if not VERSION.fullmatch(name):
        return None
    return _of_version(registry.version(environment, name))


def _of_version(version: ModelVersion) -> Subject:
    known = version.metadata
    return Subject(run_id=known.get("run_id", ""), execution_arn=known.get("pipeline_execution", ""), version=version)


def _run(environment: Environment, name: str) -> Subject | None:
    item = _item(environment, "run", name)
    return Subject(run_id=name, execution_arn=item["execution_arn"]["S"]) if item else None


def _batch(environment: Environment, name: str) -> Subject | None:
    name = name.removeprefix(f"s3://{environment.names.data_bucket}/").removeprefix(f"{LABELS}/").split("/")[0]
    key = f"{LABELS}/{name}/{MANIFEST}"
    found = environment.client("dynamodb").query(
        TableName=environment.names.trigger_table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": "batch"}, ":sk": {"S": f"{key}#"}},
    )["Items"]
    if found:
        run_id = max(item["run_id"]["S"] for item in found)  # a run's id begins with its time
        item = _item(environment, "run", run_id)
        return Subject(run_id=run_id, execution_arn=item["execution_arn"]["S"] if item else "", batch=name)
    listed = environment.client("s3").list_objects_v2(Bucket=environment.names.data_bucket, Prefix=key)
    return Subject(batch=name) if listed.get("Contents") else None


def _execution(environment: Environment, name: str) -> Subject | None:
    try:
        arn = runs.find(environment, name)
    except OperatorError:
        return None
    return Subject(run_id=runs.read(environment, arn).parameters.get("RunId", ""), execution_arn=arn)


def _deployment(environment: Environment, name: str) -> Subject | None:
    execution = name.rsplit(":", 1)[-1] if name.startswith("arn:") else name
    for entry in release.history(environment):
        if execution in (entry.deployment, entry.deployment.partition("#")[2]) and entry.to_version:
            return _of_version(registry.version(environment, f"v{entry.to_version}"))
    return None


def _item(environment: Environment, pk: str, sk: str) -> dict[str, Any] | None:
    found = environment.client("dynamodb").get_item(
        TableName=environment.names.trigger_table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
    )
    item: dict[str, Any] | None = found.get("Item")
    return item if item and "execution_arn" in item else None
