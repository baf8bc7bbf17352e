"""A labelling job, `jobs/<job>/job.json`: which drawings people shall label, and how many people each.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from drawing_ocr.contract import Contract

MAX_DRAWINGS = 100_000  # what Ground Truth takes in one job
MAX_ANNOTATORS = 9  # likewise, for one object

JobName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,48}$")]


class JobError(ValueError):
    """A job that cannot be used; its text is one line with the reason."""


class Drawing(BaseModel):
    """A file with one drawing or several pages of them.

    Attributes:
        uri: S3 URI of the file.
        version_id: its S3 version; None in a bucket without versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str = Field(pattern=r"^s3://[^/]+/.+")
    version_id: str | None = None


class Job(Contract):
    """What was ordered.

    Attributes:
        job: its name, also in addresses.
        title: what people read.
        created: when it was ordered.
        created_by: who ordered it.
        annotators: how many people label each drawing.
        priority: a job with a higher one is handed out first.
        drawings: what is labelled; each file once.
    """

    fault = JobError

    schema_version: Literal[1] = Field(default=1, alias="schema")
    job: JobName
    title: str = Field(min_length=1, max_length=128)
    created: datetime
    created_by: str = Field(min_length=1)
    annotators: int = Field(default=1, ge=1, le=MAX_ANNOTATORS)
    priority: int = 0
    drawings: tuple[Drawing, ...] = Field(min_length=1, max_length=MAX_DRAWINGS)

    @field_validator("drawings")
    @classmethod
    def _names_each_file_once(cls, drawings: tuple[Drawing, ...]) -> tuple[Drawing, ...]:
        seen: set[Drawing] = set()
        for drawing in drawings:
            if drawing in seen:
                raise ValueError(f"{drawing.uri} is there twice: name each drawing once")
            seen.add(drawing)
        return drawings
