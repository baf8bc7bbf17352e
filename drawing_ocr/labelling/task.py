"""What is handed to a person who labels: one drawing, what the machine read on it, and in a review what people said.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import hashlib
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drawing_ocr.annotation import PAGE_TOLERANCE, polygon_fault
from drawing_ocr.contract import Contract
from drawing_ocr.labelling.answer import (
    JOB_PATTERN,
    MAX_REGIONS,
    TASK_PATTERN,
    Answer,
    AnswerError,
    Draft,
    Outlined,
    SchemaVersion,
    repeated_name,
)


class TaskError(ValueError):
    """A task that cannot be used; its text is one line with the reason."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Picture(_Part):
    """The drawing: its address and S3 version, width and height of the upright original in pixels."""

    uri: str = Field(min_length=1)
    version_id: str | None = None
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Pyramid(_Part):
    """Its tiles: address of the PMTiles file, side of a tile in pixels, number of levels."""

    uri: str = Field(min_length=1)
    tile: int = Field(gt=0)
    levels: int = Field(gt=0)


class Model(_Part):
    """The model version that read the drawing."""

    version: str = Field(min_length=1)


class ReadRegion(Outlined):
    """A region that the machine read, or that people agreed on before a review; the text may be empty.

    Attributes:
        confidence: That it is right, 0 to 1.
    """

    confidence: float = Field(ge=0, le=1)


class Task(Contract):
    """One drawing to label or to review.

    Attributes:
        schema_version: Of the contract; called `schema` in JSON.
        job: Of which job it is.
        task: As `task_id` gives it.
        image: The drawing.
        pyramid: Its tiles.
        model: Which version read it; None when none did.
        regions: What the machine read; in a review the consensus of people.
        round: `label`, or `review` of what people said.
        versions: What they said, in a review only.
    """

    fault = TaskError

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    job: str = Field(pattern=JOB_PATTERN)
    task: str = Field(pattern=TASK_PATTERN)
    image: Picture
    pyramid: Pyramid
    model: Model | None = None
    regions: tuple[ReadRegion, ...] = Field(default=(), max_length=MAX_REGIONS)
    round: Literal["label", "review"] = "label"
    versions: tuple[Answer, ...] = ()

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        reason = repeated_name(self.regions)
        for index, region in enumerate(self.regions):
            reason = reason or _place(index, region, polygon_fault(region.points) or self._off_page(region))
        if reason is None and self.versions and self.round != "review":
            reason = "versions of others in the round `label`: they belong into a review only"
        if reason:
            raise ValueError(reason)
        return self

    def check(self, answer: Draft) -> None:
        """That an answer, or a draft of one, is about this drawing.

        Raises:
            AnswerError: It is another task's, or a region lies outside the page, in one line.
        """
        if (answer.job, answer.task) != (self.job, self.task):
            raise AnswerError(
                f"an answer to {answer.job}/{answer.task} was sent to {self.job}/{self.task}: open the task again"
            )
        for index, region in enumerate(answer.regions):
            if fault := _place(index, region, self._off_page(region)):
                raise AnswerError(f"{self.job}/{self.task}: {fault}")

    def _off_page(self, region: Outlined) -> str | None:
        width, height = self.image.width, self.image.height
        for x, y in region.points:
            inside_x = -PAGE_TOLERANCE <= x <= width + PAGE_TOLERANCE
            inside_y = -PAGE_TOLERANCE <= y <= height + PAGE_TOLERANCE
            if not (inside_x and inside_y):
                return f"the corner ({x:g}, {y:g}) lies outside the page of {width} × {height} pixels: move the box"
        return None


def task_id(uri: str, version_id: str | None) -> str:
    """The task of a drawing: the same for the same bytes, whichever backend hands it out.

    Args:
        uri: Address of the picture.
        version_id: Its S3 version; None where there is none.
    """
    return hashlib.sha256(f"{uri}\n{version_id or ''}".encode()).hexdigest()[:16]


def _place(index: int, region: Outlined, fault: str | None) -> str | None:
    return fault and f"regions[{index}] {region.text[:40]!r}: {fault}"
