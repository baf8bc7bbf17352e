"""`evaluation.json`: how the new version (challenger) reads beside the released one (champion), and the gate's verdict.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.validation import first_reason

Fraction = float | None
"""0 to 1 (a character error rate may exceed 1); None where nothing was measured."""


class ReportError(ValueError):
    """An evaluation.json that cannot be used; its text is one line with the reason."""


class _Contract(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class GroupMetrics(_Contract):
    """Recognition of one category or symbol class."""

    lines: int
    exact: Fraction
    one_minus_ned: Fraction
    cer: Fraction


class RecognitionMetrics(GroupMetrics):
    """Recognition of lines cut out by their labelled boxes.

    Attributes:
        lines: How many.
        exact: Share read exactly, in canonical form.
        one_minus_ned: Mean of 1 − normalised edit distance.
        cer: Character errors (edits) over labelled characters.
        by_category: The same for each category of text.
        by_symbol_class: The same for each symbol class; a line may be in several.
    """

    by_category: dict[str, GroupMetrics] = {}
    by_symbol_class: dict[str, GroupMetrics] = {}


class DetectionMetrics(_Contract):
    """Boxes found at IoU ≥ 0.5."""

    precision: Fraction
    recall: Fraction
    hmean: Fraction


class EndToEndMetrics(_Contract):
    """Whole sheets: the box is found and its text is read exactly, in canonical form."""

    exact_precision: Fraction
    exact_recall: Fraction
    exact_f1: Fraction
    one_minus_ned: Fraction


class Metrics(_Contract):
    """What one version does on one test set; None where it was not measured."""

    recognition: RecognitionMetrics
    detection: DetectionMetrics | None = None
    end_to_end: EndToEndMetrics | None = None


class Difference(_Contract):
    """How much one figure of the challenger differs from the champion's, and whether that may be chance.

    Attributes:
        value: Challenger's figure less the champion's.
        low: Lower end of the interval in which the true difference lies with the stated confidence.
        high: Its upper end.
        verdict: `noise` where the interval holds 0 or the drawings are too few to tell.
    """

    value: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    verdict: Literal["better", "worse", "noise"]


class Differences(_Contract):
    """Recognition of the challenger less that of the champion, by a paired bootstrap over drawings.

    Attributes:
        drawings: Units that were drawn with replacement; a line that was drawn alone is a unit of its own.
        resamples: How often.
        confidence: Of the intervals.
        exact: Of the share read exactly.
        one_minus_ned: Of the mean similarity.
        cer: Of the character error rate, where less is better.
        by_category: Of the share read exactly, for each category.
        by_symbol_class: Of the share read exactly, for each symbol class.
    """

    drawings: int
    resamples: int
    confidence: float
    exact: Difference
    one_minus_ned: Difference
    cer: Difference
    by_category: dict[str, Difference] = {}
    by_symbol_class: dict[str, Difference] = {}


class TestSet(_Contract):
    """Both versions on the same data; the champion is None when no version is released yet.

    `difference` is None without a champion, and in files that were written before it existed.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    challenger: Metrics
    champion: Metrics | None = None
    difference: Differences | None = None


class Gate(_Contract):
    """The verdict, in the numbers that a pipeline's condition can read.

    Attributes:
        accuracy: Challenger's exact share on `new`.
        regression_drop: Champion's exact share less the challenger's on `regression`.
        champion_gain: Challenger's exact share less the champion's on `new`.
        symbol_class_drop: Most that the exact share of one symbol class fell, over both test sets; 0 when none did.
        symbol_class: Which one, as `new/thread`; empty when none fell.
        passed: 1 or 0.
        reasons: Why not, one line each; empty when passed.
    """

    accuracy: float = Field(allow_inf_nan=False)
    regression_drop: float = Field(allow_inf_nan=False)
    champion_gain: float = Field(allow_inf_nan=False)
    symbol_class_drop: float = Field(default=0.0, allow_inf_nan=False)
    symbol_class: str = ""
    passed: Literal[0, 1]
    reasons: tuple[str, ...] = ()


class Evaluation(_Contract):
    """The whole of `evaluation.json`.

    Attributes:
        test_sets: `new` (validation lines of the new batches) and `regression` (the frozen set).
        gate: The verdict.
        created: When, with a time zone.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    test_sets: dict[Literal["new", "regression"], TestSet]
    gate: Gate
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def parse(cls, content: str | bytes, *, where: str) -> Self:
        """From the content of an `evaluation.json`.

        Args:
            content: JSON.
            where: Location to name in an error.

        Raises:
            ReportError: Not this form, in one line that starts with `where`.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise ReportError(f"{where}: {first_reason(error)}") from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a file.

        Raises:
            ReportError: No such file, or as `parse`.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ReportError(f"{path}: cannot be read ({error.strerror}): run the evaluation first") from error
        return cls.parse(content, where=str(path))

    def to_json(self) -> str:
        """The content of an `evaluation.json`; what is not a number becomes null."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_atomically(path, self.to_json())
