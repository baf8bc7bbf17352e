"""Training and processing jobs: one process each, in its own `/opt/ml`, under SageMaker's file contract."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import children, control, settings
from emulator.api import Caller, Document, ServiceError, operation
from emulator.events import targets
from emulator.images import registry as images
from emulator.sagemaker import container, objects
from emulator.sagemaker.output import Output
from emulator.sagemaker.store import Table, as_event, invalid, now, only, page, set_tags

log = logging.getLogger(__name__)

_STOP_GRACE_SECONDS = 120.0
_FAILURE_CHARACTERS = 1024
_CHECKPOINT_SECONDS = 2.0
_SUPPORTED_SOURCES = ("S3Prefix", "ManifestFile")
_FINISHED = ("Completed", "Failed", "Stopped")


class Job:
    """What training and processing have in common: a machine, a process, stopping, time limits."""

    kind: str
    log_group: str
    event: str

    def __init__(self, caller: Caller, document: Document, name: str) -> None:
        self.caller, self.document, self.name = caller, document, name
        self.machine = container.Machine(settings.current().state_dir / "jobs" / f"{self.kind}-{name}")
        shutil.rmtree(self.machine.root, ignore_errors=True)
        self.machine.ml.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._interrupted = threading.Event()
        self._timed_out = False
        self.finished = threading.Event()

    @property
    def status(self) -> str:
        return str(self.document[f"{self.kind}JobStatus"])

    @property
    def arn(self) -> str:
        return str(self.document[f"{self.kind}JobArn"])

    def start(self) -> None:
        threading.Thread(target=self._run_guarded, name=self.name, daemon=True).start()

    def stop(self) -> None:
        if self.status in _FINISHED:
            raise invalid(f"The request was rejected because the {self.kind.lower()} job is in status {self.status}.")
        self.set_status("Stopping")
        self._stopping.set()
        self._terminate()

    def interrupt(self) -> None:
        self._interrupted.set()
        self._terminate()

    def _terminate(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            children.signal_group(process, signal.SIGTERM)

            def kill() -> None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_STOP_GRACE_SECONDS)
                children.signal_group(process, signal.SIGKILL)

            threading.Thread(target=kill, daemon=True).start()

    def _run_guarded(self) -> None:
        try:
            self.run()
        except objects.DataError as error:
            self.fail(f"ClientError: {error}")
        except (container.CannotStart, ServiceError) as error:
            self.fail(f"ClientError: {error}")
        except Exception as error:
            log.exception("%s job %s", self.kind, self.name)
            self.fail(f"InternalServerError: the emulator failed: {error!r}")
        finally:
            if self.status not in _FINISHED:
                self.set_status("Stopped" if self._stopping.is_set() or self._timed_out else "Failed")
            self.finished.set()

    def run(self) -> None:
        raise NotImplementedError

    def execute(
        self, image: str, command: list[str], environment: dict[str, str], metrics: list[Document], limit: float
    ) -> int:
        """Runs the image's command to its end and returns its exit status; output goes to the job's log stream."""
        if self._stopping.is_set():
            return 0
        process = container.start(self.machine, image, command, environment, region=self.caller.region)
        self._process = process
        if self._stopping.is_set():
            self._terminate()
        output = Output(self.caller, self.log_group, self.stream, metrics, {f"{self.kind}JobName": self.name})
        reader = threading.Thread(target=output.read, args=(process,), daemon=True)
        reader.start()
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            self._timed_out = True
            status = children.stop(process, _STOP_GRACE_SECONDS)
        # Workers that the job left behind would hold the pipe, and a machine, for ever.
        children.stop(process)
        reader.join(5.0)
        self.metrics = output.final_metrics()
        return status

    @property
    def stream(self) -> str:
        raise NotImplementedError

    def fail(self, reason: str) -> None:
        self.document["FailureReason"] = reason[:_FAILURE_CHARACTERS]
        self.set_status("Failed")

    def set_status(self, status: str) -> None:
        self.document[f"{self.kind}JobStatus"] = status
        self.document["LastModifiedTime"] = now()
        if status in _FINISHED:
            self.document[f"{self.kind}EndTime"] = now()
        detail = as_event(self.document)
        targets.send(self.caller, "aws.sagemaker", self.event, detail, [self.arn])

    def text_of(self, name: str) -> str:
        """A file that the job wrote below `/opt/ml/output`, or nothing."""
        with contextlib.suppress(OSError):
            return (self.machine.ml / "output" / name).read_text(errors="replace").strip()[:_FAILURE_CHARACTERS]
        return ""


def _environment(job: Job, more: dict[str, str]) -> dict[str, str]:
    return {
        "AWS_REGION": job.caller.region,
        f"{job.kind.upper()}_JOB_NAME": job.name,
        f"{job.kind.upper()}_JOB_ARN": job.arn,
        **more,
    }


def _download_source(source: Document, target: Path, region: str) -> None:
    kind = source.get("S3DataType", "S3Prefix")
    if kind == "ManifestFile":
        _bucket, key = objects.split(source["S3Uri"])
        scratch = target.parent / f".{target.name}-manifest"
        objects.download(source["S3Uri"], scratch, region)
        prefix, *names = json.loads((scratch / Path(key).name).read_text())
        shutil.rmtree(scratch)
        for name in names:
            objects.download(f"{prefix['prefix']}{name}", (target / name).parent, region)
    else:
        objects.download(source["S3Uri"], target, region)


# --- training


class TrainingJob(Job):
    kind = "Training"
    log_group = "/aws/sagemaker/TrainingJobs"
    event = "SageMaker Training Job State Change"

    @property
    def stream(self) -> str:
        return f"{self.name}/algo-1-{int(self.document['CreationTime'].timestamp())}"

    def run(self) -> None:
        request = self.document
        self._secondary("Starting", "Preparing the instances for training")
        ml, region = self.machine.ml, self.caller.region
        self._write_configuration()
        self._secondary("Downloading", "Downloading input data")
        for channel in request.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            _download_source(source, ml / "input" / "data" / channel["ChannelName"], region)
        for folder in ("model", "output/data"):
            (ml / folder).mkdir(parents=True, exist_ok=True)
        limit = float(request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400))
        request["TrainingStartTime"] = now()
        algorithm = request["AlgorithmSpecification"]
        command = [*algorithm.get("ContainerEntrypoint", ["train"]), *algorithm.get("ContainerArguments", [])]
        checkpoints = _Checkpoints(self) if "CheckpointConfig" in request else None
        while True:
            self._interrupted.clear()
            if checkpoints:
                checkpoints.restore()
            self._secondary("Training", "Training image download completed. Training in progress.")
            with checkpoints or contextlib.nullcontext():
                metrics = algorithm.get("MetricDefinitions", [])
                status = self.execute(algorithm["TrainingImage"], command, self._variables(), metrics, limit)
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
        self.document["FailureReason"] = reason[:_FAILURE_CHARACTERS]
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
        request, ml = self.document, self.machine.ml
        container_runtime = settings.current().runtime == "container"
        base = Path("/opt/ml") if container_runtime else ml
        channels = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
        parameters = request.get("HyperParameters", {})
        return _environment(
            self,
            {
                "SM_MODEL_DIR": str(base / "model"),
                "SM_OUTPUT_DIR": str(base / "output"),
                "SM_OUTPUT_DATA_DIR": str(base / "output" / "data"),
                "SM_INPUT_DIR": str(base / "input"),
                "SM_INPUT_CONFIG_DIR": str(base / "input" / "config"),
                "SM_CHANNELS": json.dumps(channels),
                **{
                    f"SM_CHANNEL_{name.upper().replace('-', '_')}": str(base / "input" / "data" / name)
                    for name in channels
                },
                "SM_HPS": json.dumps(parameters),
                **{f"SM_HP_{name.upper().replace('-', '_')}": value for name, value in parameters.items()},
                "SM_HOSTS": '["algo-1"]',
                "SM_CURRENT_HOST": "algo-1",
                "SM_NUM_GPUS": "0",
                "SM_NUM_CPUS": str(os.cpu_count() or 1),
                **request.get("Environment", {}),
            },
        )

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


class _Checkpoints:
    """Keeps CheckpointConfig's S3 prefix and the local folder the same while the job runs."""

    def __init__(self, job: TrainingJob) -> None:
        configuration = job.document["CheckpointConfig"]
        self._uri, self._region = configuration["S3Uri"], job.caller.region
        self._folder = job.machine.path(configuration.get("LocalPath", "/opt/ml/checkpoints"))
        self._sent: dict[Path, tuple[float, int]] = {}
        self._ended = threading.Event()

    def restore(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        objects.download(self._uri, self._folder, self._region, required=False)
        self._sent = {file: self._mark(file) for file in self._files()}

    def __enter__(self) -> None:
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._send()

    def _watch(self) -> None:
        while not self._ended.wait(_CHECKPOINT_SECONDS):
            with contextlib.suppress(OSError):  # a file that is being replaced is sent in the next round
                self._send()

    def _send(self) -> None:
        from emulator.clients import client

        bucket, prefix = objects.split(self._uri)
        s3 = client("s3", self._region)
        files = self._files()
        for file in files:
            mark = self._mark(file)
            if self._sent.get(file) != mark:
                key = f"{prefix.rstrip('/')}/{file.relative_to(self._folder).as_posix()}"
                s3.upload_file(str(file), bucket, key)
                self._sent[file] = mark
        for gone in self._sent.keys() - set(files):
            s3.delete_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/{gone.relative_to(self._folder).as_posix()}")
            del self._sent[gone]

    def _files(self) -> list[Path]:
        return [path for path in self._folder.rglob("*") if path.is_file()]

    @staticmethod
    def _mark(file: Path) -> tuple[float, int]:
        status = file.stat()
        return status.st_mtime, status.st_size


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
        if not where or where["S3DataType"] not in _SUPPORTED_SOURCES:
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


# --- processing


class ProcessingJob(Job):
    kind = "Processing"
    log_group = "/aws/sagemaker/ProcessingJobs"
    event = "SageMaker Processing Job State Change"

    @property
    def stream(self) -> str:
        return f"{self.name}/algo-1-{int(self.document['CreationTime'].timestamp())}"

    def run(self) -> None:
        request, region = self.document, self.caller.region
        for each in request.get("ProcessingInputs", []):
            source = each["S3Input"]
            _download_source(source, self.machine.path(source["LocalPath"]), region)
        outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        for each in outputs:
            self.machine.path(each["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        request["ProcessingStartTime"] = now()
        application = request["AppSpecification"]
        command = [*application.get("ContainerEntrypoint", []), *application.get("ContainerArguments", [])]
        limit = float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400))
        variables = _environment(self, request.get("Environment", {}))
        status = self.execute(application["ImageUri"], command, variables, [], limit)
        if message := self.text_of("message"):
            request["ExitMessage"] = message
        if self._stopping.is_set():
            self.set_status("Stopped")
            return
        # Outputs are uploaded whatever the result, as SageMaker does: a report of what was wrong is worth most then.
        for each in outputs:
            target = each["S3Output"]
            objects.upload(self.machine.path(target["LocalPath"]), target["S3Uri"], region)
        if self._timed_out:
            self.document["FailureReason"] = f"ClientError: the job ran longer than MaxRuntimeInSeconds ({limit:.0f} s)"
            self.set_status("Stopped")
        elif status:
            reason = message or self.text_of("failure") or "See job logs for more information"
            request.setdefault("ExitMessage", reason)
            self.fail(f"AlgorithmError: {reason}, exit code: {status}")
        else:
            self.set_status("Completed")

    def _write_configuration(self) -> None:
        folder = self.machine.ml / "config"
        folder.mkdir(parents=True)
        (folder / "processingjobconfig.json").write_text(json.dumps(as_event(self.document)))
        hosts = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}
        (folder / "resourceconfig.json").write_text(json.dumps(hosts))


