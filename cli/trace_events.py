"""What AWS keeps of a run, each piece with its time: S3, run manifest, pipeline, registry, releases, logs."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli import registry, release, runs
from cli.environment import Environment, split_uri
from cli.learned import batch_name
from cli.registry import ModelVersion
from cli.trace_find import LABELS, MANIFEST, Subject
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest

RUNS_PREFIX = "datasets/runs"
# Logs are looked for this long around what else is known, since a function speaks before and after its work.
AROUND = timedelta(minutes=30)
MOST_LINES = 300
ABSENT = {"NoSuchKey", "404", "NoSuchVersion"}


class Event(BaseModel):
    """One moment of the story. `detail` is a line for people; `failed` marks what went wrong."""

    model_config = ConfigDict(frozen=True)

    time: datetime
    source: str
    what: str
    detail: str = ""
    failed: bool = False


def story(environment: Environment, subject: Subject) -> list[Event]:
    """Every event that is known of the subject, the oldest first."""
    versions = _versions(environment, subject)
    events = [
        *_labels(environment, subject),
        *_run(environment, subject),
        *_execution(environment, subject),
        *(event for version in versions for event in _registry(environment, version)),
        *_releases(environment, versions),
    ]
    if events and subject.run_id:
        names = [subject.run_id, *(_workflow(entry) for entry in _deployments(environment, versions))]
        events += _logs(environment, names, [event.time for event in events])
    return sorted(events, key=lambda event: event.time)


def _versions(environment: Environment, subject: Subject) -> list[ModelVersion]:
    if subject.version:
        return [subject.version]
    if not subject.run_id:
        return []
    return [item for item in registry.versions(environment) if item.metadata.get("run_id") == subject.run_id]


def _manifest(environment: Environment, subject: Subject) -> RunManifest | None:
    uri = f"s3://{environment.names.data_bucket}/{RUNS_PREFIX}/{subject.run_id}/run.json"
    try:
        return RunManifest.parse(environment.read_object(uri), where=uri)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise


def _labels(environment: Environment, subject: Subject) -> Iterator[Event]:
    if not subject.run_id:
        uri = f"s3://{environment.names.data_bucket}/{LABELS}/{subject.batch}/{MANIFEST}"
        references: Sequence[ManifestReference] = [ManifestReference(uri=uri)]
    else:
        manifest = _manifest(environment, subject)
        references = manifest.manifests if manifest else []
    for reference in references:
        bucket, key = split_uri(reference.uri)
        wanted = {"VersionId": reference.version_id} if reference.version_id not in (None, "null") else {}
        try:
            found = environment.client("s3").head_object(Bucket=bucket, Key=key, **wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            continue
        yield Event(
            time=found["LastModified"],
            source="S3",
            what=f"labels of batch {batch_name(reference.uri)} are complete",
            detail=f"{reference.uri}  version {found.get('VersionId', '-')}",
        )


def _run(environment: Environment, subject: Subject) -> Iterator[Event]:
    manifest = _manifest(environment, subject) if subject.run_id else None
    if manifest:
        yield Event(
            time=manifest.created,
            source="trigger",
            what=f"run {manifest.run_id}: {len(manifest.manifests)} batches",
            detail=manifest.reason,
        )


def _execution(environment: Environment, subject: Subject) -> Iterator[Event]:
    if not subject.execution_arn:
        return
    run = runs.read(environment, subject.execution_arn)
    yield Event(time=run.started, source="pipeline", what="started", detail=run.arn)
    for step in run.steps:
        if step.started:
            yield Event(
                time=step.ended or step.started,
                source="pipeline",
                what=f"{step.name} {step.status}" if step.ended else f"{step.name} started",
                detail=" ".join(part for part in (_took(step.seconds), step.detail, _job(step.job)) if part),
                failed=step.status == "Failed",
            )
    if run.ended:
        failed = run.status != "Succeeded"
        yield Event(time=run.ended, source="pipeline", what=run.status, detail=run.refusal or "", failed=failed)


def _registry(environment: Environment, version: ModelVersion) -> Iterator[Event]:
    yield Event(
        time=version.created,
        source="registry",
        what=f"{version.name} registered",
        detail=f"{version.arn}  sha256 {version.metadata.get('package_sha256', '-')[:12]}",
    )
    found = environment.client("sagemaker").describe_model_package(ModelPackageName=version.arn)
    if version.state != "PendingManualApproval" and "LastModifiedTime" in found:
        yield Event(
            time=found["LastModifiedTime"],
            source="registry",
            what=f"{version.name} is {version.state}",
            detail=found.get("ApprovalDescription", ""),
        )


def _deployments(environment: Environment, versions: Sequence[ModelVersion]) -> list[release.Deployment]:
    arns = {version.arn for version in versions}
    return [entry for entry in release.history(environment) if entry.model_package_arn in arns]


def _workflow(entry: release.Deployment) -> str:
    """The name of the execution that made the entry."""
    return entry.deployment.partition("#")[2]


def _releases(environment: Environment, versions: Sequence[ModelVersion]) -> Iterator[Event]:
    for entry in _deployments(environment, versions):
        route = f"v{entry.from_version or '-'} → v{entry.to_version}"
        by = f"by {entry.requested_by}: {entry.reason}" if entry.requested_by else entry.reason
        yield Event(time=entry.started, source="release", what=f"{route} asked for", detail=f"{by}  {_workflow(entry)}")
        if entry.ended:
            failed = entry.status in ("FAILED", "ROLLED_BACK", "REFUSED")
            detail = " ".join(part for part in (_took(entry.seconds), entry.message) if part)
            yield Event(
                time=entry.ended, source="release", what=f"{route} {entry.status}", detail=detail, failed=failed
            )


def _logs(environment: Environment, names: Sequence[str], known: Sequence[datetime]) -> Iterator[Event]:
    """What functions logged with one of `names` in the line, as correlation id or as the subject."""
    client = environment.client("logs")
    pages = client.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"drawing-platform-{environment.name}-"
    )
    groups = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    window = {
        "startTime": _milliseconds(min(known) - AROUND),
        "endTime": _milliseconds(max(known) + AROUND),
    }
    count = 0
    for group in groups:
        for name in dict.fromkeys(names):
            # A phrase in quotes: the same line in a JSON document and in plain text.
            found = client.get_paginator("filter_log_events").paginate(
                logGroupName=group, filterPattern=f'"{name}"', **window
            )
            for line in (event for page in found for event in page["events"]):
                event = _log_event(line, name)
                if event is not None:
                    count += 1
                    yield event
                if count >= MOST_LINES:
                    return


def _log_event(line: dict[str, Any], name: str) -> Event | None:
    try:
        said = json.loads(line["message"])
    except ValueError:
        return None  # the platform's own START and REPORT lines
    if not isinstance(said, dict) or said.get("correlation_id") != name:
        return None
    level, message = str(said.get("level", "")), str(said.get("message", ""))
    return Event(
        time=datetime.fromtimestamp(line["timestamp"] / 1000, UTC),
        source="log",
        what=f"{said.get('service', '-')}: {message}",
        detail=str(said.get("exception_name", "")),
        failed=level in ("ERROR", "CRITICAL"),
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _job(arn: str | None) -> str:
    """The name of a job, by which its log streams begin."""
    return arn.rsplit("/", 1)[1] if arn else ""


def _took(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
