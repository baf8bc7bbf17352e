"""Training and processing jobs under SageMaker's file contract."""

from __future__ import annotations

import io
import json
import tarfile
import urllib.request
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import lifetime
from tests.emulator.conftest import ROLE, Client, wait_for

FINISHED = ("Completed", "Failed", "Stopped")


@pytest.fixture(scope="module")
def data(client: Client, bucket: str) -> str:
    client("s3").put_object(Bucket=bucket, Key="data/a.txt", Body=b"one\ntwo\n")
    client("s3").put_object(Bucket=bucket, Key="data/b.txt", Body=b"three\n")
    return f"s3://{bucket}/data/"


def training_request(bucket: str, image: str, data: str, parameters: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": f"job-{uuid.uuid4().hex[:8]}",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
        },
        "HyperParameters": parameters,
        "InputDataConfig": [
            {"ChannelName": "training", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}}}
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **more,
    }


def run_training(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    sagemaker = client("sagemaker")
    sagemaker.create_training_job(**request)

    def finished() -> Any:
        job = sagemaker.describe_training_job(TrainingJobName=request["TrainingJobName"])
        return job if job["TrainingJobStatus"] in FINISHED else None

    job: dict[str, Any] = wait_for(finished)
    return job


def content(client: Client, uri: str) -> dict[str, bytes]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]


def messages(client: Client, group: str, stream: str) -> list[str]:
    events = client("logs").filter_log_events(logGroupName=group, logStreamNamePrefix=stream)["events"]
    return [event["message"] for event in events]


def test_a_training_job_reads_its_channels_and_leaves_a_model_archive(
    client: Client, bucket: str, image: str, data: str
) -> None:
    job = run_training(client, training_request(bucket, image, data, {"word": "w"}, Environment={"EXTRA": "given"}))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    model = json.loads(content(client, job["ModelArtifacts"]["S3ModelArtifacts"])["model.json"])
    assert model == {"rows": 3, "greeting": "hello from the image", "word": "w", "extra": "given"}
    output = job["ModelArtifacts"]["S3ModelArtifacts"].replace("model.tar.gz", "output.tar.gz")
    assert content(client, output) == {"train.log": b"done"}
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]


def test_what_a_job_prints_is_in_its_log_stream_and_its_metrics_are_measured(
    client: Client, bucket: str, image: str, data: str
) -> None:
    job = run_training(client, training_request(bucket, image, data, {"steps": "4"}))
    assert [metric["MetricName"] for metric in job["FinalMetricDataList"]] == ["loss"]
    assert job["FinalMetricDataList"][0]["Value"] == pytest.approx(0.25)
    lines = messages(client, "/aws/sagemaker/TrainingJobs", job["TrainingJobName"])
    assert "step=3 loss=0.2500" in lines
    found = client("cloudwatch").list_metrics(Namespace="/aws/sagemaker/TrainingJobs", MetricName="loss")["Metrics"]
    assert any(d["Value"] == job["TrainingJobName"] for metric in found for d in metric["Dimensions"])


def test_the_failure_file_is_the_failure_reason(client: Client, bucket: str, image: str, data: str) -> None:
    job = run_training(client, training_request(bucket, image, data, {"fail": "epochs must be positive"}))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: epochs must be positive, exit code: 3"


def test_an_empty_channel_fails_the_job(client: Client, bucket: str, image: str) -> None:
    job = run_training(client, training_request(bucket, image, f"s3://{bucket}/nothing/", {}))
    assert job["TrainingJobStatus"] == "Failed"
    assert "No S3 objects found" in job["FailureReason"]


def test_a_stopped_job_gets_sigterm_and_keeps_its_checkpoint(
    client: Client, bucket: str, image: str, data: str
) -> None:
    uri = f"s3://{bucket}/checkpoints/{uuid.uuid4().hex}"
    request = training_request(bucket, image, data, {"steps": "1000", "pause": "0.05"}, CheckpointConfig={"S3Uri": uri})
    sagemaker = client("sagemaker")
    sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    wait_for(lambda: any("step=1" in line for line in messages_or_none(client, name)))
    sagemaker.stop_training_job(TrainingJobName=name)
    job = wait_for(
        lambda: (j := sagemaker.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] == "Stopped" and j
    )
    assert job["SecondaryStatus"] == "Stopped"
    body = client("s3").get_object(Bucket=bucket, Key=f"{uri.partition(bucket + '/')[2]}/step.txt")["Body"].read()
    assert int(body) >= 1


