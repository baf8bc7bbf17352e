"""Batch transform: a model is served, every input object becomes requests, every answer an `.out` object.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from emulator import logs, settings
from emulator.api import Caller, Document, ServiceError, operation
from emulator.sagemaker import container, models, objects
from emulator.sagemaker.job import SUPPORTED_SOURCES, Job, read_manifest
from emulator.sagemaker.served_model import NotHealthy, ServedModel
from emulator.sagemaker.store import Table, invalid, now, only, page, set_tags

_MEGABYTE = 1024 * 1024
_START_SECONDS = 480.0
_DEFAULT_PAYLOAD_MB = 6
_LARGEST_PAYLOADS_MB = 100
_DEFAULT_TIMEOUT_SECONDS = 600
_DEFAULT_RETRIES = 3
_RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class _Plan:
    """How objects become requests: what the job says, else what `/execution-parameters` says, else AWS's defaults."""

    concurrent: int
    payload_mb: int
    strategy: str

    @classmethod
    def of(cls, request: Document, offered: Document) -> _Plan:
        strategy = {"MULTI_RECORD": "MultiRecord", "SINGLE_RECORD": "SingleRecord"}
        payload = request.get("MaxPayloadInMB")
        return cls(
            request.get("MaxConcurrentTransforms") or int(offered.get("MaxConcurrentTransforms", 1)),
            int(offered.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)) if payload is None else payload,
            request.get("BatchStrategy") or strategy.get(str(offered.get("BatchStrategy")), "MultiRecord"),
        )


class _ObjectFailed(Exception):
    """One input object has no output; the text goes to the data log."""

    def __init__(self, whose: Literal["ClientError", "AlgorithmError"], message: str) -> None:
        super().__init__(message)
        self.whose = whose


