"""What a request carries, checked in this order: its size, that it is JSON, its form."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from drawing_ocr.labelling.answer import JOB_PATTERN, MAX_BYTES
from drawing_ocr.labelling.job import MAX_ANNOTATORS, MAX_DRAWINGS, Drawing
from shared.json_api import parse

ENVELOPE = 10_000  # bytes of a request around an answer
MAX_CROP = 2_000_000  # characters of base64: a line of text in the largest size that a reader uses
SMALL = 10_000  # bytes of a request that carries neither answer nor crop
MAX_ORDER = 4_000_000  # bytes of a job's list of drawings; more go through the command, which needs no request

Token = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, body: str | None, *, limit: int = SMALL) -> Self:
        """From the request's text.

        Raises:
            Refused: it is too large, no JSON, or of another form.
        """
        return parse(cls, body, limit=limit, remedy="send less")


class LeaseBody(Body):
    """Which task is wanted; without anything, the next one."""

    job: Annotated[str, StringConstraints(pattern=JOB_PATTERN)] | None = None
    round: Literal["label", "review"] | None = None


class HeldBody(Body):
    """The token of a lease."""

    lease: Token


class DraftBody(HeldBody):
    """A draft, and the revision that it began from; 0 when there was none."""

    revision: Annotated[int, Field(ge=0, le=999_999)]
    answer: dict[str, Any]


class AnswerBody(HeldBody):
    """A finished answer."""

    answer: dict[str, Any]


class CropBody(HeldBody):
    """A rectified crop of one text, PNG in base64."""

    crop: str


class OrderBody(Body):
    """A new job."""

    job: Annotated[str, StringConstraints(pattern=JOB_PATTERN)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    drawings: Annotated[tuple[Drawing, ...], Field(min_length=1, max_length=MAX_DRAWINGS)]
    annotators: Annotated[int, Field(ge=1, le=MAX_ANNOTATORS)] | None = None
    priority: int = 0


MAX_ANSWER = MAX_BYTES + ENVELOPE
