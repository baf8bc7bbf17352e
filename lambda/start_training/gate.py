"""Whether a training run starts now, and starting it so that a crash at any instant loses and repeats nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from shared import storage
from shared.base_version import BaseVersions, Rule
from shared.errors import PlatformError
from shared.variables import Variables
from start_training.labels import Batch, Labels
from start_training.pipeline import Pipeline
from start_training.state import BATCHES_IN_ONE_RUN, Last, Pending, State

Number = Annotated[float, Field(gt=0, le=1)]

# Nothing that waits is looked at more often: the end of a run is an event, and the schedule looks too. All messages
# come back at the same quarter of an hour, so that they are one call and not one each.
LOOK_SECONDS = 900.0


class Settings(Variables):
    """Variables of this function."""

    bucket: str
    labels_prefix: str
    runs_prefix: str
    table: str
    pipeline_name: str
    queue_url: str
    group: str
    base_rule: Rule
    endpoint_name: str
    embedder_pipeline_name: str
    embedder_group: str
    quiet_seconds: float
    min_objects: int
    max_age_seconds: float


class SharedParameters(BaseModel):
    """Pipeline parameters that a person may set for one run of any target; the rest are the account's defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    BaseModelPackage: str | None = None
    ReplayRatio: Annotated[float, Field(ge=0, le=0.9)] | None = None
    LearningRate: Number | None = None
    MaxSeconds: Annotated[int, Field(ge=0, le=432_000)] | None = None
    AccuracyThreshold: Annotated[float, Field(ge=0, le=1)] | None = None
    MaxRegressionDrop: Annotated[float, Field(ge=0, le=1)] | None = None
    MinChampionGain: Annotated[float, Field(ge=-1, le=1)] | None = None
    Seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    def as_strings(self) -> dict[str, str]:
        """Only what was set, in the form that StartPipelineExecution takes."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


class Parameters(SharedParameters):
    """Those of a run of the reader."""

    HeadLearningRate: Number | None = None
    Epochs: Annotated[int, Field(ge=1, le=1000)] | None = None
    BatchSize: Annotated[int, Field(ge=1, le=4096)] | None = None
    FreezeBackbone: Literal["true", "false"] | None = None
    MaxSymbolClassDrop: Annotated[float, Field(ge=0, le=1)] | None = None


class EmbedderParameters(SharedParameters):
    """Those of a run of the embedder."""

    MaxSteps: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class SharedOrder(BaseModel):
    """What a person asks for, whatever is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["start"]
    dry_run: bool = False
    reason: str = ""
    requested_by: str = ""

    @property
    def said(self) -> str:
        """Why, and by whom."""
        by = f" ({self.requested_by})" if self.requested_by else ""
        return f"{self.reason or 'by hand'}{by}"


class Order(SharedOrder):
    """A run of the reader."""

    target: Literal["reader"] = "reader"
    manifests: tuple[str, ...] = ()
    parameters: Parameters = Parameters()


class EmbedderOrder(SharedOrder):
    """A run of the embedder: it learns from all drawings of the bucket."""

    target: Literal["embedder"]
    parameters: EmbedderParameters = EmbedderParameters()


class Decision(BaseModel):
    """What the gate decided, and why.

    Attributes:
        decision: what it came to.
        reason: in one line.
        run_id, execution_arn: of the run that was started.
        manifests: S3 URIs of the batches that it learns from, or would.
        base: ARN of the version that a dry run would start from.
        left: keys of manifests that no run has taken.
        wait_seconds: until it is worth looking again.
        oldest_seconds: how long the oldest batch has waited.
    """

    model_config = ConfigDict(frozen=True)

    decision: Literal["started", "dry_run", "nothing_new", "waiting", "active"]
    reason: str
    run_id: str = ""
    execution_arn: str = ""
    manifests: tuple[str, ...] = ()
    base: str = ""
    left: tuple[str, ...] = ()
    wait_seconds: float = 0.0
    oldest_seconds: float = 0.0


