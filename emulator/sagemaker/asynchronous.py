"""Asynchronous endpoints: requests wait in S3 and in a queue, answers go to S3, SNS tells.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from moto.core.utils import get_service_model
from werkzeug.wrappers import Request, Response

from emulator import control, logs
from emulator.api import Caller, Document, ServiceError, check_answer, check_request
from emulator.clients import client
from emulator.sagemaker import objects
from emulator.sagemaker.endpoints import ENDPOINTS, Endpoint

log = logging.getLogger(__name__)

_OPERATION = get_service_model("sagemaker-runtime").operation_model("InvokeEndpointAsync")
_TTL_SECONDS = 21600
_TIMEOUT_SECONDS = 900
# "If no value is provided, SageMaker chooses an optimal value": two requests keep a machine of two cores busy.
_CONCURRENT = 2
_LARGEST_RESPONSE_IN_NOTIFICATION = 128 * 1024


class _Failed(Exception):
    """The request has no answer; the text is the failure reason."""


@dataclass(frozen=True)
class _Answer:
    body: bytes
    content_type: str


@dataclass(frozen=True)
class _Waiting:
    """One request in the queue."""

    inference_id: str
    request: Document
    received: datetime
    arrived: float
    output: str
    failure: str | None


class _Backlog:
    """The requests of one endpoint, first come, first served."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._workers: dict[int, ThreadPoolExecutor] = {}
        self._waiting = 0
        self._lock = threading.Lock()

    def add(self, waiting: _Waiting, configuration: Document) -> None:
        limit = configuration.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance", _CONCURRENT)
        with self._lock:
            # An update may bring another limit: what waits already goes on under the old one.
            workers = self._workers.setdefault(limit, ThreadPoolExecutor(limit, thread_name_prefix="async"))
        self._count(1)
        workers.submit(self._work, waiting, configuration["OutputConfig"])

    def _count(self, difference: int) -> None:
        with self._lock:
            self._waiting += difference
            size = self._waiting
        dimensions = {"EndpointName": self._endpoint.name}
        for name in ("ApproximateBacklogSize", "ApproximateBacklogSizePerInstance"):
            logs.put_metric(self._endpoint.caller, "AWS/SageMaker", name, float(size), "Count", dimensions)

    def _work(self, waiting: _Waiting, output: Document) -> None:
        self._measure("TimeInBacklog", (time.monotonic() - waiting.arrived) * 1000, "Milliseconds")
        try:
            answer = self._answer(waiting)
            objects.write(waiting.output, answer.body, self._endpoint.caller.region, answer.content_type)
        except (_Failed, objects.DataError, ServiceError) as error:
            self._measure("InvocationFailures", 1, "Count")
            self._fail(waiting, output, str(error))
        except Exception as error:
            log.exception("asynchronous request %s of %s", waiting.inference_id, self._endpoint.name)
            self._fail(waiting, output, f"InternalServerError: the emulator failed: {error!r}")
        else:
            self._measure("InvocationsProcessed", 1, "Count")
            self._notify(output, "SuccessTopic", self._success(waiting, output, answer))
        finally:
            self._measure("TotalProcessingTime", (time.monotonic() - waiting.arrived) * 1000, "Milliseconds")
            self._count(-1)

    def _answer(self, waiting: _Waiting) -> _Answer:
        request = waiting.request
        if time.monotonic() - waiting.arrived > request.get("RequestTTLSeconds", _TTL_SECONDS):
            raise _Failed("ClientError: the request expired in the queue: it is older than RequestTTLSeconds")
        if "InputLocation" in request:
            body = objects.read(request["InputLocation"], self._endpoint.caller.region)
        else:
            body = request["Body"]
        headers = {
            "Content-Type": request.get("ContentType", "application/octet-stream"),
            "X-Amzn-SageMaker-Inference-Id": waiting.inference_id,
        }
        if "Accept" in request:
            headers["Accept"] = request["Accept"]
        if "CustomAttributes" in request:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = request["CustomAttributes"]
        replica = self._endpoint.choose(None)
        started = time.monotonic()
        try:
            connection = replica.http(float(request.get("InvocationTimeoutSeconds", _TIMEOUT_SECONDS)))
            try:
                connection.request("POST", "/invocations", body, headers)
                answer = connection.getresponse()
                content, status = answer.read(), answer.status
            except (OSError, http.client.HTTPException) as error:
                content, status = f"no answer from the container: {error or type(error).__name__}".encode(), 500
            finally:
                connection.close()
        finally:
            replica.leave()
        self._endpoint.measure(replica.name, status, time.monotonic() - started, started - waiting.arrived)
        if status >= 400:
            whose = "client" if status < 500 else "server"
            text = content.decode(errors="replace")
            raise _Failed(f'ClientError: Received {whose} error ({status}) from model with message "{text}"')
        return _Answer(content, answer.headers.get("Content-Type", "application/octet-stream"))

    def _fail(self, waiting: _Waiting, output: Document, reason: str) -> None:
        if waiting.failure:
            try:
                objects.write(waiting.failure, reason.encode(), self._endpoint.caller.region, "text/plain")
            except objects.DataError as error:
                log.warning("%s: %s", self._endpoint.name, error)
        message = self._message(waiting, "Failed") | {"failureReason": reason}
        if waiting.failure:
            message["responseParameters"] = {"outputLocation": waiting.failure}
        self._notify(output, "ErrorTopic", message)

    def _success(self, waiting: _Waiting, output: Document, answer: _Answer) -> Document:
        response: Document = {"contentType": answer.content_type, "outputLocation": waiting.output}
        included = output.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", [])
        if "SUCCESS_NOTIFICATION_TOPIC" in included and len(answer.body) <= _LARGEST_RESPONSE_IN_NOTIFICATION:
            response["responseContent"] = base64.b64encode(answer.body).decode()
        return self._message(waiting, "Completed") | {"responseParameters": response}

    def _message(self, waiting: _Waiting, status: str) -> Document:
        request = waiting.request
        asked = {
            "contentType": request.get("ContentType"),
            "endpointName": self._endpoint.name,
            "inputLocation": request.get("InputLocation"),
        }
        return {
            "awsRegion": self._endpoint.caller.region,
            "eventTime": _moment(datetime.now(UTC)),
            "receivedTime": _moment(waiting.received),
            "invocationStatus": status,
            "requestParameters": {key: value for key, value in asked.items() if value},
            "inferenceId": waiting.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }

    def _notify(self, output: Document, kind: str, message: Document) -> None:
        topic = output.get("NotificationConfig", {}).get(kind)
        if topic:
            try:
                client("sns", self._endpoint.caller.region).publish(TopicArn=topic, Message=json.dumps(message))
            except Exception as error:
                self._measure("NotificationFailures", 1, "Count")
                log.warning("%s: %s", topic, error)

    def _measure(self, name: str, value: float, unit: str) -> None:
        variants = self._endpoint.fleet.replicas if self._endpoint.fleet else {}
        dimensions = {"EndpointName": self._endpoint.name, "VariantName": next(iter(variants), "")}
        logs.put_metric(self._endpoint.caller, "AWS/SageMaker", name, value, unit, dimensions)


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_BACKLOGS: WeakKeyDictionary[Endpoint, _Backlog] = WeakKeyDictionary()
_lock = threading.Lock()

