"""Step Functions' own integration with SageMaker's jobs, which moto's interpreter knows by name only.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html: `…:sagemaker:createProcessingJob` starts a
job, `….sync` also waits for it and fails as it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator import clients
from emulator.patching import replace
from emulator.sagemaker.store import as_event

_ENDED_WELL = ("Completed",)
_ENDED = (*_ENDED_WELL, "Failed", "Stopped")


class SageMakerJobs(StateTaskServiceCallback):
    """createProcessingJob, createTrainingJob, createTransformJob and createLabelingJob."""

    def __init__(self) -> None:
        # The second is no pattern of SageMaker's; without it moto's waiting ends in an AttributeError of its own.
        patterns: Any = {ResourceCondition.Sync, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    @property
    def _kind(self) -> str:
        """`ProcessingJob` of `createProcessingJob`."""
        return str(self.resource.api_action).removeprefix("create")

    def _validate_service_integration_is_supported(self) -> None:
        known = ("ProcessingJob", "TrainingJob", "TransformJob", "LabelingJob")
        if self._kind not in known:
            raise ValueError(f"The resource provided {self.resource.resource_arn} not recognized.")

    def _get_supported_parameters(self) -> None:
        """Unused: the account checks the request itself."""

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        del state_credentials  # the emulated account knows no other roles
        sagemaker = clients.client("sagemaker", resource_runtime_part.region)
        create = getattr(sagemaker, f"create_{_snake(self._kind)}")
        answer = create(**normalised_parameters)
        answer.pop("ResponseMetadata", None)
        env.stack.append(answer)

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], Any]:
        del state_credentials
        sagemaker = clients.client("sagemaker", resource_runtime_part.region)
        describe = getattr(sagemaker, f"describe_{_snake(self._kind)}")
        name = {f"{self._kind}Name": normalised_parameters[f"{self._kind}Name"]}
        env.stack.pop()

        def look() -> Any:
            job = as_event(describe(**name))
            job.pop("ResponseMetadata", None)
            if job[f"{self._kind}Status"] not in _ENDED:
                return None
            if job[f"{self._kind}Status"] in _ENDED_WELL:
                return job
            failed = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
            raise FailureEventException(self._failure(env, failed, to_json_str(job)))

        return look

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            code = ex.response["Error"]["Code"]
            # Only errors of SageMaker's own model have a name; the others are the SDK's general one.
            name = code if code.startswith("Resource") else "AmazonSageMaker"
            refused = CustomErrorName(f"SageMaker.{name}Exception")
            return self._failure(env, refused, ex.response["Error"]["Message"])
        failure: FailureEvent = super()._from_error(env=env, ex=ex)
        return failure

    def _failure(self, env: Any, error: ErrorName, cause: str) -> FailureEvent:
        details = TaskFailedEventDetails(
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
            error=error.error_name,
            cause=cause,
        )
        described: Any = {"taskFailedEventDetails": details}
        return FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.TaskFailed,
            event_details=described,
        )


def _snake(kind: str) -> str:
    return kind.removesuffix("Job").lower() + "_job"


def install() -> None:
    """Makes moto's interpreter use `SageMakerJobs`."""
    factory: Any = state_task_factory
    others = factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        return SageMakerJobs() if service_name == "sagemaker" else others(service_name=service_name)

    replace(factory, "state_task_service_for", service_for)
    # `arn:aws:states:::aws-sdk:sagemaker:…` fails with SageMaker.…Exception; moto would write it small.
    aws_sdk._SERVICE_ERROR_NAMES["sagemaker"] = "SageMaker"
