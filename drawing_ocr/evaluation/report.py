"""`evaluation.json`: how the new version (challenger) reads beside the released one (champion), and the gate's verdict.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.contract import Contract

Fraction = float | None
"""0 to 1 (a character error rate may exceed 1); None where nothing was measured."""


class ReportError(ValueError):
    """An evaluation.json that cannot be used; its text is one line with the reason."""


class GroupMetrics(Contract):
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

    by_category: dict[str, GroupMetrics] = Field(default_factory=dict)
    by_symbol_class: dict[str, GroupMetrics] = Field(default_factory=dict)


class DetectionMetrics(Contract):
    """Boxes found at IoU ≥ 0.5."""

    precision: Fraction
    recall: Fraction
    hmean: Fraction


class EndToEndMetrics(Contract):
    """Whole sheets: the box is found and its text is read exactly, in canonical form."""

    exact_precision: Fraction
    exact_recall: Fraction
    exact_f1: Fraction
    one_minus_ned: Fraction


class Metrics(Contract):
    """What one version does on one test set; None where it was not measured."""

    recognition: RecognitionMetrics
    detection: DetectionMetrics | None = None
    end_to_end: EndToEndMetrics | None = None


class Difference(Contract):
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


def stated_interval(difference: Difference, confidence: float) -> str:
    """` (95% interval of the difference -3.10 to +0.20, which may be chance)`, in points."""
    chance = ", which may be chance" if difference.verdict == "noise" else ""
    return (
        f" ({confidence:.0%} interval of the difference {difference.low * 100:+.2f} to {difference.high * 100:+.2f}"
        f"{chance})"
    )


class Differences(Contract):
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
    by_category: dict[str, Difference] = Field(default_factory=dict)
    by_symbol_class: dict[str, Difference] = Field(default_factory=dict)


class TestSet(Contract):
    """Both versions on the same data; the champion is None when no version is released yet.

    `difference` is None without a champion, and in files that were written before it existed.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    challenger: Metrics
    champion: Metrics | None = None
    difference: Differences | None = None


class Gate(Contract):
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


class Evaluation(Contract):
    """The whole of `evaluation.json`.

    Attributes:
        test_sets: `new` (validation lines of the new batches) and `regression` (the frozen set).
        gate: The verdict.
        created: When, with a time zone.
    """

    fault = ReportError
    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    test_sets: dict[Literal["new", "regression"], TestSet]
    gate: Gate
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

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

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_atomically(path, self.to_json())
