"""The record of what several people together say about a drawing (`jobs/<job>/consensus/<task>.json`).

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math

from pydantic import Field

from drawing_ocr.annotation import Region
from drawing_ocr.contract import Contract
from drawing_ocr.labelling.agreement import Agreement
from drawing_ocr.labelling.answer import JOB_PATTERN, MAX_REGIONS, TASK_PATTERN, Outlined, SchemaVersion


class ConsensusError(ValueError):
    """A consensus that cannot be reached or read; its text is one line with the reason."""


class ConsensusRegion(Outlined):
    """A region that most people saw.

    Attributes:
        support: How many saw it.
        agreement: Share of people who saw it × mean IoU of boxes × mean similarity (1 - NED) of texts, 0 to 1.
        confidence: Probability that place, text and category are right, 0 to 1.
        disputed: A reviewer has to look at it.
    """

    support: int = Field(ge=1)
    agreement: float = Field(ge=0, le=1)
    confidence: float = Field(ge=0, le=1)
    disputed: bool

    def label(self) -> Region:
        """The region as training knows it."""
        return Region(points=self.points, text=self.text, category=self.category, ignore=self.ignore)


class Consensus(Contract):
    """What people together say about a drawing.

    Attributes:
        schema_version: Of the contract; called `schema` in JSON.
        job: Of which job the task is.
        task: Which drawing.
        people: Who labelled it, in order of their ids.
        skipped: Who skipped it, in order of their ids.
        regions: What most of `people` saw, from the top of the page to its bottom.
        agreement: Counts of who agreed with whom.
        needs_review: A region is disputed, or people do not agree whether the drawing can be labelled.
    """

    fault = ConsensusError

    schema_version: SchemaVersion = Field(default=1, alias="schema")
    job: str = Field(pattern=JOB_PATTERN)
    task: str = Field(pattern=TASK_PATTERN)
    people: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    regions: tuple[ConsensusRegion, ...] = Field(default=(), max_length=MAX_REGIONS)
    agreement: Agreement
    needs_review: bool

    @property
    def left_out(self) -> bool:
        """Nobody could label this drawing: it is not trained on."""
        return not self.people

    @property
    def mean_agreement(self) -> float | None:
        """Of its regions, 0 to 1; None where there is none, or nobody to agree with."""
        if len(self.people) < 2 or not self.regions:
            return None
        return math.fsum(region.agreement for region in self.regions) / len(self.regions)
