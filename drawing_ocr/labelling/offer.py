"""What active learning offers people: `…/offers/log/<number>.json` (an offer), and the report of a look.

Light: the standard library and pydantic only.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from drawing_ocr.contract import Contract
from drawing_ocr.labelling.job import Drawing, Job

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Week = Annotated[str, StringConstraints(pattern=r"^\d{4}-W\d{2}$")]
ORDERED_BY = "active learning"
JOB_PREFIX = "uncertain-"  # of the names of its labelling jobs


class OfferError(ValueError):
    """An offer or a report that cannot be used; its text is one line with the reason."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Parts(_Part):
    """Where a drawing's score comes from; their sum is the score."""

    confidence: float = 0.0
    grammar: float = 0.0
    agreement: float = 0.0
    novelty: float = 0.0


class Doubt(_Part):
    """A text that is likely wrong, and how likely."""

    text: str
    wrong: float = Field(ge=0, le=1)


class UncertainDrawing(_Part):
    """One drawing that was read.

    Attributes:
        sha256: Of the file.
        uri, version_id: Where it lies; as long as nothing was offered, where it would.
        read: When.
        score: Its uncertainty, 0 to 1 (`drawing_ocr.labelling.uncertainty`).
        parts: Of the score.
        lines: That were read on it.
        expected_wrong: So many of them are wrong, on average.
        doubts: The most doubtful texts.
    """

    sha256: Sha256
    uri: str
    version_id: str | None = None
    read: AwareDatetime
    score: float = Field(ge=0, le=1)
    parts: Parts
    lines: int = Field(ge=0)
    expected_wrong: float = Field(ge=0)
    doubts: tuple[Doubt, ...] = ()


class Offer(Contract):
    """Drawings that were chosen at once; they become one labelling job.

    Attributes:
        schema_version: Of the contract; called `schema` in JSON.
        week: ISO week in which it counts.
        number: Of the offer, from 1, over all weeks.
        created: When.
        model_version: That read the drawings.
        annotators: How many people label each.
        drawings: In the order of choice.
    """

    fault = OfferError
    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    week: Week
    number: int = Field(ge=1)
    created: AwareDatetime
    model_version: str
    annotators: int = Field(ge=1)
    drawings: tuple[UncertainDrawing, ...] = Field(min_length=1)

    def job(self) -> Job:
        """The labelling job that it orders; always the same."""
        year, week = self.week.split("-W")
        return Job(
            job=f"{JOB_PREFIX}{self.number}",
            title=f"Uncertain drawings {self.number} (week {int(week)} of {year})",
            created=self.created,
            created_by=ORDERED_BY,
            annotators=self.annotators,
            drawings=tuple(Drawing(uri=each.uri, version_id=each.version_id) for each in self.drawings),
        )


class State(StrEnum):
    """What came of a look."""

    NOTHING_RELEASED = "nothing_released"  # no version has read anything
    BUDGET_SPENT = "budget_spent"
    NOTHING_UNCERTAIN = "nothing_uncertain"
    OFFERED = "offered"
    WOULD_OFFER = "would_offer"  # a dry run


class OfferReport(Contract):
    """`offer.json`: one look at what the endpoint read.

    Attributes:
        endpoint: Its name.
        created: When.
        state: What came of it.
        model_version: That answers; empty when none does.
        week, budget, spent: How many drawings a week may offer, and how many this one had before.
        captured: Different drawings in the captures that were looked at.
        offered_before: Of them, offered by an earlier look.
        read_again: Of the others, the likeliest, which were also read turned by a quarter.
        unreadable: Captured requests, and labelled drawings, that could not be used.
        calibrated_on: Labelled lines that the calibration was fitted on.
        least: The score from which a drawing is uncertain.
        job: The labelling job; empty when nothing was offered.
        drawings: The chosen ones, in the order of choice.
        others: The most uncertain of those that were not chosen.
    """

    fault = OfferError
    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    endpoint: str
    created: AwareDatetime
    state: State
    model_version: str = ""
    week: Week
    budget: int
    spent: int = 0
    captured: int = 0
    offered_before: int = 0
    read_again: int = 0
    unreadable: int = 0
    calibrated_on: int = 0
    least: float
    job: str = ""
    drawings: tuple[UncertainDrawing, ...] = ()
    others: tuple[UncertainDrawing, ...] = ()

    @property
    def summary(self) -> str:
        """One line for people."""
        looked = f"{self.captured} drawings of {self.endpoint}, {self.read_again} read again"
        said = {
            State.NOTHING_RELEASED: f"nothing is released on {self.endpoint} yet",
            State.BUDGET_SPENT: f"the {self.budget} drawings of {self.week} are offered already",
            State.NOTHING_UNCERTAIN: f"{looked}: none of them new and as uncertain as {self.least:g}",
            State.OFFERED: f"{looked}: {len(self.drawings)} offered as {self.job}",
            State.WOULD_OFFER: f"{looked}: {len(self.drawings)} would be offered",
        }
        return said[self.state]


def iso_week(moment: datetime) -> str:
    """`2026-W47`, by ISO 8601.

    >>> from datetime import UTC
    >>> iso_week(datetime(2027, 1, 1, tzinfo=UTC))
    '2026-W53'
    """
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"
