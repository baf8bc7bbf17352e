"""The training pipeline as the gate sees it: busy or not, and how a run is started."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import PlatformError

BUSY = ("Executing", "Stopping")


@dataclass(frozen=True)
class Pipeline:
    """One SageMaker pipeline."""

    sagemaker: Any
    name: str

    def active_execution(self, last: str | None) -> str | None:
        """ARN of an execution that has not ended, None when there is none.

        Args:
            last: ARN of the execution that was started last. It is asked for by itself, since a list may not show yet
                what was started a moment ago; the list shows what was started by another way.
        """
        if last and self._status(last) in BUSY:
            return last
        for item in self._newest():
            if item["PipelineExecutionStatus"] in BUSY:
                return str(item["PipelineExecutionArn"])
        return None

    def find(self, display_name: str) -> str | None:
        """ARN of the execution that was started under this name, None when there is none.

        For a start that was interrupted long ago: nobody says how long SageMaker remembers a ClientRequestToken.
        """
        for item in self._newest():
            if item.get("PipelineExecutionDisplayName") == display_name:
                return str(item["PipelineExecutionArn"])
        return None

    def start(self, *, display_name: str, parameters: dict[str, str], token: str) -> str:
        """Starts a run and gives back its ARN; the same token again starts nothing new.

        Args:
            display_name: shown in the list of executions.
            parameters: pipeline parameters, all as strings.
            token: ClientRequestToken, 32 to 128 characters.

        Raises:
            PlatformError: SageMaker refuses the parameters.
        """
        try:
            started = self.sagemaker.start_pipeline_execution(
                PipelineName=self.name,
                PipelineExecutionDisplayName=display_name,
                PipelineParameters=[{"Name": name, "Value": value} for name, value in sorted(parameters.items())],
                ClientRequestToken=token,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException":
                raise PlatformError(
                    f"{self.name} refuses its parameters: {error.response['Error']['Message']}"
                ) from error
            raise
        return str(started["PipelineExecutionArn"])

    def _newest(self) -> list[dict[str, Any]]:
        listed = self.sagemaker.list_pipeline_executions(
            PipelineName=self.name, SortBy="CreationTime", SortOrder="Descending", MaxResults=100
        )
        found: list[dict[str, Any]] = listed["PipelineExecutionSummaries"]
        return found

    def _status(self, arn: str) -> str:
        try:
            described = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        except ClientError as error:
            # The pipeline was deleted and made anew, and its executions went with it.
            if error.response["Error"]["Code"] == "ResourceNotFound":
                return "Deleted"
            raise
        return str(described["PipelineExecutionStatus"])