_HEADERS = {
    "ContentType": "X-Amzn-SageMaker-Content-Type",
    "Accept": "X-Amzn-SageMaker-Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
    "InputLocation": "X-Amzn-SageMaker-InputLocation",
    "S3OutputPathExtension": "X-Amzn-SageMaker-S3OutputPathExtension",
    "Filename": "X-Amzn-SageMaker-Filename",
    "RequestTTLSeconds": "X-Amzn-SageMaker-RequestTTLSeconds",
    "InvocationTimeoutSeconds": "X-Amzn-SageMaker-InvocationTimeoutSeconds",
}


@control.route("POST", r"/endpoints/(?P<name>[^/]+)/async-invocations")
def _invoke_async(request: Request, caller: Caller, match: re.Match[str]) -> Response:
    asked = _parsed(request, match["name"])
    endpoint = ENDPOINTS.find(caller, match["name"])
    if endpoint is None:
        raise ServiceError("ValidationError", f"Endpoint {match['name']} of account {caller.account} not found.")
    configuration = endpoint.config.get("AsyncInferenceConfig")
    if configuration is None:
        message = f"Endpoint {endpoint.name} has no AsyncInferenceConfig: it answers synchronous requests only."
        raise ServiceError("ValidationError", message)
    waiting = _waiting(asked, configuration["OutputConfig"])
    with _lock:
        backlog = _BACKLOGS.setdefault(endpoint, _Backlog(endpoint))
    backlog.add(waiting, configuration)
    result = {"InferenceId": waiting.inference_id, "OutputLocation": waiting.output}
    headers = {"X-Amzn-SageMaker-OutputLocation": waiting.output}
    if waiting.failure:
        result["FailureLocation"] = headers["X-Amzn-SageMaker-FailureLocation"] = waiting.failure
    check_answer(_OPERATION, result)
    body = json.dumps({"InferenceId": waiting.inference_id})
    return Response(body, 202, headers, content_type="application/json")


def _parsed(request: Request, name: str) -> Document:
    """The request as botocore's shape has it. Raises `ServiceError`."""
    found: dict[str, Any] = {member: request.headers[h] for member, h in _HEADERS.items() if h in request.headers}
    for member in ("RequestTTLSeconds", "InvocationTimeoutSeconds"):
        if member in found:
            found[member] = int(found[member])
    if body := request.get_data():
        found["Body"] = body
    if ("Body" in found) == ("InputLocation" in found):
        raise ServiceError("ValidationError", "Exactly one of InputLocation and Body is needed.")
    check_request(_OPERATION, {"EndpointName": name, **found})
    return found


def _waiting(asked: Document, output: Document) -> _Waiting:
    # Without a path of its own AWS writes into a bucket that it makes for the account; nobody here would find that.
    if "S3OutputPath" not in output:
        raise ServiceError(
            "ValidationError", "the emulated account needs AsyncInferenceConfig.OutputConfig.S3OutputPath"
        )
    name = str(uuid.uuid4())
    extension = f"/{asked['S3OutputPathExtension'].strip('/')}" if "S3OutputPathExtension" in asked else ""
    failures = output.get("S3FailurePath")
    return _Waiting(
        inference_id=asked.get("InferenceId", str(uuid.uuid4())),
        request=asked,
        received=datetime.now(UTC),
        arrived=time.monotonic(),
        output=f"{output['S3OutputPath'].rstrip('/')}{extension}/{asked.get('Filename', f'{name}.out')}",
        failure=f"{failures.rstrip('/')}{extension}/{name}-error.out" if failures else None,
    )
