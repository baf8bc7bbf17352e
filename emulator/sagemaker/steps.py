"""What each type of pipeline step does; the answer is what later steps may refer to."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from emulator.api import Document, call
from emulator.clients import client
from emulator.sagemaker import definition as definitions
from emulator.sagemaker import processing, training
from emulator.sagemaker.execution import Execution, Runners, Step, StepFailed
from emulator.sagemaker.job import wait as wait_for


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


RUNNERS: Runners = {
    "Training": _training,
    "Processing": _processing,
    "Lambda": _lambda,
    "Condition": _condition,
    "Fail": _fail,
    "RegisterModel": _register_model,
    "Model": _model,
}
