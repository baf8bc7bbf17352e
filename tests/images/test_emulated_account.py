"""The emulated account with `--runtime container`: jobs and endpoints in their real images, with no network but it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import cv2
import pytest

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.sheet import draw_sheet
from emulator import ACCOUNT, DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, environment, lifetime
from tests.emulator.conftest import free_port
from tests.images.conftest import ROOT, Podman

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

BUCKET = "in-containers"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/containers"
CLUSTER = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
# What the two Dockerfiles copy.
SOURCES = ("containers/inference", "containers/training", "drawing_ocr", "requirements")
HYPERPARAMETERS = {"epochs": "1", "batch_size": "8", "processes": "1", "seed": "1", "max_seconds": "3"}
FINISHED = ("Completed", "Failed", "Stopped")


class Account:
    """The account and its clients."""

    def __init__(self, running: lifetime.Running) -> None:
        self.port = running.port
        self._session = boto3.session.Session(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, region_name=REGION)
        self.s3, self.sagemaker = self.client("s3"), self.client("sagemaker")

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=f"http://localhost:{self.port}")

    def upload(self, folder: Path, prefix: str) -> str:
        """The S3 prefix that a folder, or one file, lies under."""
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if path.is_file():
                name = path.name if folder.is_file() else path.relative_to(folder).as_posix()
                self.s3.upload_file(str(path), BUCKET, f"{prefix}/{name}")
        return f"s3://{BUCKET}/{prefix}/"

    def docker(self, *arguments: str, context: Path) -> None:
        """The `docker` that the CDK would call."""
        variables = {**os.environ, **environment(self.port)}
        subprocess.run([variables["CDK_DOCKER"], *arguments], cwd=context, env=variables, check=True)


@pytest.fixture(scope="module")
def account(
    podman: Podman, training_image: str, inference_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """An account whose registry has both images; their layers were built before, so building them again is quick."""
    del training_image, inference_image
    state_dir = tmp_path_factory.mktemp("account")
    account = Account(lifetime.up(free_port(), state_dir, "container"))
    account.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    context = tmp_path_factory.mktemp("context")
    for source in SOURCES:
        shutil.copytree(ROOT / source, context / source, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("training", "inference"):
        account.client("ecr").create_repository(repositoryName=name)
        dockerfile = f"containers/{name}/Dockerfile"
        account.docker("build", "--tag", uri(name), "--file", dockerfile, ".", context=context)
        account.docker("push", uri(name), context=context)
    yield account
    lifetime.down(state_dir)
    left = podman.run("ps", "--all", "--quiet", "--filter", f"label=drawing-emulator={state_dir}").stdout
    assert left == "", "the account left containers behind"


def uri(name: str) -> str:
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}:tested"


def finished(describe: Callable[[], dict[str, Any]], status: str, seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (found := describe())[status] not in (*FINISHED, "InService"):
        assert time.monotonic() < deadline, f"{found[status]} after {seconds:.0f} s"
        time.sleep(0.2)
    return found


def run_processing(account: Account, name: str, entrypoint: list[str], inputs: dict[str, str]) -> dict[str, Any]:
    start_processing(account, name, entrypoint, inputs)
    return finished(lambda: account.sagemaker.describe_processing_job(ProcessingJobName=name), "ProcessingJobStatus")


def start_processing(account: Account, name: str, entrypoint: list[str], inputs: dict[str, str]) -> None:
    account.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": uri("training"), "ContainerEntrypoint": entrypoint},
        ProcessingInputs=[
            {
                "InputName": key,
                "S3Input": {
                    "S3Uri": source,
                    "LocalPath": f"/opt/ml/processing/{key}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for key, source in inputs.items()
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": key,
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}/{key}/",
                        "LocalPath": f"/opt/ml/processing/{key}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for key in ("dataset", "quarantine")
            ]
        },
        ProcessingResources={"ClusterConfig": CLUSTER},
    )


@pytest.fixture(scope="module")
def base_model(account: Account, official: Path) -> str:
    return account.upload(official, "official")


@pytest.fixture(scope="module")
def dataset(account: Account, base_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Prepare made of one labelled batch; it fetched the pictures from the account itself."""
    folder = tmp_path_factory.mktemp("prepare")
    account.upload(write_batch(folder / "batch", 2, seed=5, processes=1).parent, "labels/one")
    manifest = ManifestReference(uri=f"s3://{BUCKET}/labels/one/manifest.jsonl")
    (folder / "run.json").write_text(RunManifest(run_id="r", manifests=(manifest,)).to_json())
    inputs = {"run": account.upload(folder / "run.json", "run"), "model": base_model}
    job = run_processing(account, "prepare", ["prepare"], inputs)
    assert job["ProcessingJobStatus"] == "Completed", job
    check = account.s3.get_object(Bucket=BUCKET, Key="prepare/dataset/check.json")["Body"].read()
    assert json.loads(check)["check_pass"] is True
    return f"s3://{BUCKET}/prepare/dataset/"


