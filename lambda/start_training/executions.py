"""Executions of the training pipeline: whether one is running, and starting the next."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from shared.errors import PlatformError, error_code

ACTIVE = ("Executing", "Stopping")
# The newest executions; an older one cannot be active while newer ones have ended, since they never overlap.
LOOK_BACK = 20
# Answers that will be the same when asked again.
PERMANENT = ("ValidationException", "ResourceNotFound", "ConflictException")


class StartRefused(PlatformError):
    """SageMaker will not start this execution, now or later."""


class Executions:
    """The pipeline's executions."""

    def __init__(self, sagemaker: Any, pipeline_name: str) -> None:
        self._sagemaker = sagemaker
        self._pipeline_name = pipeline_name

    def active(self) -> str | None:
        """ARN of an execution that has not ended."""
        listed = self._sagemaker.list_pipeline_executions(
            PipelineName=self._pipeline_name, SortBy="CreationTime", SortOrder="Descending", MaxResults=LOOK_BACK
        )["PipelineExecutionSummaries"]
        for execution in listed:
            if execution["PipelineExecutionStatus"] in ACTIVE:
                return str(execution["PipelineExecutionArn"])
        return None

    def is_active(self, arn: str) -> bool:
        """Whether this very execution has not ended; the list above may be some seconds behind."""
        described = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        return described["PipelineExecutionStatus"] in ACTIVE

    def start(self, *, run_id: str, token: str, parameters: dict[str, str], description: str) -> str:
        """Starts an execution and gives back its ARN; the same token never starts a second one.

        Raises:
            StartRefused: asking again would not help.
        """
        try:
            started = self._sagemaker.start_pipeline_execution(
                PipelineName=self._pipeline_name,
                PipelineExecutionDisplayName=run_id,
                PipelineExecutionDescription=description,
                ClientRequestToken=token,
                PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
            )
        except ClientError as error:
            if error_code(error) in PERMANENT:
                message = error.response["Error"].get("Message", "")
                raise StartRefused(f"run {run_id} cannot be started: {message}") from error
            raise
        return str(started["PipelineExecutionArn"])