class TransformJob(Job):
    """One job on one machine."""

    kind = "Transform"

    def __init__(self, caller: Caller, document: Document, name: str) -> None:
        super().__init__(caller, document, name)
        self._log_lock = threading.Lock()

    def run(self) -> None:
        request = self.document
        inputs = list(self._inputs())
        model = models.container(self.caller, request["ModelName"])
        served = ServedModel(self.caller, model, self.machine, log_group=self.log_group, stream=self.stream)
        try:
            served.start(settings.current().real(_START_SECONDS), self._variables())
            request["TransformStartTime"] = now()
            failures = self._transform_all(served, inputs)
        except NotHealthy:
            self.fail(
                "AlgorithmError: Model container failed to respond to ping; Ensure /ping endpoint is implemented and "
                "responds with an HTTP 200 status code"
            )
            return
        except container.CannotStart as error:
            self.fail(f"AlgorithmError: {error}")
            return
        finally:
            served.stop()
        if self._stopping.is_set():
            self.set_status("Stopped")
        elif failures:
            # The caller's mistake is named first: it is what can be mended.
            whose = "ClientError" if "ClientError" in failures else "AlgorithmError"
            self.fail(f"{whose}: See job logs for more information")
        else:
            self.set_status("Completed")

    def terminate(self) -> None:
        """Nothing to signal: requests in flight are answered, no further one is sent, then the server ends."""

    def _variables(self) -> dict[str, str]:
        """As https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html names them."""
        request = self.document
        strategy = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
        return {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)),
            "SAGEMAKER_BATCH_STRATEGY": strategy[request.get("BatchStrategy", "MultiRecord")],
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(request.get("MaxConcurrentTransforms", 0)),
            **request.get("Environment", {}),
        }

    def _inputs(self) -> Iterator[tuple[str, str]]:
        """(S3 URI, name below the output path) of every input object. Raises `DataError` when there is none."""
        source = self.document["TransformInput"]["DataSource"]["S3DataSource"]
        uri, region = source["S3Uri"], self.caller.region
        if source["S3DataType"] == "ManifestFile":
            prefix, names = read_manifest(uri, region)
            yield from ((f"{prefix}{name}", name) for name in names)
            return
        bucket, _ = objects.split(uri)
        found = False
        for key, relative in objects.keys(uri, region):
            found = True
            yield f"s3://{bucket}/{key}", relative
        if not found:
            raise objects.DataError(f'No S3 objects found under S3 URL "{uri}" given in input data source')

    def _transform_all(self, served: ServedModel, inputs: list[tuple[str, str]]) -> set[str]:
        """Every object to its end; gives back whose mistakes there were."""
        plan = _Plan.of(self.document, _execution_parameters(served))
        strategy = "MULTI_RECORD" if plan.strategy == "MultiRecord" else "SINGLE_RECORD"
        self._data_log(
            "", f"MaxConcurrentTransforms={plan.concurrent}, MaxPayloadInMB={plan.payload_mb}, BatchStrategy={strategy}"
        )
        failures: set[str] = set()

        def one(source: tuple[str, str]) -> None:
            if self._stopping.is_set():
                return
            try:
                self._transform(served, plan, *source)
            except _ObjectFailed as error:
                failures.add(error.whose)
                self._data_log(source[0].removeprefix("s3://"), str(error))
            except objects.DataError as error:
                failures.add("ClientError")
                self._data_log(source[0].removeprefix("s3://"), str(error))

        with ThreadPoolExecutor(plan.concurrent, thread_name_prefix=self.name) as pool:
            list(pool.map(one, inputs))
        return failures

    def _transform(self, served: ServedModel, plan: _Plan, uri: str, name: str) -> None:
        region, given, target = self.caller.region, self.document["TransformInput"], self.document["TransformOutput"]
        content = objects.read(uri, region)
        if given.get("CompressionType") == "Gzip":
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError) as error:
                raise _ObjectFailed("ClientError", f"Failed to decompress: {error}") from error
        limit = plan.payload_mb * _MEGABYTE or None
        answers = []
        for payload in _payloads(content, given.get("SplitType", "None"), plan.strategy, limit):
            if limit is not None and len(payload) > limit:
                raise _ObjectFailed("ClientError", "Too much data for max payload size")
            answers.append(self._ask(served, payload))
        if target.get("AssembleWith") == "Line":
            answers = [answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers]
        objects.write(f"{target['S3OutputPath'].rstrip('/')}/{name}.out", b"".join(answers), region)

    def _ask(self, served: ServedModel, payload: bytes) -> bytes:
        """One request, repeated while the server is at fault. Raises `_ObjectFailed`."""
        request = self.document
        client = request.get("ModelClientConfig", {})
        timeout = float(client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_SECONDS))
        headers = {"Content-Type": request["TransformInput"].get("ContentType", "application/octet-stream")}
        if accept := request["TransformOutput"].get("Accept"):
            headers["Accept"] = accept
        problem = ""
        for attempt in range(1 + int(client.get("InvocationsMaxRetries", _DEFAULT_RETRIES))):
            if attempt:
                time.sleep(_RETRY_SECONDS * 2**attempt)
            try:
                connection = served.http(timeout)
                try:
                    connection.request("POST", "/invocations", payload, headers)
                    answer = connection.getresponse()
                    body = answer.read()
                finally:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                problem = f"Unable to get response from algorithm: {error or type(error).__name__}"
                continue
            if answer.status < 400:
                return body
            text = body.decode(errors="replace")
            if answer.status < 500:
                raise _ObjectFailed("ClientError", f"ClientError: {answer.status}\nMessage:\n{text}")
            problem = f"Bad HTTP status received from algorithm: {answer.status}\nMessage:\n{text}"
        raise _ObjectFailed("AlgorithmError", problem)

    def _data_log(self, subject: str, text: str) -> None:
        """The stream in which SageMaker itself speaks about single objects."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        about = f"{moment}:[sagemaker logs]: {subject + ': ' if subject else ''}"
        with self._log_lock:
            logs.write(
                self.caller, self.log_group, f"{self.stream}/data-log", [f"{about}{line}" for line in text.splitlines()]
            )


def _execution_parameters(served: ServedModel) -> Document:
    """What the container offers at `/execution-parameters`; nothing when it has no such route."""
    try:
        connection = served.http(10.0)
        try:
            connection.request("GET", "/execution-parameters")
            answer = connection.getresponse()
            offered: Any = json.loads(answer.read()) if answer.status == 200 else {}
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return offered if isinstance(offered, dict) else {}


def _payloads(content: bytes, split: str, strategy: str, limit: int | None) -> Iterator[bytes]:
    """The bodies of the requests that one object becomes."""
    if split == "None":
        yield content
        return
    batch = b""
    for line in content.splitlines(keepends=True):
        if strategy == "SingleRecord":
            yield line
        elif batch and limit is not None and len(batch) + len(line) > limit:
            yield batch
            batch = line
        else:
            batch += line
    if batch:
        yield batch


TRANSFORM: Table[TransformJob] = Table("transform-job")

_KEPT = (
    "TransformJobName",
    "ModelName",
    "MaxConcurrentTransforms",
    "ModelClientConfig",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
    "ExperimentConfig",
)
_DESCRIBED = (
    *_KEPT,
    "TransformJobArn",
    "TransformJobStatus",
    "FailureReason",
    "CreationTime",
    "TransformStartTime",
    "TransformEndTime",
)


@operation("sagemaker", "CreateTransformJob")
def create_transform_job(request: Document, caller: Caller) -> Document:
    name = request["TransformJobName"]
    models.MODELS.get(caller, request["ModelName"])
    _check(request)
    if TRANSFORM.find(caller, name):
        raise ServiceError("ResourceInUse", f"Job name must be unique within an AWS account and region: {name}")
    arn = TRANSFORM.arn(caller, name)
    document: Document = {
        **only(request, _KEPT),
        "TransformJobArn": arn,
        "CreationTime": now(),
        "LastModifiedTime": now(),
        "TransformJobStatus": "InProgress",
    }
    job = TRANSFORM.add(caller, name, TransformJob(caller, document, name))
    set_tags(arn, request.get("Tags"))
    job.set_status("InProgress")
    job.start()
    return {"TransformJobArn": arn}


def _check(request: Document) -> None:
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    if source["S3DataType"] not in SUPPORTED_SOURCES:
        raise invalid(f"the emulated account reads S3Prefix and ManifestFile only, not {source['S3DataType']}")
    split = request["TransformInput"].get("SplitType", "None")
    if split not in ("None", "Line"):
        raise invalid(f"the emulated account splits input by Line only, not {split}")
    if request.get("BatchStrategy") == "SingleRecord" and split == "None":
        raise invalid("BatchStrategy SingleRecord needs a SplitType other than None.")
    if request.get("DataProcessing") or request.get("DataCaptureConfig"):
        raise invalid("the emulated account has no DataProcessing and no DataCaptureConfig of transform jobs")
    payload = request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
    if payload > _LARGEST_PAYLOADS_MB:
        raise invalid(f"MaxPayloadInMB must be at most {_LARGEST_PAYLOADS_MB}, got {payload}.")
    together = payload * request.get("MaxConcurrentTransforms", 1)
    if together > _LARGEST_PAYLOADS_MB:
        raise invalid(
            f"MaxConcurrentTransforms * MaxPayloadInMB must be at most {_LARGEST_PAYLOADS_MB} MB, got {together}."
        )


def _job(caller: Caller, request: Document) -> TransformJob:
    job = TRANSFORM.find(caller, request["TransformJobName"])
    if job is None:
        raise invalid("Requested resource not found.")
    return job


@operation("sagemaker", "DescribeTransformJob")
def describe_transform_job(request: Document, caller: Caller) -> Document:
    return only(_job(caller, request).document, _DESCRIBED)


@operation("sagemaker", "StopTransformJob")
def stop_transform_job(request: Document, caller: Caller) -> None:
    _job(caller, request).stop()


@operation("sagemaker", "ListTransformJobs")
def list_transform_jobs(request: Document, caller: Caller) -> Document:
    members = (
        "TransformJobName",
        "TransformJobArn",
        "CreationTime",
        "TransformEndTime",
        "LastModifiedTime",
        "TransformJobStatus",
        "FailureReason",
    )
    return page(
        request,
        [job.document for job in TRANSFORM.all(caller)],
        "TransformJobSummaries",
        name="TransformJobName",
        status="TransformJobStatus",
        summary=lambda item: only(item, members),
    )