def test_a_trained_model_goes_from_job_to_job_in_containers(account: Account, dataset: str, base_model: str) -> None:
    # The frozen set has a thousand files; a dataset has the same layout, and forgetting is not what is tested here.
    channels = {"training": dataset, "model": base_model, "regression": dataset}
    account.sagemaker.create_training_job(
        TrainingJobName="train",
        RoleArn=ROLE,
        AlgorithmSpecification={
            "TrainingImage": uri("training"),
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "val_exact", "Regex": r"val_exact=(\S+)"}],
        },
        HyperParameters=HYPERPARAMETERS,
        InputDataConfig=[
            {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}}}
            for name, source in channels.items()
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
        ResourceConfig=CLUSTER,
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints"},
    )
    job = finished(lambda: account.sagemaker.describe_training_job(TrainingJobName="train"), "TrainingJobStatus")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [metric["MetricName"] for metric in job["FinalMetricDataList"]] == ["val_exact"]

    model = {
        "Image": uri("inference"),
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        "Environment": {"MODEL_PACKAGE_VERSION": "7"},
    }
    account.sagemaker.create_model(ModelName="trained", PrimaryContainer=model, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "reader",
        "ModelName": "trained",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.xlarge",
    }
    account.sagemaker.create_endpoint_config(EndpointConfigName="trained", ProductionVariants=[variant])
    account.sagemaker.create_endpoint(EndpointName="reader", EndpointConfigName="trained")
    endpoint = finished(lambda: account.sagemaker.describe_endpoint(EndpointName="reader"), "EndpointStatus")
    assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")

    sheet, annotation = draw_sheet(11)
    answer = account.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="reader", Body=cv2.imencode(".png", sheet)[1].tobytes(), ContentType="image/png"
    )
    read = json.loads(answer["Body"].read())
    assert (read["width"], read["height"]) == (annotation.width, annotation.height)
    assert len(read["predictions"]) > len(annotation.regions) / 4
    assert read["model"]["version"] == "7"
    account.sagemaker.delete_endpoint(EndpointName="reader")


def test_a_container_reaches_the_account_and_nothing_else(account: Account, tmp_path: Path) -> None:
    (tmp_path / "look.py").write_text(
        "import boto3, os, socket, sys\n"
        f"assert [bucket['Name'] for bucket in boto3.client('s3').list_buckets()['Buckets']] == ['{BUCKET}']\n"
        "interfaces = os.listdir('/sys/class/net')\n"
        "sys.exit(0 if interfaces == ['lo'] else f'there are other networks: {interfaces}')\n"
    )
    inputs = {"program": account.upload(tmp_path / "look.py", "programs")}
    job = run_processing(account, "network", ["python3", "/opt/ml/processing/program/look.py"], inputs)
    assert job["ProcessingJobStatus"] == "Completed", job


def test_a_stopped_job_gets_sigterm_and_is_gone_from_podman(account: Account, podman: Podman, tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(
        "import signal, sys, time\n"
        "def leave(*_):\n    print('left in order', flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "print('began', flush=True)\n"
        "time.sleep(600)\n"
    )
    inputs = {"program": account.upload(tmp_path / "endless.py", "programs")}
    start_processing(account, "endless", ["python3", "/opt/ml/processing/program/endless.py"], inputs)
    deadline = time.monotonic() + 30
    while "began" not in lines(account, "endless"):
        assert time.monotonic() < deadline, "the container did not begin"
        time.sleep(0.2)
    account.sagemaker.stop_processing_job(ProcessingJobName="endless")
    job = finished(
        lambda: account.sagemaker.describe_processing_job(ProcessingJobName="endless"), "ProcessingJobStatus", 20
    )
    assert job["ProcessingJobStatus"] == "Stopped"
    assert lines(account, "endless") == ["began", "left in order"]
    assert podman.run("ps", "--all", "--quiet", "--filter", "label=drawing-emulator").stdout == ""


def lines(account: Account, job: str) -> list[str]:
    """What a processing job printed so far."""
    logs = account.client("logs")
    try:
        found = logs.filter_log_events(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{job}/")
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in found["events"]]
