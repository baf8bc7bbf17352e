"""The Drift job: the drawings of the last day against those that the released version read first.

A look changes nothing but the numbers that it publishes, and the baseline of a deployment, which is written once. So it
may run twice, at the same time, or be killed at any moment.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.captured import CaptureError, CaptureFolder, Exchange
from containers.training.folders import ProcessingFolders
from containers.training.released import Deployment, newest_deployment
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.monitoring.baseline import Baseline, BaselineError
from drawing_ocr.monitoring.html_report import render_report
from drawing_ocr.monitoring.observation import Observation
from drawing_ocr.monitoring.report import DriftReport, State
from drawing_ocr.monitoring.shift import Sensitivity, compare

_FORESEEN = (*failure.FORESEEN, ArgumentsError, BaselineError)
_SEED = 17


class DriftOptions(BaseModel):
    """What is watched, and how closely.

    Attributes:
        endpoint, variant: Names in SageMaker.
        bucket: Of captures and baselines.
        capture_prefix: Below it lie the captures, by endpoint and variant.
        baseline_prefix: Below it lie the baselines of this endpoint.
        history_table: The deployment history.
        namespace: Of the metrics.
        drawings: The most that are compared, on either side; a baseline has exactly as many.
        min_drawings: With fewer new ones nothing is said.
        window_hours: How far back new drawings are looked for.
        false_alarm_rate, population_stability: See `Sensitivity`.
    """

    model_config = ConfigDict(frozen=True)

    endpoint: str
    variant: str
    bucket: str
    capture_prefix: str
    baseline_prefix: str
    history_table: str
    namespace: str
    drawings: int = Field(default=300, ge=1)
    min_drawings: int = Field(default=50, ge=1)
    window_hours: int = Field(default=24, ge=1)
    false_alarm_rate: float = Field(default=0.001, gt=0, lt=1)
    population_stability: float = Field(default=0.2, ge=0)


def main() -> int:
    """Runs the job; the exit status. A shift is no failure: the alarm on the metric tells of it."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _look(folders, parse(DriftOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _look(folders: ProcessingFolders, options: DriftOptions) -> None:
    report = Watch(options, now=datetime.now(UTC)).look()
    output = folders.output("drift")
    write_atomically(output / "report.html", render_report(report))
    write_atomically(output / "drift.json", report.to_json())
    if report.state is State.COMPARED:
        publish(_client("cloudwatch"), report, namespace=options.namespace)
    print(report.summary, flush=True)


