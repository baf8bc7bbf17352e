"""`evaluation.json` of an embedder: how the new version (challenger) finds drawings beside the released one (champion).

The gate stands in the same place and form as that of a reader, so one pipeline reads both.
Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.contract import Contract
from drawing_ocr.evaluation.report import Difference, Evaluation, Gate, ReportError, stated_interval

TestSetName = Literal["own", "families"]

_DECIMALS = 9  # differences are compared after rounding: 0.93 - 0.92 is above 0.01 in floating point


class RetrievalMetrics(Contract):
    """Means over queries, 0 to 1 (drawing_ocr/search/metrics.py)."""

    queries: int = Field(ge=1)
    mean_average_precision: float = Field(ge=0, le=1)
    recall_at_1: float = Field(ge=0, le=1)
    recall_at_10: float = Field(ge=0, le=1)


class RetrievalDifferences(Contract):
    """The challenger's means less the champion's, by a paired bootstrap over what queries have in common.

    Attributes:
        drawings: Units that were drawn with replacement: all distortions of a held-out drawing, all parts of a family.
        resamples: How often.
        confidence: Of the intervals.
        mean_average_precision, recall_at_1, recall_at_10: Of the means.
    """

    drawings: int
    resamples: int
    confidence: float
    mean_average_precision: Difference
    recall_at_1: Difference
    recall_at_10: Difference


class RetrievalTestSet(Contract):
    """Both embedders on the same queries among the same drawings.

    `difference` is None without a champion, and in files that were written before it existed.
    """

    drawings: int = Field(ge=1)
    challenger: RetrievalMetrics
    champion: RetrievalMetrics | None = None
    difference: RetrievalDifferences | None = None


class RetrievalEvaluation(Contract):
    """The whole of `evaluation.json`.

    Attributes:
        target: Tells it from a reader's.
        model: `name/version` of the challenger.
        test_sets: `own` (held-out drawings of the customer, distorted, among all of them) and `families`.
        gate: `accuracy` is the challenger's mAP on `own`, `champion_gain` what it gained there, `regression_drop` what
            its mAP lost on `families`.
        created: When, with a time zone.
    """

    fault = ReportError
    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    target: Literal["embedder"] = "embedder"
    model: str
    test_sets: dict[TestSetName, RetrievalTestSet]
    gate: Gate
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_atomically(path, self.to_json())

    @classmethod
    def judged(
        cls, model: str, test_sets: Mapping[TestSetName, RetrievalTestSet], thresholds: RetrievalThresholds
    ) -> Self:
        """With the gate's verdict over both test sets."""
        return cls(model=model, test_sets=dict(test_sets), gate=judge_retrieval(test_sets, thresholds))


class RetrievalThresholds(BaseModel):
    """What the gate asks of an embedder; fractions.

    Attributes:
        accuracy: Least mAP of the challenger on `own`.
        max_regression_drop: Most that mAP on `families` may fall below the champion's.
        min_champion_gain: Least that mAP on `own` must rise above the champion's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: float = Field(default=0.6, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
    min_champion_gain: float = Field(default=0.0, ge=-1, le=1)


def judge_retrieval(test_sets: Mapping[TestSetName, RetrievalTestSet], thresholds: RetrievalThresholds) -> Gate:
    """The verdict; where there is no champion, only the accuracy counts.

    Args:
        test_sets: Both.
        thresholds: What is asked for.
    """
    own, families = test_sets["own"], test_sets["families"]
    accuracy = own.challenger.mean_average_precision
    gain = _difference(own.challenger, own.champion)
    drop = -_difference(families.challenger, families.champion)
    reasons = []
    if accuracy < thresholds.accuracy:
        reasons.append(
            f"mAP on held-out drawings {accuracy:.2%} is below {thresholds.accuracy:.2%}: "
            "train longer or on more drawings"
        )
    if gain < thresholds.min_champion_gain:
        reasons.append(
            f"gain over the released embedder {gain * 100:+.2f} points of mAP on held-out drawings is below "
            f"{thresholds.min_champion_gain * 100:+.2f}{_interval(own)}"
        )
    if drop > thresholds.max_regression_drop:
        reasons.append(
            f"mAP on drawn families fell by {drop * 100:.2f} points, more than "
            f"{thresholds.max_regression_drop * 100:.2f}{_interval(families)}: "
            "raise the replay ratio or lower the learning rate"
        )
    return Gate(
        accuracy=accuracy,
        regression_drop=drop,
        champion_gain=gain,
        passed=0 if reasons else 1,
        reasons=tuple(reasons),
    )


def parse_evaluation(content: bytes, *, where: str) -> Evaluation | RetrievalEvaluation:
    """The `evaluation.json` of a reader or of an embedder.

    Raises:
        ReportError: it is neither.
    """
    kind = _Target.parse(content, where=where).target
    return (RetrievalEvaluation if kind == "embedder" else Evaluation).parse(content, where=where)


class _Target(Contract):
    model_config = ConfigDict(frozen=True, extra="ignore")
    fault = ReportError

    target: Literal["embedder"] | None = None


def _interval(tested: RetrievalTestSet) -> str:
    """` (95% interval of the difference -3.10 to +0.20, which may be chance)`; nothing where there is none."""
    known = tested.difference
    return stated_interval(known.mean_average_precision, known.confidence) if known else ""


def _difference(challenger: RetrievalMetrics, champion: RetrievalMetrics | None) -> float:
    if champion is None:
        return 0.0
    return round(challenger.mean_average_precision - champion.mean_average_precision, _DECIMALS)