def messages_or_none(client: Client, name: str) -> list[str]:
    try:
        return messages(client, "/aws/sagemaker/TrainingJobs", name)
    except ClientError:
        return []


def test_an_interrupted_spot_job_goes_on_from_its_checkpoint(
    client: Client, account: lifetime.Running, bucket: str, image: str, data: str
) -> None:
    request = training_request(
        bucket,
        image,
        data,
        {"steps": "100", "pause": "0.05"},
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
        CheckpointConfig={"S3Uri": f"s3://{bucket}/checkpoints/{uuid.uuid4().hex}"},
    )
    sagemaker, name = client("sagemaker"), request["TrainingJobName"]
    sagemaker.create_training_job(**request)
    wait_for(lambda: any("step=5" in line for line in messages_or_none(client, name)))
    urllib.request.urlopen(urllib.request.Request(f"{account.url}/emulator/interrupt/{name}", method="POST")).close()
    job = wait_for(
        lambda: (j := sagemaker.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] in FINISHED and j
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "Interrupted" in [each["Status"] for each in job["SecondaryStatusTransitions"]]
    starts = [line for line in messages_or_none(client, name) if line.startswith("started at step")]
    assert len(starts) == 2, starts
    assert starts[0] == "started at step 0"
    assert int(starts[1].split()[-1]) >= 5


def test_a_job_is_ended_at_its_time_limit(client: Client, bucket: str, image: str, data: str) -> None:
    request = training_request(
        bucket, image, data, {"steps": "1000", "pause": "0.1"}, StoppingCondition={"MaxRuntimeInSeconds": 1}
    )
    job = run_training(client, request)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_name_is_used_once(client: Client, bucket: str, image: str, data: str) -> None:
    request = training_request(bucket, image, data, {})
    run_training(client, request)
    with pytest.raises(client("sagemaker").exceptions.ResourceInUse):
        client("sagemaker").create_training_job(**request)


def test_an_image_that_nobody_pushed_is_refused(client: Client, bucket: str, image: str, data: str) -> None:
    request = training_request(bucket, image, data, {})
    request["AlgorithmSpecification"]["TrainingImage"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/test:two"
    with pytest.raises(ClientError, match="not in the emulated account's registry"):
        client("sagemaker").create_training_job(**request)


def processing_request(bucket: str, image: str, data: str, arguments: list[str]) -> dict[str, Any]:
    name = f"job-{uuid.uuid4().hex[:8]}"
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": ["prepare"], "ContainerArguments": arguments},
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
                    "OutputName": output,
                    "S3Output": {
                        "S3Uri": f"s3://{bucket}/processed/{name}/{output}",
                        "LocalPath": f"/opt/ml/processing/{output}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for output in ("output", "report")
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
    }


def run_processing(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    client("sagemaker").create_processing_job(**request)

    def finished() -> Any:
        job = client("sagemaker").describe_processing_job(ProcessingJobName=request["ProcessingJobName"])
        return job if job["ProcessingJobStatus"] in FINISHED else None

    job: dict[str, Any] = wait_for(finished)
    return job


def test_a_processing_job_uploads_its_outputs(client: Client, bucket: str, image: str, data: str) -> None:
    request = processing_request(bucket, image, data, ["0.9"])
    job = run_processing(client, request)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    key = f"processed/{request['ProcessingJobName']}/output/a.txt"
    assert client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"ONE\nTWO\n"


def test_the_message_file_is_the_exit_message(client: Client, bucket: str, image: str, data: str) -> None:
    job = run_processing(client, processing_request(bucket, image, data, ["--fail"]))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == "the label file names a picture that does not exist"
    assert job["ExitMessage"] in job["FailureReason"]


def test_a_command_that_the_image_lacks_fails_the_job(client: Client, bucket: str, image: str, data: str) -> None:
    request = processing_request(bucket, image, data, ["0.5"])
    request["AppSpecification"]["ContainerEntrypoint"] = ["preparee"]
    job = run_processing(client, request)
    assert 'exec: "preparee": executable file not found' in job["FailureReason"]