class Watch:
    """One look at an endpoint."""

    def __init__(self, options: DriftOptions, *, now: datetime) -> None:
        """Args: what is watched, and the time of the look."""
        self._options, self._now = options, now
        self._s3 = _client("s3")
        self._captures = CaptureFolder(
            self._s3, options.bucket, f"{options.capture_prefix}{options.endpoint}/{options.variant}/"
        )
        self._unreadable: set[tuple[str, int]] = set()  # key and line; a line may be met twice

    def look(self) -> DriftReport:
        """Compares what can be compared.

        Raises:
            BaselineError: the baseline of the deployment cannot be used.
        """
        deployment = self._deployment()
        if deployment is None:
            return self._report(State.NOTHING_RELEASED, None)
        baseline = self._baseline(deployment)
        if baseline is None:
            first = self._first(deployment)
            if len(first) < self._options.drawings:
                return self._report(State.COLLECTING, deployment, before=len(first))
            baseline = self._record(deployment, first)
        since = max(self._now - timedelta(hours=self._options.window_hours), baseline.last)
        current = self._sample(since, baseline.model_version)
        found = {"before": len(baseline.observations), "now": len(current)}
        if len(current) < self._options.min_drawings:
            return self._report(State.TOO_FEW, deployment, **found)
        sensitivity = self._sensitivity()
        shifts = compare(baseline.observations, current, sensitivity, seed=_SEED)
        return self._report(State.COMPARED, deployment, **found).model_copy(update={"features": shifts})

    def _sensitivity(self) -> Sensitivity:
        return Sensitivity(
            false_alarm_rate=self._options.false_alarm_rate, population_stability=self._options.population_stability
        )

    def _report(self, state: State, deployment: Deployment | None, *, before: int = 0, now: int = 0) -> DriftReport:
        return DriftReport(
            endpoint=self._options.endpoint,
            created=self._now,
            state=state,
            deployment=deployment.key if deployment else "",
            model_version=deployment.version if deployment else "",
            baseline_drawings=before,
            current_drawings=now,
            unreadable=len(self._unreadable),
            sensitivity=self._sensitivity(),
        )

    def _deployment(self) -> Deployment | None:
        return newest_deployment(_client("dynamodb"), self._options.history_table, self._options.endpoint)

    def _baseline_key(self, deployment: Deployment) -> str:
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", deployment.key)
        return f"{self._options.baseline_prefix}{name}.json"

    def _baseline(self, deployment: Deployment) -> Baseline | None:
        key = self._baseline_key(deployment)
        try:
            content = self._s3.get_object(Bucket=self._options.bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        return Baseline.parse(content, where=f"s3://{self._options.bucket}/{key}")

    def _record(self, deployment: Deployment, observations: Sequence[Observation]) -> Baseline:
        """Writes the baseline, unless another look did so meanwhile: the first one stands."""
        baseline = Baseline(
            deployment=deployment.key,
            model_version=deployment.version,
            recorded=self._now,
            observations=tuple(observations),
        )
        try:
            self._s3.put_object(
                Bucket=self._options.bucket,
                Key=self._baseline_key(deployment),
                Body=baseline.to_json().encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
            return self._baseline(deployment) or baseline
        return baseline

    def _first(self, deployment: Deployment) -> list[Observation]:
        """The first drawings that the deployed version read since it was there, as many as a baseline needs."""
        keys = self._captures.files(deployment.ended, self._now)
        return self._observations(keys, deployment.ended, deployment.version)

    def _sample(self, since: datetime, version: str) -> list[Observation]:
        """Drawings read after `since`, from files in random order: not those of one hour only."""
        keys = self._captures.files(since, self._now)
        random.Random(_SEED).shuffle(keys)
        return self._observations(keys, since, version)

    def _observations(self, keys: Sequence[str], after: datetime, version: str) -> list[Observation]:
        found: list[Observation] = []
        for key in keys:
            for number, line in enumerate(self._captures.lines(key), 1):
                if len(found) == self._options.drawings:
                    return found
                try:
                    exchange = Exchange.parse(line)
                    if not after < exchange.metadata.when <= self._now:
                        continue
                    result = exchange.result()
                    if result.model.version == version:
                        found.append(exchange.observation(result))
                except CaptureError as error:
                    self._unreadable.add((key, number))
                    print(f"{key}:{number}: {error}", file=sys.stderr, flush=True)
        return found


def publish(cloudwatch: Any, report: DriftReport, *, namespace: str) -> None:
    """Publishes `Drift` for the whole, and for every feature `PopulationStability` and `KolmogorovSmirnov`."""
    endpoint = {"Name": "Endpoint", "Value": report.endpoint}
    data: list[dict[str, Any]] = [{"MetricName": "Drift", "Dimensions": [endpoint], "Value": report.score}]
    for shift in report.features:
        dimensions = [endpoint, {"Name": "Feature", "Value": shift.name}]
        values = {"PopulationStability": shift.population_stability, "KolmogorovSmirnov": shift.kolmogorov_smirnov}
        data += [
            {"MetricName": name, "Dimensions": dimensions, "Value": value}
            for name, value in values.items()
            if value is not None
        ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def _client(service: str) -> Any:
    return boto3.client(service, config=Config(retries={"mode": "standard", "max_attempts": 5}))


if __name__ == "__main__":
    sys.exit(main())