@dataclass(frozen=True)
class Gate:
    """The one way to a training run."""

    settings: Settings
    labels: Labels
    state: State
    pipeline: Pipeline
    bases: BaseVersions
    s3: Any
    clock: Callable[[], float]

    def consider(self) -> Decision:
        """After an event or a tick: starts a run when the new labels are enough and quiet, or old enough."""
        self._finish_what_was_begun()
        last = self.state.last()
        new = self._new()
        if not new:
            return Decision(decision="nothing_new", reason="every labelled batch was trained on already")
        oldest = self.clock() - min(batch.modified for batch in new)
        left = tuple(batch.key for batch in new)
        active = self._active(last)
        if active:
            reason = f"{active} is running; {len(new)} batches wait for it"
            wait = self._until_next_look()
            return Decision(decision="active", reason=reason, left=left, wait_seconds=wait, oldest_seconds=oldest)
        reason, wait = self._patience(new)
        if wait > 0:
            wait = min(wait, self._until_next_look())
            return Decision(decision="waiting", reason=reason, left=left, wait_seconds=wait, oldest_seconds=oldest)
        return self._start(new, Parameters(), reason, last)

    def order(self, wanted: Order) -> Decision:
        """On a person's word: starts a run with what is new, or with what they name, unless one is running."""
        if not wanted.dry_run:
            self._finish_what_was_begun()
        last = self.state.last()
        batches = self._named(wanted.manifests) if wanted.manifests else self._new()
        uris = tuple(self.labels.uri(batch) for batch in batches)
        if not batches:
            return Decision(
                decision="nothing_new", reason="every labelled batch was trained on already; name manifests to repeat"
            )
        active = self._active(last)
        if wanted.dry_run:
            return self._dry_run(wanted.parameters, f"{len(batches)} batches", uris, active)
        if active:
            return Decision(decision="active", reason=f"{active} is running: stop it or wait", manifests=uris)
        return self._start(batches, wanted.parameters, wanted.said, last)

    def order_embedder(self, wanted: EmbedderOrder) -> Decision:
        """On a person's word: starts a run that learns from the bucket's drawings, unless one is running."""
        if not wanted.dry_run:
            self._finish_what_was_begun()
        last = self.state.last()
        active = self._active(last)
        if wanted.dry_run:
            return self._dry_run(wanted.parameters, "the drawings of the bucket", (), active)
        if active:
            return Decision(decision="active", reason=f"{active} is running: stop it or wait")
        return self._start([], wanted.parameters, wanted.said, last)

    def _dry_run(
        self, parameters: SharedParameters, learned_from: str, uris: tuple[str, ...], active: str | None
    ) -> Decision:
        base = self.bases.find(parameters.BaseModelPackage or "")
        then = f"it would wait for {active}" if active else "it would start now"
        return Decision(decision="dry_run", reason=f"{learned_from}; {then}", manifests=uris, base=base.arn)

    def _until_next_look(self) -> float:
        return LOOK_SECONDS - self.clock() % LOOK_SECONDS

    def _active(self, last: Last | None) -> str | None:
        return self.pipeline.active_execution(last.execution_arn if last else None)

    def _patience(self, new: list[Batch]) -> tuple[str, float]:
        """Why a run starts or not, and how many seconds are left to wait: 0 or less for none."""
        settings, now = self.settings, self.clock()
        oldest = now - min(batch.modified for batch in new)
        quiet = now - max(batch.modified for batch in new)
        if oldest >= settings.max_age_seconds:
            # However few there are and however busy the uploads: nothing waits for ever.
            return f"{len(new)} new labelled batches, the oldest waited {oldest:.0f} s", 0.0
        until_old = settings.max_age_seconds - oldest
        if len(new) < settings.min_objects:
            return f"{len(new)} of {settings.min_objects} batches, the oldest waits {oldest:.0f} s", until_old
        if quiet < settings.quiet_seconds:
            reason = f"quiet for {max(quiet, 0):.0f} s of {settings.quiet_seconds:.0f} s"
            return reason, min(settings.quiet_seconds - quiet, until_old)
        return f"{len(new)} new labelled batches", 0.0

    def _new(self) -> list[Batch]:
        taken = self.state.taken()
        return [batch for batch in self.labels.batches() if (batch.key, batch.version_id) not in taken]

    def _named(self, uris: tuple[str, ...]) -> list[Batch]:
        known = {self.labels.uri(batch): batch for batch in self.labels.batches()}
        for uri in uris:
            if uri not in known:
                raise PlatformError(f"{uri}: no labelled batch of this account; they are below {self.labels.prefix}")
        return [known[uri] for uri in sorted(set(uris))]

    def _start(self, batches: list[Batch], parameters: SharedParameters, reason: str, last: Last | None) -> Decision:
        chosen, rest = batches[:BATCHES_IN_ONE_RUN], batches[BATCHES_IN_ONE_RUN:]
        pending = self._plan(chosen, parameters, reason)
        uris = tuple(reference.uri for reference in pending.manifest.manifests)
        if not self.state.claim(pending, after=last):
            return Decision(
                decision="active",
                reason="another run is being started at this moment",
                manifests=uris,
                left=tuple(batch.key for batch in batches),
                wait_seconds=1.0,
            )
        arn = self._carry_out(pending)
        return Decision(
            decision="started",
            reason=reason,
            run_id=pending.manifest.run_id,
            execution_arn=arn,
            manifests=uris,
            left=tuple(batch.key for batch in rest),
            wait_seconds=self._until_next_look(),
        )

    def _plan(self, batches: list[Batch], parameters: SharedParameters, reason: str) -> Pending:
        created = datetime.fromtimestamp(self.clock(), UTC)
        content = "\n".join(f"{batch.key}#{batch.version_id}" for batch in batches)
        chosen = "\n".join(f"{name}={value}" for name, value in sorted(parameters.as_strings().items()))
        digest = hashlib.sha256(f"{content}\n{chosen}".encode()).hexdigest()[:8]
        manifest = RunManifest(
            run_id=f"{created:%Y%m%dT%H%M%S}-{digest}",
            created=created,
            manifests=tuple(
                ManifestReference(uri=self.labels.uri(batch), version_id=batch.version_id, etag=batch.etag)
                for batch in batches
            ),
            reason=reason,
        )
        return Pending(
            manifest=manifest,
            parameters={
                **parameters.as_strings(),
                "LabelManifest": self._run_uri(manifest.run_id),
                "RunId": manifest.run_id,
            },
            token=hashlib.sha256(manifest.to_json().encode()).hexdigest(),
        )

    def _finish_what_was_begun(self) -> None:
        # Somebody claimed a run and was killed before committing it: the same steps again have the same effect.
        pending = self.state.pending()
        if pending is None:
            return
        arn = self.pipeline.find(pending.manifest.run_id)
        if arn:
            self.state.commit(pending, arn)
        else:
            self._carry_out(pending)

    def _carry_out(self, pending: Pending) -> str:
        run_id = pending.manifest.run_id
        storage.write(self.s3, self._run_uri(run_id), pending.manifest.to_json())
        try:
            arn = self.pipeline.start(display_name=run_id, parameters=pending.parameters, token=pending.token)
        except PlatformError:
            self.state.release(pending)  # a retry would be refused in the same way for ever
            raise
        self.state.commit(pending, arn)
        return arn

    def _run_uri(self, run_id: str) -> str:
        return f"s3://{self.settings.bucket}/{self.settings.runs_prefix}{run_id}/run.json"
