"""Pipelines executed step by step."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import ACCOUNT, REGION
from tests.emulator.conftest import ROLE, Client, wait_for

HANDLER = """
def handler(event, context):
    if event.get("word") == "boom":
        raise ValueError("the base model is gone")
    return {"Answer": event["word"] + "!", "Other": 1}
"""


@pytest.fixture(scope="module")
def function(client: Client) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", HANDLER)
    name = f"step-{uuid.uuid4().hex[:8]}"
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role=ROLE,
        Code={"ZipFile": archive.getvalue()},
    )
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@pytest.fixture(scope="module")
def data(client: Client, bucket: str) -> str:
    client("s3").put_object(Bucket=bucket, Key="pipeline/a.txt", Body=b"one\ntwo\n")
    return f"s3://{bucket}/pipeline/"


def get(path: str) -> dict[str, str]:
    return {"Get": path}


def join(*values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": "/", "Values": list(values)}}


def definition(bucket: str, image: str, data: str, function: str, group: str) -> dict[str, Any]:
    """Resolve (Lambda), Prepare (Processing), Train (Training), Gate (Condition), Register or Refused."""
    prefix = join(f"s3://{bucket}/runs", get("Execution.PipelineExecutionId"), "out")
    report = join(f"s3://{bucket}/runs", get("Execution.PipelineExecutionId"), "report")
    resolve = {
        "Name": "Resolve",
        "Type": "Lambda",
        "FunctionArn": function,
        "Arguments": {"word": get("Parameters.Word")},
        "OutputParameters": [{"OutputName": "Answer", "OutputType": "String"}],
    }
    prepare = {
        "Name": "Prepare",
        "Type": "Processing",
        "DependsOn": ["Resolve"],
        "Arguments": {
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": image,
                "ContainerEntrypoint": ["prepare"],
                "ContainerArguments": [get("Parameters.Accuracy")],
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
            },
            "ProcessingInputs": [
                {
                    "InputName": "input",
                    "S3Input": {
                        "S3Uri": data,
                        "LocalPath": "/opt/ml/processing/input",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "S3Output": {
                            "S3Uri": uri,
                            "LocalPath": f"/opt/ml/processing/{name}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for name, uri in (("output", prefix), ("report", report))
                ]
            },
        },
        "PropertyFiles": [{"PropertyFileName": "Evaluation", "OutputName": "report", "FilePath": "evaluation.json"}],
    }
    train = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "HyperParameters": {
                "steps": get("Parameters.Steps"),
                "word": get("Steps.Resolve.OutputParameters['Answer']"),
                "pause": get("Parameters.Pause"),
            },
            "InputDataConfig": [
                {
                    "ChannelName": "training",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": get("Steps.Prepare.ProcessingOutputConfig.Outputs['output'].S3Output.S3Uri"),
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    }
    accuracy = {"Std:JsonGet": {"PropertyFile": get("Steps.Prepare.PropertyFiles.Evaluation"), "Path": "gate.accuracy"}}
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": group,
            "InferenceSpecification": {
                "Containers": [{"Image": image, "ModelDataUrl": get("Steps.Train.ModelArtifacts.S3ModelArtifacts")}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        },
    }
    refused = {
        "Name": "Refused",
        "Type": "Fail",
        "Arguments": {"ErrorMessage": {"Std:Join": {"On": " ", "Values": ["accuracy is", accuracy]}}},
    }
    gate = {
        "Name": "Gate",
        "Type": "Condition",
        "DependsOn": ["Train"],
        "Arguments": {
            "Conditions": [{"Type": "GreaterThanOrEqualTo", "LeftValue": accuracy, "RightValue": 0.8}],
            "IfSteps": [register],
            "ElseSteps": [refused],
        },
    }
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "Word", "Type": "String", "DefaultValue": "word"},
            {"Name": "Accuracy", "Type": "Float", "DefaultValue": 0.9},
            {"Name": "Steps", "Type": "Integer", "DefaultValue": 2},
            {"Name": "Pause", "Type": "Float", "DefaultValue": 0},
        ],
        "Steps": [train, prepare, resolve, gate],
    }


@pytest.fixture(scope="module")
def pipeline(client: Client, bucket: str, image: str, data: str, function: str) -> str:
    name = f"Pipeline-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    client("sagemaker").create_pipeline(
        PipelineName=name,
        ClientRequestToken=uuid.uuid4().hex,
        RoleArn=ROLE,
        PipelineDefinition=json.dumps(definition(bucket, image, data, function, name)),
    )
    return name


def start(client: Client, pipeline: str, **parameters: str) -> str:
    arn: str = client("sagemaker").start_pipeline_execution(
        PipelineName=pipeline,
        ClientRequestToken=uuid.uuid4().hex,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
    )["PipelineExecutionArn"]
    return arn


def finished(client: Client, arn: str) -> dict[str, Any]:
    def done() -> Any:
        found = client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
        return found if found["PipelineExecutionStatus"] in ("Succeeded", "Failed", "Stopped") else None

    execution: dict[str, Any] = wait_for(done, 40)
    return execution


def steps(client: Client, arn: str) -> dict[str, dict[str, Any]]:
    found = client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    return {step["StepName"]: step for step in found}


def test_a_pipeline_trains_passes_its_gate_and_registers_a_version(client: Client, pipeline: str) -> None:
    arn = start(client, pipeline, Accuracy="0.95")
    assert finished(client, arn)["PipelineExecutionStatus"] == "Succeeded", steps(client, arn)
    found = steps(client, arn)
    assert set(found) == {"Resolve", "Prepare", "Train", "Gate", "Register"}
    assert found["Gate"]["Metadata"]["Condition"]["Outcome"] == "True"
    package = client("sagemaker").describe_model_package(
        ModelPackageName=found["Register"]["Metadata"]["RegisterModel"]["Arn"]
    )
    assert package["ModelPackageGroupName"] == pipeline
    job = client("sagemaker").describe_training_job(
        TrainingJobName=found["Train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    )
    assert job["HyperParameters"] == {"steps": "2", "word": "word!", "pause": "0.0"}


def test_a_failed_gate_ends_in_the_fail_step_and_registers_nothing(client: Client, pipeline: str) -> None:
    arn = start(client, pipeline, Accuracy="0.5")
    assert finished(client, arn)["PipelineExecutionStatus"] == "Failed"
    found = steps(client, arn)
    assert "Register" not in found
    assert found["Refused"]["FailureReason"] == "accuracy is 0.5"
    metrics = client("cloudwatch").list_metrics(
        Namespace="AWS/Sagemaker/ModelBuildingPipeline", MetricName="ExecutionFailed"
    )["Metrics"]
    assert [{"Name": "PipelineName", "Value": pipeline}] in [each["Dimensions"] for each in metrics]


def test_a_function_that_raises_fails_its_step_and_nothing_after_it_runs(client: Client, pipeline: str) -> None:
    arn = start(client, pipeline, Word="boom")
    execution = finished(client, arn)
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    found = steps(client, arn)
    assert set(found) == {"Resolve"}
    assert "ValueError: the base model is gone" in found["Resolve"]["FailureReason"]


def test_stopping_an_execution_stops_its_job(client: Client, pipeline: str) -> None:
    arn = start(client, pipeline, Steps="1000", Pause="0.05")
    wait_for(lambda: steps(client, arn).get("Train", {}).get("Metadata"))
    client("sagemaker").stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex)
    assert finished(client, arn)["PipelineExecutionStatus"] == "Stopped"
    found = steps(client, arn)
    assert found["Train"]["StepStatus"] == "Stopped"
    assert "Gate" not in found


def test_the_same_request_token_is_the_same_execution(client: Client, pipeline: str) -> None:
    token = uuid.uuid4().hex
    request = {"PipelineName": pipeline, "ClientRequestToken": token}
    arns = {client("sagemaker").start_pipeline_execution(**request)["PipelineExecutionArn"] for _ in range(2)}
    assert len(arns) == 1
    finished(client, arns.pop())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Steps": "many"}, "Invalid value for parameter Steps: 'many' is not of type Integer"),
        ({"Step": "3"}, r"Unknown parameters: \[Step\]"),
    ],
)
def test_wrong_parameters_are_refused(client: Client, pipeline: str, parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        start(client, pipeline, **parameters)


def test_the_parameters_and_the_definition_of_an_execution_can_be_read_back(client: Client, pipeline: str) -> None:
    arn = start(client, pipeline, Word="boom")
    sagemaker = client("sagemaker")
    values = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert {"Name": "Word", "Value": "boom"} in values
    text = sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
    assert json.loads(text)["Version"] == "2020-12-01"
    listed = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
    assert listed[0]["PipelineExecutionArn"] == arn
    finished(client, arn)


def broken(change: str, bucket: str, image: str, data: str, function: str) -> str:
    document = definition(bucket, image, data, function, "group")
    train, prepare, *_ = document["Steps"]
    if change == "reference":
        train["Arguments"]["HyperParameters"]["word"] = get("Steps.Resolver.OutputParameters['Answer']")
    elif change == "parameter":
        train["Arguments"]["HyperParameters"]["word"] = get("Parameters.Words")
    elif change == "twice":
        prepare["Name"] = "Train"
    elif change == "type":
        prepare["Type"] = "Preprocessing"
    elif change == "circle":
        document["Steps"][2]["DependsOn"] = ["Train"]
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("reference", "step Train refers to step Resolver, which does not exist"),
        ("parameter", "refers to parameter Words, which is not declared"),
        ("twice", "step names must be unique: Train"),
        ("type", "is of type Preprocessing"),
        ("circle", "circular dependency"),
    ],
)
def test_a_broken_definition_is_refused(
    client: Client, bucket: str, image: str, data: str, function: str, change: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        client("sagemaker").create_pipeline(
            PipelineName=f"Broken-{uuid.uuid4().hex[:8]}",
            ClientRequestToken=uuid.uuid4().hex,
            RoleArn=ROLE,
            PipelineDefinition=broken(change, bucket, image, data, function),
        )


def test_arguments_that_the_service_would_refuse_fail_the_step(
    client: Client, bucket: str, image: str, data: str, function: str
) -> None:
    document = definition(bucket, image, data, function, "group")
    prepare = document["Steps"][1]
    prepare["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] = "ml.tiny"
    name = f"Refused-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_pipeline(
        PipelineName=name,
        ClientRequestToken=uuid.uuid4().hex,
        RoleArn=ROLE,
        PipelineDefinition=json.dumps(document),
    )
    arn = start(client, name)
    finished(client, arn)
    assert "failed to satisfy enum value set" in steps(client, arn)["Prepare"]["FailureReason"]
