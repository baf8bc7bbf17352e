"""One execution of a pipeline: its steps in the order of what they need, retries, status, events."""

from __future__ import annotations

import json
import logging
import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from emulator import logs
from emulator.api import Caller, Document, ServiceError, call, check_request
from emulator.clients import client
from emulator.events import targets
from emulator.sagemaker import definition as definitions
from emulator.sagemaker import objects
from emulator.sagemaker.definition import Definition, Results, Unresolved, fitted
from emulator.sagemaker.store import as_event, invalid, now, only

log = logging.getLogger(__name__)

_SERVICE = "aws.sagemaker"
# https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
_METRICS = {
    "Executing": "ExecutionStarted",
    "Succeeded": "ExecutionSucceeded",
    "Failed": "ExecutionFailed",
    "Stopped": "ExecutionStopped",
}
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass
class Pipeline:
    """What was created, and what was started of it."""

    document: Document
    definition: Definition
    # Start requests by their token: the same token is the same execution.
    tokens: dict[str, str] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)


@dataclass
class Step:
    """One step that was reached."""

    declared: Document
    status: str = "Starting"
    start: datetime = field(default_factory=now)
    end: datetime | None = None
    failure: str | None = None
    metadata: Document = field(default_factory=dict)
    attempts: int = 1

    @property
    def name(self) -> str:
        return str(self.declared["Name"])

    def describe(self) -> Document:
        found = {
            "StepName": self.name,
            "StepDisplayName": self.declared.get("DisplayName"),
            "StepDescription": self.declared.get("Description"),
            "StartTime": self.start,
            "EndTime": self.end,
            "StepStatus": self.status,
            "FailureReason": self.failure[:3072] if self.failure else None,
            "Metadata": self.metadata or None,
            "AttemptCount": self.attempts,
        }
        return {key: value for key, value in found.items() if value is not None}


class StepFailed(Exception):
    """A step ended badly. `kind`: the exception type that retry policies name, where there is one."""

    def __init__(self, reason: str, kind: str | None = None) -> None:
        super().__init__(reason)
        self.kind = kind


Runners = Mapping[str, Callable[["Execution", Step], Document]]
"""By the type of a step: does it, and gives back what later steps may refer to. Raises `StepFailed`."""


