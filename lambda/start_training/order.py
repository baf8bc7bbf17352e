"""What somebody asks for: nothing in particular (an event, the schedule), or a run as a person wants it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from drawing_ocr.validation import first_reason
from shared.errors import BadRequest

ManifestUri = Annotated[str, StringConstraints(pattern=r"^s3://[^/]+/.+\.jsonl$")]
MAX_REASON = 200  # characters


class Parameters(BaseModel):
    """Parameters of the pipeline that may be given, with the ranges in which they make sense."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    BaseModelPackage: Annotated[str, StringConstraints(pattern=r"^(|v?\d+|arn:[^\s]+)$")] | None = None
    ReplayRatio: Annotated[float, Field(ge=0, le=0.9)] | None = None
    LearningRate: Annotated[float, Field(gt=0, le=0.1)] | None = None
    HeadLearningRate: Annotated[float, Field(gt=0, le=0.1)] | None = None
    Epochs: Annotated[int, Field(ge=1, le=1000)] | None = None
    MaxSeconds: Annotated[int, Field(ge=0, le=432_000)] | None = None
    BatchSize: Annotated[int, Field(ge=1, le=4096)] | None = None
    FreezeBackbone: bool | None = None
    AccuracyThreshold: Annotated[float, Field(ge=0, le=1)] | None = None
    MaxRegressionDrop: Annotated[float, Field(ge=0, le=1)] | None = None
    MinChampionGain: Annotated[float, Field(ge=-1, le=1)] | None = None
    Target: Literal["recogniser", "detector", "both"] | None = None
    Seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    def as_strings(self) -> dict[str, str]:
        """Those that were given, as StartPipelineExecution takes them."""
        given = self.model_dump(exclude_none=True)
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


class Order(BaseModel):
    """A request to start a run.

    Attributes:
        by_person: whether somebody asked: then nobody waits for silence.
        from_queue: whether it came through the queue.
        dry_run: answer what would be trained on, change nothing.
        manifests: the batches to learn from; none = all that is new.
        parameters: of the pipeline.
        reason, requested_by: for the people who read the run later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_person: bool = False
    from_queue: bool = False
    dry_run: bool = False
    manifests: tuple[ManifestUri, ...] = Field(default=(), max_length=500)
    parameters: Parameters = Parameters()
    reason: str = Field(default="new labels", max_length=MAX_REASON)
    requested_by: str = Field(default="", max_length=MAX_REASON)

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        """From what Lambda was invoked with.

        Raises:
            BadRequest: a person's order with an unknown key or a value out of range.
        """
        if "Records" in event:
            return cls(from_queue=True)
        if event.get("source") == "aws.events":
            return cls()
        asked = {name: value for name, value in event.items() if name != "action"}
        if event.get("action", "start") != "start":
            raise BadRequest(f"action {event['action']!r} is unknown: this function only starts runs, write 'start'")
        try:
            return cls.model_validate({"reason": "asked for", **asked, "by_person": True})
        except ValidationError as error:
            raise BadRequest(f"start_training: {first_reason(error)}") from error
