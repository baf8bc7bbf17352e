"""Training jobs: channels in, a model archive out, under SageMaker's file contract."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import threading

from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, Document, ServiceError, operation
from emulator.images import registry as images
from emulator.sagemaker import objects
from emulator.sagemaker.checkpoints import Checkpoints
from emulator.sagemaker.job import SUPPORTED_SOURCES, Job, download_source
from emulator.sagemaker.store import Table, invalid, now, only, page, set_tags


class TrainingJob(Job):
    kind = "Training"

    def __init__(self, caller: Caller, document: Document, name: str) -> None:
        super().__init__(caller, document, name)
        self._interrupted = threading.Event()

    def interrupt(self) -> None:
        """Takes the capacity away; `run` starts again from the checkpoint."""
        self._interrupted.set()
        self.terminate()

    def run(self) -> None:
        request = self.document
        self._secondary("Starting", "Preparing the instances for training")
        ml, region = self.machine.ml, self.caller.region
        self._write_configuration()
        self._secondary("Downloading", "Downloading input data")
        for channel in request.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            download_source(source, ml / "input" / "data" / channel["ChannelName"], region)
        for folder in ("model", "output/data"):
            (ml / folder).mkdir(parents=True, exist_ok=True)
        limit = float(request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400))
        request["TrainingStartTime"] = now()
        algorithm = request["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint", [])
        arguments = algorithm.get("ContainerArguments", [] if entrypoint else ["train"])
        checkpoints = self._checkpoints()
        while True:
            self._interrupted.clear()
            if checkpoints:
                checkpoints.restore()
            self._secondary("Training", "Training image download completed. Training in progress.")
            with checkpoints or contextlib.nullcontext():
                status = self.execute(
                    algorithm["TrainingImage"],
                    arguments,
                    self._variables(),
                    limit,
                    entrypoint=entrypoint,
                    metrics=algorithm.get("MetricDefinitions", []),
                )
            if not self._interrupted.is_set() or self._stopping.is_set():
                break
            # Spot capacity was taken away: the same job goes on from its last checkpoint on a fresh machine.
            self._secondary("Interrupted", "Interrupted by the control endpoint; restarting from the checkpoint")
            shutil.rmtree(ml / "model", ignore_errors=True)
            (ml / "model").mkdir()
        request["FinalMetricDataList"] = self.metrics
        started = request["TrainingStartTime"]
        seconds = int((now() - started).total_seconds())
        request |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        if status and not self._stopping.is_set() and not self._timed_out:
            self._upload_output()
            reason = (
                self.text_of("failure") or "Please use an error that the container writes to /opt/ml/output/failure"
            )
            self.fail(f"AlgorithmError: {reason}, exit code: {status}")
            return
        self._secondary("Uploading", "Uploading generated training model")
        self._upload_model()
        self._upload_output()
        if self._stopping.is_set():
            self._end("Stopped", "Stopped", "Training job stopped")
        elif self._timed_out:
            self._end("Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds")
        else:
            self._end("Completed", "Completed", "Training job completed")

    def fail(self, reason: str) -> None:
        self.document["FailureReason"] = reason[:1024]
        self._end("Failed", "Failed", reason)

    def _end(self, status: str, secondary: str, message: str) -> None:
        self._secondary(secondary, message)
        self.document["SecondaryStatusTransitions"][-1]["EndTime"] = now()
        self.set_status(status)

    def _secondary(self, status: str, message: str) -> None:
        transitions = self.document.setdefault("SecondaryStatusTransitions", [])
        if transitions and "EndTime" not in transitions[-1]:
            transitions[-1]["EndTime"] = now()
        transitions.append({"Status": status, "StartTime": now(), "StatusMessage": message[:1024]})
        self.document |= {"SecondaryStatus": status, "LastModifiedTime": now()}

    def _write_configuration(self) -> None:
        request = self.document
        folder = self.machine.ml / "input" / "config"
        folder.mkdir(parents=True)
        channels = {
            channel["ChannelName"]: {
                "TrainingInputMode": channel.get("InputMode", "File"),
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
            for channel in request.get("InputDataConfig", [])
        }
        resource = {
            "current_host": "algo-1",
            "current_instance_type": request["ResourceConfig"].get("InstanceType", "local"),
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "instance_groups": [
                {"instance_group_name": "homogeneousCluster", "instance_type": "local", "hosts": ["algo-1"]}
            ],
            "network_interface_name": "lo",
        }
        for name, content in (
            ("hyperparameters", request.get("HyperParameters", {})),
            ("inputdataconfig", channels),
            ("resourceconfig", resource),
        ):
            (folder / f"{name}.json").write_text(json.dumps(content))

    def _variables(self) -> dict[str, str]:
        request, base = self.document, self.machine.seen_inside("/opt/ml")
        channels = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
        parameters = request.get("HyperParameters", {})
        return self.variables(
            {
                "SM_MODEL_DIR": f"{base}/model",
                "SM_OUTPUT_DIR": f"{base}/output",
                "SM_OUTPUT_DATA_DIR": f"{base}/output/data",
                "SM_INPUT_DIR": f"{base}/input",
                "SM_INPUT_CONFIG_DIR": f"{base}/input/config",
                "SM_CHANNELS": json.dumps(channels),
                **{f"SM_CHANNEL_{name.upper().replace('-', '_')}": f"{base}/input/data/{name}" for name in channels},
                "SM_HPS": json.dumps(parameters),
                **{f"SM_HP_{name.upper().replace('-', '_')}": value for name, value in parameters.items()},
                "SM_HOSTS": '["algo-1"]',
                "SM_CURRENT_HOST": "algo-1",
                "SM_NUM_GPUS": "0",
                "SM_NUM_CPUS": str(os.cpu_count() or 1),
                **request.get("Environment", {}),
            },
        )

    def _checkpoints(self) -> Checkpoints | None:
        if "CheckpointConfig" not in self.document:
            return None
        configuration = self.document["CheckpointConfig"]
        folder = self.machine.path(configuration.get("LocalPath", "/opt/ml/checkpoints"))
        return Checkpoints(configuration["S3Uri"], folder, self.caller.region)

    def _upload_model(self) -> None:
        model = self.machine.ml / "model"
        if not any(model.iterdir()):
            return
        uri = self._output_uri("model.tar.gz")
        objects.upload_archive(model, uri, self.caller.region, self.machine.root / "tmp" / "model.tar.gz")
        self.document["ModelArtifacts"] = {"S3ModelArtifacts": uri}

    def _upload_output(self) -> None:
        data = self.machine.ml / "output" / "data"
        if data.exists() and any(data.iterdir()):
            uri = self._output_uri("output.tar.gz")
            objects.upload_archive(data, uri, self.caller.region, self.machine.root / "tmp" / "output.tar.gz")

    def _output_uri(self, name: str) -> str:
        return f"{self.document['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output/{name}"


TRAINING: Table[TrainingJob] = Table("training-job")

_TRAINING_KEPT = (
    "TrainingJobName",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "ExperimentConfig",
    "TensorBoardOutputConfig",
    "Environment",
    "RetryStrategy",
    "ProfilerConfig",
    "DebugHookConfig",
)


@operation("sagemaker", "CreateTrainingJob")
def create_training_job(request: Document, caller: Caller) -> Document:
    name = request["TrainingJobName"]
    algorithm = request["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        raise invalid("the emulated account trains with an image only: AlgorithmSpecification.TrainingImage is missing")
    images.resolve(algorithm["TrainingImage"])
    _check_channels(request, algorithm)
    if "ResourceConfig" not in request or "StoppingCondition" not in request:
        raise invalid("ResourceConfig and StoppingCondition are required.")
    if request.get("EnableManagedSpotTraining") and "MaxWaitTimeInSeconds" not in request["StoppingCondition"]:
        raise invalid("MaxWaitTimeInSeconds must be present when EnableManagedSpotTraining is true")
    if TRAINING.find(caller, name):
        raise ServiceError("ResourceInUse", f"Job name must be unique within an AWS account and region: {name}")
    arn = TRAINING.arn(caller, name)
    document: Document = {
        **only(request, _TRAINING_KEPT),
        "TrainingJobArn": arn,
        "CreationTime": now(),
        "LastModifiedTime": now(),
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "ModelArtifacts": {"S3ModelArtifacts": ""},
    }
    job = TRAINING.add(caller, name, TrainingJob(caller, document, name))
    job.document["ModelArtifacts"] = {"S3ModelArtifacts": job._output_uri("model.tar.gz")}
    set_tags(arn, request.get("Tags"))
    job.set_status("InProgress")
    job.start()
    return {"TrainingJobArn": arn}


def _check_channels(request: Document, algorithm: Document) -> None:
    for channel in request.get("InputDataConfig", []):
        where = channel["DataSource"].get("S3DataSource")
        if not where or where["S3DataType"] not in SUPPORTED_SOURCES:
            raise invalid(
                f"channel {channel['ChannelName']}: the emulated account reads S3Prefix and ManifestFile only"
            )
        mode = channel.get("InputMode", algorithm["TrainingInputMode"])
        if mode not in ("File", "FastFile"):
            raise invalid(f"channel {channel['ChannelName']}: input mode {mode} does not exist in the emulated account")
    for definition in algorithm.get("MetricDefinitions", []):
        try:
            re.compile(definition["Regex"])
        except re.error as error:
            raise invalid(f"the regular expression of metric {definition['Name']} is wrong: {error}") from error


@operation("sagemaker", "DescribeTrainingJob")
def describe_training_job(request: Document, caller: Caller) -> Document:
    return {key: value for key, value in _training(caller, request).document.items() if value is not None}


def _training(caller: Caller, request: Document) -> TrainingJob:
    job = TRAINING.find(caller, request["TrainingJobName"])
    if job is None:
        raise invalid("Requested resource not found.")
    return job


@operation("sagemaker", "StopTrainingJob")
def stop_training_job(request: Document, caller: Caller) -> None:
    _training(caller, request).stop()


@operation("sagemaker", "ListTrainingJobs")
def list_training_jobs(request: Document, caller: Caller) -> Document:
    members = (
        "TrainingJobName",
        "TrainingJobArn",
        "CreationTime",
        "TrainingEndTime",
        "LastModifiedTime",
        "TrainingJobStatus",
        "SecondaryStatus",
    )
    return page(
        request,
        [job.document for job in TRAINING.all(caller)],
        "TrainingJobSummaries",
        name="TrainingJobName",
        status="TrainingJobStatus",
        summary=lambda item: only(item, members),
    )


@control.route("POST", "/emulator/interrupt/(?P<job>[^/]+)")
def _interrupt(_request: Request, caller: Caller, match: re.Match[str]) -> Response:
    """Only here: takes a managed spot job's capacity away, as AWS may at any time."""
    job = TRAINING.find(caller, match["job"])
    if job is None or job.status != "InProgress":
        raise ServiceError("ResourceNotFound", f"no training job {match['job']} is in progress", 404)
    if not job.document.get("EnableManagedSpotTraining"):
        raise ServiceError("ValidationException", f"{match['job']} does not use managed spot training")
    job.interrupt()
    return control.json_response({})