class Execution:
    """One execution of a pipeline, in threads of its own; `runners` does the steps of each type."""

    def __init__(
        self, caller: Caller, pipeline: Pipeline, request: Document, values: dict[str, Any], runners: Runners
    ) -> None:
        self.caller, self.pipeline, self.definition = caller, pipeline, pipeline.definition
        self._runners = runners
        self.id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
        self.arn = f"{pipeline.document['PipelineArn']}/execution/{self.id}"
        self.given = request.get("PipelineParameters", [])
        self.document: Document = {
            "PipelineArn": pipeline.document["PipelineArn"],
            "PipelineExecutionArn": self.arn,
            "PipelineExecutionDisplayName": request.get(
                "PipelineExecutionDisplayName", f"execution-{int(time.time() * 1000)}"
            ),
            "PipelineExecutionStatus": "Executing",
            "CreationTime": now(),
            "LastModifiedTime": now(),
            "CreatedBy": {},
            "LastModifiedBy": {},
            **only(request, ["PipelineExecutionDescription", "ParallelismConfiguration"]),
        }
        self.stopping = threading.Event()
        self.steps: dict[str, Step] = {}
        self._changed = threading.Condition()
        execution = {
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": self.arn,
            "PipelineArn": pipeline.document["PipelineArn"],
            "PipelineName": pipeline.document["PipelineName"],
            "StartDateTime": now().isoformat(),
            "CurrentDateTime": now().isoformat(),
        }
        self.results = Results(values, execution, self._read_json)
        self._event(None)

    @property
    def status(self) -> str:
        return str(self.document["PipelineExecutionStatus"])

    def start(self) -> None:
        threading.Thread(target=self._run_guarded, name=f"pipeline {self.id}", daemon=True).start()

    def stop(self) -> None:
        if self.status not in ("Executing", "Stopping"):
            raise invalid(f"Only executing pipelines can be stopped, {self.arn} is {self.status}")
        self._set_status("Stopping")
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()

    def _run_guarded(self) -> None:
        try:
            self._run()
        except Exception as error:
            log.exception("pipeline execution %s", self.arn)
            self.document["FailureReason"] = f"the emulator failed: {error!r}"
            self._set_status("Failed")

    def _run(self) -> None:
        # Steps of the branches of conditions come in when their condition was decided.
        waiting = {step["Name"]: step for step in self.definition.steps}
        with self._changed:
            while True:
                failed = any(step.status == "Failed" for step in self.steps.values())
                running = any(step.status in ("Starting", "Executing", "Stopping") for step in self.steps.values())
                if not failed and not self.stopping.is_set():
                    self._start_ready(waiting)
                    running = running or any(step.status == "Starting" for step in self.steps.values())
                if not running:
                    # Whatever still waits can never run: it needs a step that was not reached.
                    break
                self._changed.wait(1.0)
        if any(step.status == "Failed" for step in self.steps.values()):
            self.document["FailureReason"] = "Step failure: One or multiple steps failed."
            self._set_status("Failed")
        else:
            self._set_status("Stopped" if self.stopping.is_set() else "Succeeded")

    def _start_ready(self, waiting: dict[str, Document]) -> None:
        done = {name for name, step in self.steps.items() if step.status == "Succeeded"}
        for name in [name for name, step in waiting.items() if definitions.needs(step) <= done]:
            step = self.steps[name] = Step(waiting.pop(name))
            threading.Thread(target=self._run_step, args=(step, waiting), name=f"step {name}", daemon=True).start()

    def _run_step(self, step: Step, waiting: dict[str, Document]) -> None:
        self._set_step(step, "Executing")
        try:
            result = self._attempts(step)
        except StepFailed as error:
            stopped = self.stopping.is_set()
            step.failure = None if stopped else str(error)
            step.end = now()
            self._set_step(step, "Stopped" if stopped else "Failed")
            return
        except Exception as error:
            log.exception("step %s of %s", step.name, self.arn)
            step.failure, step.end = f"the emulator failed: {error!r}", now()
            self._set_step(step, "Failed")
            return
        with self._changed:
            self.results.steps[step.name] = result
            if step.declared["Type"] == "Condition":
                branch = "IfSteps" if result["Outcome"] == "True" else "ElseSteps"
                for each in step.declared["Arguments"].get(branch, []):
                    waiting[each["Name"]] = each
        step.end = now()
        self._set_step(step, "Succeeded")

    def _attempts(self, step: Step) -> Document:
        policies = step.declared.get("RetryPolicies", [])
        while True:
            try:
                return self._runners[step.declared["Type"]](self, step)
            except Unresolved as error:
                raise StepFailed(f"ClientError: {error}") from error
            except StepFailed as error:
                policy = next((each for each in policies if error.kind in each["ExceptionType"]), None)
                if policy is None or self.stopping.is_set() or step.attempts >= policy.get("MaxAttempts", 5):
                    raise
                pause = policy.get("IntervalSeconds", 1) * policy.get("BackoffRate", 2.0) ** (step.attempts - 1)
                step.attempts += 1
                self.stopping.wait(pause)

    def _read_json(self, uri: str) -> Any:
        try:
            bucket, key = objects.split(uri)
            return json.loads(client("s3", self.caller.region).get_object(Bucket=bucket, Key=key)["Body"].read())
        except (ClientError, objects.DataError) as error:
            raise Unresolved(f"{uri} cannot be read: {error}") from error
        except ValueError as error:
            raise Unresolved(f"{uri} is not JSON: {error}") from error

    def arguments(self, step: Step, operation_name: str, more: Document) -> Document:
        """A step's arguments as a request of an operation, checked. Raises `StepFailed` or `Unresolved`."""
        model = get_service_model("sagemaker").operation_model(operation_name)
        resolved = self.results.resolve(step.declared.get("Arguments", {}))
        resolved.pop("ExperimentConfig", None)  # pipelines set their own
        request: Document = fitted({**resolved, **more}, model.input_shape)
        try:
            check_request(model, request)
        except ServiceError as error:
            raise StepFailed(
                f"ClientError: Failed to invoke sagemaker:{operation_name}. Error Details: {error}"
            ) from error
        return request

    def perform(self, step: Step, operation_name: str, more: Document) -> Document:
        request = self.arguments(step, operation_name, more)
        try:
            return call("sagemaker", operation_name, request, self.caller)
        except ServiceError as error:
            kinds = {
                "ThrottlingException": "Step.THROTTLING",
                "InternalFailure": "Step.SERVICE_FAULT",
                "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
            }
            message = f"ClientError: Failed to invoke sagemaker:{operation_name}. Error Details: {error}"
            raise StepFailed(message, kinds.get(error.code)) from error

    def name(self, step: Step) -> str:
        """Name of what a step makes, as pipelines form it."""
        suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10))
        return f"pipelines-{self.id}-{step.name[:29]}-{suffix}"

    def _set_status(self, status: str) -> None:
        before = self.status
        self.document |= {"PipelineExecutionStatus": status, "LastModifiedTime": now()}
        self._event(before)

    def _set_step(self, step: Step, status: str) -> None:
        before = step.status
        with self._changed:
            step.status = status
            self.document["LastModifiedTime"] = now()
            self._changed.notify_all()
        detail = {
            "metadata": step.metadata,
            "stepStartTime": step.start.isoformat(),
            "stepEndTime": step.end.isoformat() if step.end else None,
            "stepName": step.name,
            "stepType": step.declared["Type"],
            "previousStepStatus": before,
            "currentStepStatus": status,
            "pipelineArn": self.document["PipelineArn"],
            "pipelineExecutionArn": self.arn,
            **({"failureReason": step.failure} if step.failure else {}),
        }
        kind = "SageMaker Model Building Pipeline Execution Step Status Change"
        targets.send(self.caller, _SERVICE, kind, as_event(detail), [self.document["PipelineArn"], self.arn])

    def _event(self, before: str | None) -> None:
        ended = self.status in ("Succeeded", "Failed", "Stopped")
        detail = {
            "pipelineExecutionDisplayName": self.document["PipelineExecutionDisplayName"],
            "pipelineExecutionDescription": self.document.get("PipelineExecutionDescription", ""),
            "currentPipelineExecutionStatus": self.status,
            "previousPipelineExecutionStatus": before,
            "executionStartTime": self.document["CreationTime"].isoformat(),
            **({"executionEndTime": self.document["LastModifiedTime"].isoformat()} if ended else {}),
            "pipelineArn": self.document["PipelineArn"],
            "pipelineExecutionArn": self.arn,
        }
        kind = "SageMaker Model Building Pipeline Execution Status Change"
        targets.send(self.caller, _SERVICE, kind, detail, [self.document["PipelineArn"], self.arn])
        if metric := _METRICS.get(self.status):
            dimensions = {"PipelineName": self.pipeline.document["PipelineName"]}
            logs.put_metric(self.caller, "AWS/Sagemaker/ModelBuildingPipeline", metric, 1.0, "Count", dimensions)
