"""What is said of a run that ended badly, and of a release."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drawing_ocr.evaluation.report import Evaluation, TestSet
from drawing_ocr.evaluation.retrieval import RetrievalEvaluation

SUBJECT_LIMIT = 100  # SNS: ASCII, less than 100 characters
# The step that ends a refused run. Its failure is no news: the refusal was told already.
REFUSED_STEP = "Refused"
# What SageMaker writes around the words of our own functions.
_OUR_WORDS = re.compile(r"^.*\bPlatformError: ", re.DOTALL)


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        about: what it is about; the same again is not published.
        subject: ASCII, at most 99 characters.
        text: for people.
        reason: the one line.
        metric: the CloudWatch metric that counts this kind.
        run_id: of the training run that it is about, the correlation id of its story; empty where none is known.
    """

    about: str
    subject: str
    text: str
    reason: str
    metric: str
    run_id: str = ""


def refused(run_id: str, execution_arn: str, evaluation: Evaluation | RetrievalEvaluation) -> Message:
    """The gate let the version of this run not into the registry."""
    reason = "; ".join(evaluation.gate.reasons) or "the gate was not passed"
    embedder = isinstance(evaluation, RetrievalEvaluation)
    going_on = "similar drawings are searched as before" if embedder else "the released version goes on reading"
    status = "drawingops train status --target embedder" if embedder else "drawingops train status"
    looked_at = "drawings" if embedder else "labels"
    return Message(
        about=f"refused {execution_arn}",
        subject=subject(f"Training refused: {reason}"),
        text="\n".join(
            [
                reason,
                "",
                f"Training run {run_id} was refused.",
                *_figures(evaluation),
                "",
                f"Nothing was registered; {going_on}.",
                f"Execution: {execution_arn}",
                f"Look at the {looked_at} of this run: `{status}` shows them and the report.",
            ]
        ),
        reason=reason,
        metric="GateRefused",
        run_id=run_id,
    )


def _figures(evaluation: Evaluation | RetrievalEvaluation) -> list[str]:
    gate = evaluation.gate
    if isinstance(evaluation, RetrievalEvaluation):
        return [
            f"mAP on held-out drawings            {gate.accuracy:7.2%}",
            f"gain over the released embedder     {gate.champion_gain:+7.2%}",
            f"loss of mAP on drawn families       {gate.regression_drop:+7.2%}",
        ]
    new, regression = (evaluation.test_sets.get(name) for name in ("new", "regression"))
    figures = [
        f"exact on the new validation lines   {gate.accuracy:7.2%}",
        f"gain over the released version      {gate.champion_gain:+7.2%}{_chance(new)}",
        f"loss on the frozen regression set   {gate.regression_drop:+7.2%}{_chance(regression)}",
    ]
    if gate.symbol_class:
        figures.append(f"deepest fall of a symbol class      {gate.symbol_class_drop:+7.2%}  {gate.symbol_class}")
    return figures


def failed(execution_arn: str, failure: str, steps: Sequence[Mapping[str, Any]], *, run_id: str = "") -> Message | None:
    """A step of this run failed; None when it is the refusal that was told already.

    Args:
        execution_arn: of the run.
        failure: what SageMaker says of the execution as a whole.
        steps: as ListPipelineExecutionSteps answers, `FailureReason` replaced by what the job itself said.
        run_id: the run that was executed.
    """
    broken = [step for step in steps if step["StepStatus"] == "Failed"]
    if any(step["StepName"] == REFUSED_STEP for step in broken):
        return None
    lines = [f"{step['StepName']}: {in_our_words(step.get('FailureReason', ''))}" for step in broken]
    reason = "; ".join(lines) or failure or "no reason given"
    name = execution_arn.rsplit("/", 1)[1]
    return Message(
        about=f"failed {execution_arn}",
        subject=subject(f"Training failed: {reason}"),
        text="\n".join(
            [
                *(lines or [reason]),
                "",
                f"Training run {name} failed. Nothing was registered.",
                f"Execution: {execution_arn}",
                f"When the cause is gone: `drawingops train start --repeat {name}`",
            ]
        ),
        reason=reason,
        metric="TrainingRunsFailed",
        run_id=run_id,
    )


def in_our_words(reason: str) -> str:
    """What SageMaker says of a failed step, in one line; of a function of ours only what it said itself."""
    return " ".join(_OUR_WORDS.sub("", reason).split()) or "no reason given"


def _chance(tested: TestSet | None) -> str:
    if tested is None or tested.difference is None:
        return ""
    exact, confidence = tested.difference.exact, tested.difference.confidence
    verdict = "may be chance" if exact.verdict == "noise" else exact.verdict
    return f"  ({confidence:.0%} interval {exact.low:+.2%} to {exact.high:+.2%}: {verdict})"


def released(news: Mapping[str, str]) -> Message:
    """How a release ended, as its workflow says it."""
    return Message(
        about=news["about"],
        subject=subject(news["subject"]),
        text=news["text"],
        reason=news["reason"],
        metric="ReleasesTold",
        run_id=news.get("run_id", ""),
    )


def subject(text: str) -> str:
    """`text` as SNS takes it."""
    said = " ".join(text.encode("ascii", "replace").decode().split())
    return said if len(said) < SUBJECT_LIMIT else f"{said[: SUBJECT_LIMIT - 4]}..."
