"""SageMaker Pipelines: stored, started, executed step by step."""

from __future__ import annotations

import json
import logging
import secrets
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from emulator import logs
from emulator.api import Caller, Document, ServiceError, call, check_request, operation
from emulator.clients import client
from emulator.events import targets
from emulator.sagemaker import definition as definitions
from emulator.sagemaker import objects, processing, training
from emulator.sagemaker.definition import Definition, Results, Unresolved, fitted
from emulator.sagemaker.job import wait as wait_for
from emulator.sagemaker.store import Table, as_event, drop_tags, invalid, now, only, page, set_tags

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
    document: Document
    definition: Definition
    # Start requests by their token: the same token is the same execution.
    tokens: dict[str, str] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)


PIPELINES: Table[Pipeline] = Table("pipeline")


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


class Execution:
    """One execution of a pipeline, in threads of its own."""

    def __init__(self, caller: Caller, pipeline: Pipeline, request: Document, values: dict[str, Any]) -> None:
        self.caller, self.pipeline, self.definition = caller, pipeline, pipeline.definition
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
                return _RUNNERS[step.declared["Type"]](self, step)
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


# --- what each type of step does; the answer is what later steps may refer to


def _job_failure(reason: str) -> StepFailed:
    kinds = {
        "InternalServerError": "SageMaker.JOB_INTERNAL_ERROR",
        "CapacityError": "SageMaker.CAPACITY_ERROR",
        "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
    }
    kind = next((kind for prefix, kind in kinds.items() if reason.startswith(prefix)), None)
    return StepFailed(reason, kind)


def _training(execution: Execution, step: Step) -> Document:
    name = execution.name(step)
    answer = execution.perform(step, "CreateTrainingJob", {"TrainingJobName": name})
    step.metadata = {"TrainingJob": {"Arn": answer["TrainingJobArn"]}}
    job = training.TRAINING.get(execution.caller, name)
    wait_for(job.finished, execution.stopping, job.stop)
    if job.status != "Completed":
        raise _job_failure(job.document.get("FailureReason") or f"ClientError: the training job is {job.status}")
    _property_files(execution, step, job.document)
    return job.document


def _processing(execution: Execution, step: Step) -> Document:
    name = execution.name(step)
    answer = execution.perform(step, "CreateProcessingJob", {"ProcessingJobName": name})
    step.metadata = {"ProcessingJob": {"Arn": answer["ProcessingJobArn"]}}
    job = processing.PROCESSING.get(execution.caller, name)
    wait_for(job.finished, execution.stopping, job.stop)
    if job.status != "Completed":
        raise _job_failure(job.document.get("FailureReason") or f"ClientError: the processing job is {job.status}")
    _property_files(execution, step, job.document)
    inputs = [{"InputName": each["InputName"], **each} for each in job.document.get("ProcessingInputs", [])]
    return {**job.document, "ProcessingInputs": inputs}


def _property_files(execution: Execution, step: Step, document: Document) -> None:
    outputs = document.get("ProcessingOutputConfig", {}).get("Outputs", [])
    where = {each["OutputName"]: each["S3Output"]["S3Uri"] for each in outputs}
    for file in step.declared.get("PropertyFiles", []):
        if file["OutputName"] not in where:
            raise StepFailed(
                f"ClientError: property file {file['PropertyFileName']}: there is no output {file['OutputName']}"
            )
        uri = f"{where[file['OutputName']].rstrip('/')}/{file['FilePath']}"
        execution.results.property_files[step.name, file["PropertyFileName"]] = uri


def _lambda(execution: Execution, step: Step) -> Document:
    function = execution.results.resolve(step.declared["FunctionArn"])
    wanted = [each["OutputName"] for each in step.declared.get("OutputParameters", [])]
    step.metadata = {"Lambda": {"Arn": function}}
    event = execution.results.resolve(step.declared.get("Arguments", {}))
    try:
        answer = client("lambda", execution.caller.region).invoke(FunctionName=function, Payload=json.dumps(event))
    except ClientError as error:
        raise StepFailed(f"ClientError: Lambda invocation failed: {error}", "Step.SERVICE_FAULT") from error
    result = json.loads(answer["Payload"].read() or "null")
    if "FunctionError" in answer:
        message = f"{result.get('errorType')}: {result.get('errorMessage')}"
        raise StepFailed(f"ClientError: The lambda function returned an error: {message}")
    if missing := [name for name in wanted if not isinstance(result, dict) or name not in result]:
        raise StepFailed(f"ClientError: the answer of {function} lacks the output parameters {', '.join(missing)}")
    values = {name: result[name] for name in wanted}
    step.metadata["Lambda"]["OutputParameters"] = [
        {"Name": name, "Value": definitions.as_text(value)} for name, value in values.items()
    ]
    return {"OutputParameters": values}


