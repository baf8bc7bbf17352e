"""The API of SageMaker Pipelines."""

from __future__ import annotations

import threading

from botocore.exceptions import ClientError

from emulator.api import Caller, Document, ServiceError, operation
from emulator.clients import client
from emulator.sagemaker import definition as definitions
from emulator.sagemaker.execution import Execution, Pipeline
from emulator.sagemaker.steps import RUNNERS
from emulator.sagemaker.store import Table, drop_tags, invalid, now, only, page, set_tags

PIPELINES: Table[Pipeline] = Table("pipeline")


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
        execution = Execution(caller, pipeline, request, values, RUNNERS)
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