PROCESSING: Table[ProcessingJob] = Table("processing-job")

_PROCESSING_KEPT = (
    "ProcessingJobName",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)


@operation("sagemaker", "CreateProcessingJob")
def create_processing_job(request: Document, caller: Caller) -> Document:
    name = request["ProcessingJobName"]
    application = request["AppSpecification"]
    images.resolve(application["ImageUri"])
    if not application.get("ContainerEntrypoint"):
        raise invalid("the emulated account runs AppSpecification.ContainerEntrypoint: it is missing")
    for each in request.get("ProcessingInputs", []):
        source = each.get("S3Input")
        if not source or source.get("S3InputMode", "File") != "File" or source["S3DataType"] not in _SUPPORTED_SOURCES:
            raise invalid(
                f"input {each['InputName']}: the emulated account reads S3Prefix and ManifestFile in File mode only"
            )
    if PROCESSING.find(caller, name):
        raise ServiceError("ResourceInUse", f"Job name must be unique within an AWS account and region: {name}")
    arn = PROCESSING.arn(caller, name)
    document: Document = {
        **only(request, _PROCESSING_KEPT),
        "ProcessingJobArn": arn,
        "CreationTime": now(),
        "LastModifiedTime": now(),
        "ProcessingJobStatus": "InProgress",
    }
    job = PROCESSING.add(caller, name, ProcessingJob(caller, document, name))
    set_tags(arn, request.get("Tags"))
    job.set_status("InProgress")
    job.start()
    return {"ProcessingJobArn": arn}