def _condition(execution: Execution, step: Step) -> Document:
    conditions = step.declared["Arguments"]["Conditions"]
    outcome = "True" if all(definitions.holds(each, execution.results) for each in conditions) else "False"
    step.metadata = {"Condition": {"Outcome": outcome}}
    return {"Outcome": outcome}


def _fail(execution: Execution, step: Step) -> Document:
    message = definitions.as_text(execution.results.resolve(step.declared["Arguments"]["ErrorMessage"]))
    step.metadata = {"Fail": {"ErrorMessage": message[:3072]}}
    raise StepFailed(message)


def _register_model(execution: Execution, step: Step) -> Document:
    answer = execution.perform(step, "CreateModelPackage", {})
    arn = answer["ModelPackageArn"]
    step.metadata = {"RegisterModel": {"Arn": arn}}
    return call("sagemaker", "DescribeModelPackage", {"ModelPackageName": arn}, execution.caller)


def _model(execution: Execution, step: Step) -> Document:
    name = execution.name(step)
    answer = execution.perform(step, "CreateModel", {"ModelName": name})
    step.metadata = {"Model": {"Arn": answer["ModelArn"]}}
    return call("sagemaker", "DescribeModel", {"ModelName": name}, execution.caller)


_RUNNERS: dict[str, Callable[[Execution, Step], Document]] = {
    "Training": _training,
    "Processing": _processing,
    "Lambda": _lambda,
    "Condition": _condition,
    "Fail": _fail,
    "RegisterModel": _register_model,
    "Model": _model,
}


# --- the API


