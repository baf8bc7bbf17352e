"""What a person says about a drawing: every text as he or she leaves it, or the reason why the drawing was skipped.

A draft is an answer on its way: a box may have no text yet. An answer is what was submitted.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    field_validator,
    model_validator,
)

from drawing_ocr.annotation import Category, Region, polygon_fault
from drawing_ocr.contract import Contract
from drawing_ocr.text import canonical

SCHEMA = 1
MAX_REGIONS = 5_000
MAX_BYTES = 2_000_000
MAX_TEXT = 2_000  # characters of one region; the longest note on a drawing has some hundreds
MAX_REASON = 1_000  # characters

JOB_PATTERN = r"^[a-z0-9-]{1,48}$"
TASK_PATTERN = r"^[0-9a-f]{16}$"


class AnswerError(ValueError):
    """An answer that cannot be taken; its text is one line with the reason."""


def _known_schema(value: object) -> object:
    if isinstance(value, int) and value != SCHEMA:
        raise ValueError(f"schema {value} is not {SCHEMA}: reload the page, it is of another version")
    return value


def _known_category(value: object) -> object:
    if isinstance(value, str) and value not in set(Category):
        raise ValueError(f"unknown category {value!r}: use one of {', '.join(Category)}")
    return value


SchemaVersion = Annotated[Literal[1], BeforeValidator(_known_schema)]
KnownCategory = Annotated[Category, BeforeValidator(_known_category)]
Corner = tuple[FiniteFloat, FiniteFloat]


class Outlined(BaseModel):
    """A region with a name of its own; its text may still be missing.

    Attributes:
        id: Unique on the drawing.
        points: As `drawing_ocr.annotation.Region.points`.
        text: What stands there; empty where nobody has typed it, or where `ignore` is set.
        category: Its kind.
        ignore: Unreadable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=64)
    points: tuple[Corner, Corner, Corner, Corner]
    text: str = Field(max_length=MAX_TEXT)
    category: KnownCategory
    ignore: bool = False


class AnsweredRegion(Outlined):
    """A region as a person leaves it.

    Attributes:
        source: Who said it last: `person` as soon as a person changed anything of it.
        accepted: A person has looked at it and says that it is right.
    """

    source: Literal["machine", "person"]
    accepted: bool

    def label(self) -> Region:
        """The region as training knows it; an ignored one without its text. Raises pydantic's ValidationError."""
        return Region(
            points=self.points, text="" if self.ignore else self.text, category=self.category, ignore=self.ignore
        )


class Draft(Contract):
    """An answer on its way.

    Attributes:
        schema_version: Of the contract; called `schema` in JSON.
        job: Of which job the task is.
        task: Which drawing.
        status: `skipped` when the person says that this drawing cannot be labelled.
        reason: Why it was skipped; empty when it was not.
        regions: In the order of the page.
        seconds: Of active work.
        keystrokes: While working on it.
        clicks: While working on it.
    """

    fault = AnswerError

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    job: str = Field(pattern=JOB_PATTERN)
    task: str = Field(pattern=TASK_PATTERN)
    status: Literal["labelled", "skipped"] = "labelled"
    reason: Annotated[str, BeforeValidator(lambda value: "" if value is None else value)] = Field(
        default="", max_length=MAX_REASON
    )
    regions: tuple[AnsweredRegion, ...] = Field(default=(), max_length=MAX_REGIONS)
    seconds: FiniteFloat = Field(default=0.0, ge=0)
    keystrokes: int = Field(default=0, ge=0)
    clicks: int = Field(default=0, ge=0)

    @field_validator("regions")
    @classmethod
    def _has_each_name_once(cls, regions: tuple[AnsweredRegion, ...]) -> tuple[AnsweredRegion, ...]:
        reason = repeated_name(regions)
        if reason:
            raise ValueError(reason)
        return regions

    @classmethod
    def parse(cls, data: object, *, where: str) -> Self:
        """As `Contract.parse`; text of more than `MAX_BYTES` is not looked into.

        Raises:
            AnswerError: It is too large, or the first thing that is wrong, in one line that starts with `where`.
        """
        if isinstance(data, str | bytes):
            size = len(data.encode(errors="replace") if isinstance(data, str) else data)
            if size > MAX_BYTES:
                raise AnswerError(f"{where}: {size:,} bytes are more than {MAX_BYTES:,}: split the drawing")
        return super().parse(data, where=where)


class Answer(Draft):
    """A draft that its author calls finished: every region is one that training can use, or the reason is given."""

    @model_validator(mode="after")
    def _is_finished(self) -> Self:
        if self.status == "skipped":
            if not self.reason.strip():
                raise ValueError("skipped without a reason: say why this drawing cannot be labelled")
            return self
        if self.reason:
            raise ValueError("a reason to skip on a drawing that was not skipped: set status to skipped, or remove it")
        for index, region in enumerate(self.regions):
            reason = polygon_fault(region.points)
            if reason is None and not region.ignore and not canonical(region.text):
                reason = "the text is empty: write what stands there, or set ignore for unreadable text"
            if reason:
                raise ValueError(f"regions[{index}] {region.text[:40]!r}: {reason}")
        return self


def repeated_name(regions: tuple[Outlined, ...]) -> str | None:
    """Why these regions cannot be told apart, or None when every id is there once."""
    seen: set[str] = set()
    for region in regions:
        if region.id in seen:
            return f"two regions have the id {region.id!r}: give each its own"
        seen.add(region.id)
    return None