def _processing(caller: Caller, request: Document) -> ProcessingJob:
    job = PROCESSING.find(caller, request["ProcessingJobName"])
    if job is None:
        raise invalid("Requested resource not found.")
    return job


@operation("sagemaker", "DescribeProcessingJob")
def describe_processing_job(request: Document, caller: Caller) -> Document:
    return _processing(caller, request).document


@operation("sagemaker", "StopProcessingJob")
def stop_processing_job(request: Document, caller: Caller) -> None:
    _processing(caller, request).stop()


@operation("sagemaker", "ListProcessingJobs")
def list_processing_jobs(request: Document, caller: Caller) -> Document:
    members = (
        "ProcessingJobName",
        "ProcessingJobArn",
        "CreationTime",
        "ProcessingEndTime",
        "LastModifiedTime",
        "ProcessingJobStatus",
        "FailureReason",
        "ExitMessage",
    )
    return page(
        request,
        [job.document for job in PROCESSING.all(caller)],
        "ProcessingJobSummaries",
        name="ProcessingJobName",
        status="ProcessingJobStatus",
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


def wait(finished: threading.Event, stop: threading.Event, on_stop: Callable[[], Any]) -> None:
    """Waits for a job, passing a stop on."""
    while not finished.wait(0.1):
        if stop.is_set():
            with contextlib.suppress(ServiceError):
                on_stop()
            finished.wait(_STOP_GRACE_SECONDS + 30)
            return