def _definition_text(request: Document, caller: Caller) -> str:
    if "PipelineDefinition" in request:
        return str(request["PipelineDefinition"])
    if "PipelineDefinitionS3Location" not in request:
        raise invalid("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
    where = request["PipelineDefinitionS3Location"]
    try:
        found = client("s3", caller.region).get_object(Bucket=where["Bucket"], Key=where["ObjectKey"])
    except ClientError as error:
        raise invalid(
            f"Could not read the pipeline definition s3://{where['Bucket']}/{where['ObjectKey']}: {error}"
        ) from error
    return str(found["Body"].read().decode())


@operation("sagemaker", "CreatePipeline")
def create_pipeline(request: Document, caller: Caller) -> Document:
    name = request["PipelineName"]
    definition = definitions.parse(_definition_text(request, caller))
    arn = PIPELINES.arn(caller, name)
    if PIPELINES.find(caller, name):
        raise invalid(
            "Pipeline names must be unique within an AWS account and region. "
            f"Pipeline with name ({name}) already exists."
        )
    document = {
        "PipelineArn": arn,
        "PipelineName": name,
        "PipelineDisplayName": request.get("PipelineDisplayName", name),
        "PipelineDefinition": definition.text,
        "RoleArn": request["RoleArn"],
        "PipelineStatus": "Active",
        "CreationTime": now(),
        "LastModifiedTime": now(),
        "CreatedBy": {},
        "LastModifiedBy": {},
        **only(request, ["PipelineDescription", "ParallelismConfiguration"]),
    }
    PIPELINES.add(caller, name, Pipeline(document, definition))
    set_tags(arn, request.get("Tags"))
    return {"PipelineArn": arn}


def _pipeline(caller: Caller, name: str) -> Pipeline:
    found = PIPELINES.find(caller, name)
    if found is None:  # the ARN has the name in lower case
        found = next((each for each in PIPELINES.all(caller) if each.document["PipelineArn"] == name), None)
    if found is None:
        arn = name if name.startswith("arn:") else PIPELINES.arn(caller, name)
        raise ServiceError("ResourceNotFound", f"Pipeline '{arn}' does not exist.")
    return found


@operation("sagemaker", "UpdatePipeline")
def update_pipeline(request: Document, caller: Caller) -> Document:
    pipeline = _pipeline(caller, request["PipelineName"])
    if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
        pipeline.definition = definitions.parse(_definition_text(request, caller))
        pipeline.document["PipelineDefinition"] = pipeline.definition.text
    changed = ["PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration"]
    pipeline.document |= {**only(request, changed), "LastModifiedTime": now()}
    return {"PipelineArn": pipeline.document["PipelineArn"]}


@operation("sagemaker", "DescribePipeline")
def describe_pipeline(request: Document, caller: Caller) -> Document:
    pipeline = _pipeline(caller, request["PipelineName"])
    last = pipeline.executions[-1].document["CreationTime"] if pipeline.executions else None
    return {**pipeline.document, **({"LastRunTime": last} if last else {})}


@operation("sagemaker", "ListPipelines")
def list_pipelines(request: Document, caller: Caller) -> Document:
    members = (
        "PipelineArn",
        "PipelineName",
        "PipelineDisplayName",
        "PipelineDescription",
        "RoleArn",
        "CreationTime",
        "LastModifiedTime",
        "LastExecutionTime",
    )
    prefix = request.get("PipelineNamePrefix", "")
    found = [each.document for each in PIPELINES.all(caller) if each.document["PipelineName"].startswith(prefix)]
    return page(request, found, "PipelineSummaries", name="PipelineName", summary=lambda item: only(item, members))


@operation("sagemaker", "DeletePipeline")
def delete_pipeline(request: Document, caller: Caller) -> Document:
    pipeline = _pipeline(caller, request["PipelineName"])
    if any(each.status in ("Executing", "Stopping") for each in pipeline.executions):
        arn = pipeline.document["PipelineArn"]
        raise ServiceError("ConflictException", f"Pipeline '{arn}' has running executions: stop them first")
    PIPELINES.remove(caller, pipeline.document["PipelineName"])
    drop_tags(pipeline.document["PipelineArn"])
    return {"PipelineArn": pipeline.document["PipelineArn"]}


_start_lock = threading.Lock()


@operation("sagemaker", "StartPipelineExecution")
def start_pipeline_execution(request: Document, caller: Caller) -> Document:
    pipeline = _pipeline(caller, request["PipelineName"])
    with _start_lock:
        token = request["ClientRequestToken"]
        if token in pipeline.tokens:
            return {"PipelineExecutionArn": pipeline.tokens[token]}
        values = definitions.parameter_values(pipeline.definition, request.get("PipelineParameters", []))
        execution = Execution(caller, pipeline, request, values)
        pipeline.tokens[token] = execution.arn
        pipeline.executions.append(execution)
    execution.start()
    return {"PipelineExecutionArn": execution.arn}


def _execution(caller: Caller, arn: str) -> Execution:
    for pipeline in PIPELINES.all(caller):
        for each in pipeline.executions:
            if each.arn == arn:
                return each
    raise ServiceError("ResourceNotFound", f"Pipeline execution '{arn}' does not exist.")


@operation("sagemaker", "DescribePipelineExecution")
def describe_pipeline_execution(request: Document, caller: Caller) -> Document:
    return _execution(caller, request["PipelineExecutionArn"]).document


@operation("sagemaker", "StopPipelineExecution")
def stop_pipeline_execution(request: Document, caller: Caller) -> Document:
    execution = _execution(caller, request["PipelineExecutionArn"])
    execution.stop()
    return {"PipelineExecutionArn": execution.arn}


@operation("sagemaker", "ListPipelineExecutions")
def list_pipeline_executions(request: Document, caller: Caller) -> Document:
    def summary(item: Document) -> Document:
        found = only(
            item,
            [
                "PipelineExecutionArn",
                "PipelineExecutionStatus",
                "PipelineExecutionDescription",
                "PipelineExecutionDisplayName",
            ],
        )
        found |= {"StartTime": item["CreationTime"]}
        if "FailureReason" in item:
            found["PipelineExecutionFailureReason"] = item["FailureReason"]
        return found

    found = [each.document for each in _pipeline(caller, request["PipelineName"]).executions]
    wanted = {
        **request,
        "CreationTimeAfter": request.get("CreatedAfter"),
        "CreationTimeBefore": request.get("CreatedBefore"),
    }
    wanted = {key: value for key, value in wanted.items() if value is not None and key != "SortBy"}
    return page(wanted, found, "PipelineExecutionSummaries", name="PipelineExecutionArn", summary=summary)


@operation("sagemaker", "ListPipelineExecutionSteps")
def list_pipeline_execution_steps(request: Document, caller: Caller) -> Document:
    execution = _execution(caller, request["PipelineExecutionArn"])
    return page(
        request,
        [step.describe() for step in list(execution.steps.values())],
        "PipelineExecutionSteps",
        name="StepName",
        created="StartTime",
    )


@operation("sagemaker", "ListPipelineParametersForExecution")
def list_pipeline_parameters_for_execution(request: Document, caller: Caller) -> Document:
    execution = _execution(caller, request["PipelineExecutionArn"])
    values = execution.results.parameters
    return {
        "PipelineParameters": [{"Name": name, "Value": definitions.as_text(value)} for name, value in values.items()]
    }


@operation("sagemaker", "DescribePipelineDefinitionForExecution")
def describe_pipeline_definition_for_execution(request: Document, caller: Caller) -> Document:
    execution = _execution(caller, request["PipelineExecutionArn"])
    return {"PipelineDefinition": execution.definition.text, "CreationTime": execution.document["CreationTime"]}
