"""Decides whether a run starts now, and starts it so that a crash at any instant neither loses nor doubles a run.

Claim the lease, decide (the run is written into it), write `run.json`, start the execution with a token made from its
bytes, commit. Whoever finds a decided run goes on with that one: same bytes, same token, same execution.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.errors import BadRequest
from shared.storage import S3Uri, write_once
from start_training.executions import Executions, StartRefused
from start_training.labels import Batch, Labels
from start_training.order import Order
from start_training.state import Run, State

# A run's item in the table stays far below DynamoDB's 400 KB; the rest is taken by the next run.
MAX_BATCHES = 500

Decision = Literal["started", "dry_run", "nothing_new", "waiting", "active"]


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When new labels are enough: silence and a number of batches, or the age of the oldest."""

    quiet_seconds: int
    min_batches: int
    max_age_seconds: int


class Answer(BaseModel):
    """What was decided and why."""

    model_config = ConfigDict(frozen=True)

    decision: Decision
    reason: str
    run_id: str = ""
    execution_arn: str = ""
    manifests: tuple[str, ...] = ()
    oldest_seconds: int = 0


class Gate:
    """All starts go through here."""

    def __init__(
        self, *, labels: Labels, executions: Executions, state: State, s3: Any, bucket: str, thresholds: Thresholds
    ) -> None:
        self._labels = labels
        self._executions = executions
        self._state = state
        self._s3 = s3
        self._bucket = bucket
        self._thresholds = thresholds

    def pass_through(self, order: Order) -> Answer:
        """Starts a run if it is time.

        Raises:
            BadRequest: the order names a batch that is not there.
            StartRefused: SageMaker refuses the run; its labels stay new.
            LeaseLost: this invocation was too slow; another one goes on.
        """
        if order.dry_run:
            return self._dry_run(order)
        claimed = self._state.claim()
        if claimed is None:
            return Answer(decision="active", reason="another invocation is starting a run at this moment")
        if claimed.unfinished:
            return self._start(claimed.unfinished, self._seconds_since(claimed.unfinished.created))
        try:
            run = self._decide(order)
        except BadRequest:
            self._state.release()
            raise
        if isinstance(run, Answer):
            self._state.release()
            return run
        self._state.decide(run)
        return self._start(run, 0)

    def _dry_run(self, order: Order) -> Answer:
        run = self._decide(order)
        if isinstance(run, Answer):
            return run
        uris = tuple(item.uri for item in run.manifests)
        return Answer(decision="dry_run", reason=f"would train on {len(uris)} batches", manifests=uris)

    def _decide(self, order: Order) -> Run | Answer:
        """The run to start, or why there is none."""
        batches = self._batches(order)
        uris = tuple(batch.reference.uri for batch in batches)
        if not batches:
            return Answer(decision="nothing_new", reason="no labels that a run has not learned from")
        oldest = max(self._seconds_since(batch.uploaded) for batch in batches)
        active = self._active()
        if active:
            return Answer(
                decision="active",
                reason="a run is active; the labels stay for the next one",
                execution_arn=active,
                manifests=uris,
                oldest_seconds=oldest,
            )
        waiting = None if order.by_person else self._waiting_for(batches, oldest)
        if waiting:
            return Answer(decision="waiting", reason=waiting, manifests=uris, oldest_seconds=oldest)
        return self._run(order, batches)

    def _batches(self, order: Order) -> list[Batch]:
        if order.manifests:
            return [self._labels.batch(uri) for uri in dict.fromkeys(order.manifests)]
        return self._labels.new(self._state.trained_on())[:MAX_BATCHES]

    def _active(self) -> str | None:
        last = self._state.last_execution()
        if last and self._executions.is_active(last):
            return last
        return self._executions.active()

    def _waiting_for(self, batches: Sequence[Batch], oldest: int) -> str | None:
        limits = self._thresholds
        if oldest >= limits.max_age_seconds:
            return None
        if len(batches) < limits.min_batches:
            return f"{len(batches)} new batches, a run starts with {limits.min_batches}"
        silence = min(self._seconds_since(batch.uploaded) for batch in batches)
        if silence < limits.quiet_seconds:
            return f"uploads went quiet {silence} s ago, a run starts after {limits.quiet_seconds} s"
        return None

    def _run(self, order: Order, batches: Sequence[Batch]) -> Run:
        created = datetime.now(UTC).replace(microsecond=0)
        asked_by = f" by {order.requested_by}" if order.requested_by else ""
        manifests = tuple(batch.reference for batch in batches)
        content = [created.isoformat(), [item.model_dump() for item in manifests], order.parameters.as_strings()]
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return Run(
            run_id=f"{created:%Y%m%d-%H%M%S}-{digest[:8]}",
            created=created,
            manifests=manifests,
            reason=f"{order.reason}{asked_by}",
            parameters=order.parameters.as_strings(),
        )

    def _start(self, run: Run, oldest: int) -> Answer:
        content = run.manifest().to_json().encode()
        uri = S3Uri(self._bucket, f"datasets/runs/{run.run_id}/run.json")
        write_once(self._s3, uri, content)
        try:
            arn = self._executions.start(
                run_id=run.run_id,
                token=hashlib.sha256(content).hexdigest(),
                parameters={"LabelManifest": str(uri), "RunId": run.run_id, **run.parameters},
                description=run.reason,
            )
        except StartRefused:
            self._state.release()
            raise
        self._state.commit(run, arn)
        return Answer(
            decision="started",
            reason=f"training on {len(run.manifests)} batches: {run.reason}",
            run_id=run.run_id,
            execution_arn=arn,
            manifests=tuple(item.uri for item in run.manifests),
            oldest_seconds=oldest,
        )

    @staticmethod
    def _seconds_since(moment: datetime) -> int:
        return max(0, round((datetime.now(UTC) - moment).total_seconds()))
