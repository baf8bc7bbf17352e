"""Processing jobs: folders in, a command, folders out, as AWS::SageMaker processing does it."""

from __future__ import annotations

import json

from emulator.api import Caller, Document, ServiceError, operation
from emulator.images import registry as images
from emulator.sagemaker import objects
from emulator.sagemaker.job import SUPPORTED_SOURCES, Job, download_source
from emulator.sagemaker.store import Table, as_event, invalid, now, only, page, set_tags


class ProcessingJob(Job):
    kind = "Processing"

    def run(self) -> None:
        request, region = self.document, self.caller.region
        for each in request.get("ProcessingInputs", []):
            source = each["S3Input"]
            download_source(source, self.machine.path(source["LocalPath"]), region)
        outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        for each in outputs:
            self.machine.path(each["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        request["ProcessingStartTime"] = now()
        application = request["AppSpecification"]
        limit = float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400))
        status = self.execute(
            application["ImageUri"],
            application.get("ContainerArguments", []),
            self.variables(request.get("Environment", {})),
            limit,
            entrypoint=application["ContainerEntrypoint"],
        )
        if message := self.text_of("message"):
            request["ExitMessage"] = message
        if self._stopping.is_set():
            self.set_status("Stopped")
            return
        # Outputs are uploaded whatever the result, as SageMaker does: a report of what was wrong is worth most then.
        for each in outputs:
            target = each["S3Output"]
            objects.upload(self.machine.path(target["LocalPath"]), target["S3Uri"])
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
        if not source or source.get("S3InputMode", "File") != "File" or source["S3DataType"] not in SUPPORTED_SOURCES:
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
