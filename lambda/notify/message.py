"""What is said of a run that ended badly, and of a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drawing_ocr.evaluation.report import Evaluation

SUBJECT_LIMIT = 100  # SNS: ASCII, less than 100 characters
# The step that ends a refused run. Its failure is no news: the refusal was told already.
REFUSED_STEP = "Refused"


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        about: what it is about; the same again is not published.
        subject: ASCII, at most 99 characters.
        text: for people.
        reason: the one line.
        metric: the CloudWatch metric that counts this kind.
    """

    about: str
    subject: str
    text: str
    reason: str
    metric: str


def refused(run_id: str, execution_arn: str, evaluation: Evaluation) -> Message:
    """The gate let the version of this run not into the registry."""
    reason = "; ".join(evaluation.gate.reasons) or "the gate was not passed"
    gate = evaluation.gate
    return Message(
        about=f"refused {execution_arn}",
        subject=subject(f"Training run {run_id} was refused"),
        text="\n".join(
            [
                f"Training run {run_id} was refused: {reason}",
                "",
                f"exact on the new validation lines   {gate.accuracy:7.2%}",
                f"gain over the released version      {gate.champion_gain:+7.2%}",
                f"loss on the frozen regression set   {gate.regression_drop:+7.2%}",
                "",
                "Nothing was registered; the released version goes on reading.",
                f"Execution: {execution_arn}",
                "Look at the labels of this run: `drawingops train status` shows them and the report.",
            ]
        ),
        reason=reason,
        metric="GateRefused",
    )


def failed(execution_arn: str, failure: str, steps: Sequence[dict[str, Any]]) -> Message | None:
    """A step of this run failed; None when it is the refusal that was told already."""
    broken = [step for step in steps if step["StepStatus"] == "Failed"]
    if any(step["StepName"] == REFUSED_STEP for step in broken):
        return None
    lines = [f"{step['StepName']}: {step.get('FailureReason', 'no reason given')}" for step in broken]
    reason = "; ".join(lines) or failure or "no reason given"
    name = execution_arn.rsplit("/", 1)[1]
    return Message(
        about=f"failed {execution_arn}",
        subject=subject(f"Training run {name} failed"),
        text="\n".join(
            [
                f"Training run {name} failed.",
                "",
                *(lines or [reason]),
                "",
                f"Execution: {execution_arn}",
                "Nothing was registered. Repeat it with `drawingops train start` when the cause is gone.",
            ]
        ),
        reason=reason,
        metric="TrainingRunsFailed",
    )


def released(news: Mapping[str, str]) -> Message:
    """How a release ended, as its workflow says it."""
    return Message(
        about=news["about"],
        subject=subject(news["subject"]),
        text=news["text"],
        reason=news["reason"],
        metric="ReleasesTold",
    )


def subject(text: str) -> str:
    """`text` as SNS takes it."""
    return text.encode("ascii", "replace").decode()[: SUBJECT_LIMIT - 1]
