"""Why a training run failed or was refused, from where SageMaker and the evaluation say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drawing_ocr.evaluation.report import Evaluation, ReportError
from shared.errors import PlatformError
from shared.storage import S3Uri, read_bytes


@dataclass(frozen=True)
class RunFailure:
    """Which run failed where and why."""

    name: str
    step: str
    reason: str


class RunReports:
    """Reads them; what cannot be read any more is said so, a message goes out all the same."""

    def __init__(self, sagemaker: Any, s3: Any) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3

    def gate(self, evaluation_prefix: str) -> list[str]:
        """The gate's numbers and reasons, one line each."""
        uri = S3Uri.parse(evaluation_prefix).joined("evaluation.json")
        try:
            gate = Evaluation.parse(read_bytes(self._s3, uri), where=str(uri)).gate
        except (ReportError, PlatformError) as error:
            return [f"The evaluation cannot be read: {error}"]
        return [
            f"Accuracy on new lines {gate.accuracy:.1%}, drop on the regression set {gate.regression_drop:.1%}, "
            f"gain over the present version {gate.champion_gain:.1%}.",
            *gate.reasons,
        ]

    def failure(self, execution_arn: str) -> RunFailure:
        """The first step of the execution that failed."""
        name = self._run_id(execution_arn) or execution_arn.rsplit("/", 1)[-1]
        try:
            steps = self._sagemaker.list_pipeline_execution_steps(
                PipelineExecutionArn=execution_arn, SortOrder="Ascending"
            )["PipelineExecutionSteps"]
        except ClientError as error:
            return RunFailure(name, "unknown", f"the steps cannot be listed: {error}")
        for step in steps:
            if step.get("StepStatus") == "Failed":
                return RunFailure(name, str(step["StepName"]), str(step.get("FailureReason") or "no reason given"))
        return RunFailure(name, "unknown", "no step says that it failed: see the execution")

    def _run_id(self, execution_arn: str) -> str | None:
        try:
            described = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution_arn)
        except ClientError:
            return None
        # start_training names the execution after its run.
        name = described.get("PipelineExecutionDisplayName")
        return str(name) if name else None
