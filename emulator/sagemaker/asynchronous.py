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
class _Invocation:
    """One request in the queue: where its answer goes, and who is told."""

    endpoint: Endpoint
    inference_id: str
    request: Document
    received: datetime
    arrived: float
    output: str
    failure: str | None
    notifications: Document

    def work(self) -> None:
        """From the input's download to the notification; raises nothing."""
        self._measure("TimeInBacklog", self._milliseconds(), "Milliseconds")
        try:
            answer = self._answer()
            objects.write(self.output, answer.body, self.endpoint.caller.region, answer.content_type)
        except (_Failed, objects.DataError, ServiceError) as error:
            self._measure("InvocationFailures", 1, "Count")
            self._fail(str(error))
        except Exception as error:
            log.exception("asynchronous request %s of %s", self.inference_id, self.endpoint.name)
            self._fail(f"InternalServerError: the emulator failed: {error!r}")
        else:
            self._measure("InvocationsProcessed", 1, "Count")
            self._notify("SuccessTopic", self._success(answer))
        self._measure("TotalProcessingTime", self._milliseconds(), "Milliseconds")

    def _milliseconds(self) -> float:
        return (time.monotonic() - self.arrived) * 1000

    def _answer(self) -> _Answer:
        request = self.request
        if time.monotonic() - self.arrived > request.get("RequestTTLSeconds", _TTL_SECONDS):
            raise _Failed("ClientError: the request expired in the queue: it is older than RequestTTLSeconds")
        if "InputLocation" in request:
            body = objects.read(request["InputLocation"], self.endpoint.caller.region)
        else:
            body = request["Body"]
        headers = {
            "Content-Type": request.get("ContentType", "application/octet-stream"),
            "X-Amzn-SageMaker-Inference-Id": self.inference_id,
        }
        if "Accept" in request:
            headers["Accept"] = request["Accept"]
        if "CustomAttributes" in request:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = request["CustomAttributes"]
        replica = self.endpoint.choose(None)
        started = time.monotonic()
        try:
            connection = replica.http(float(request.get("InvocationTimeoutSeconds", _TIMEOUT_SECONDS)))
            try:
                connection.request("POST", "/invocations", body, headers)
                answer = connection.getresponse()
                content, status = answer.read(), answer.status
                content_type = answer.headers.get("Content-Type", "application/octet-stream")
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            content, status = f"no answer from the container: {error or type(error).__name__}".encode(), 500
        finally:
            replica.leave()
        self.endpoint.measure(replica.name, status, time.monotonic() - started, started - self.arrived)
        if status >= 400:
            whose = "client" if status < 500 else "server"
            text = content.decode(errors="replace")
            raise _Failed(f'ClientError: Received {whose} error ({status}) from model with message "{text}"')
        return _Answer(content, content_type)

    def _fail(self, reason: str) -> None:
        message = self._message("Failed") | {"failureReason": reason}
        if self.failure:
            try:
                objects.write(self.failure, reason.encode(), self.endpoint.caller.region, "text/plain")
            except objects.DataError as error:
                log.warning("%s: %s", self.endpoint.name, error)
            message["responseParameters"] = {"outputLocation": self.failure}
        self._notify("ErrorTopic", message)

    def _success(self, answer: _Answer) -> Document:
        response: Document = {"contentType": answer.content_type, "outputLocation": self.output}
        included = self.notifications.get("IncludeInferenceResponseIn", [])
        if "SUCCESS_NOTIFICATION_TOPIC" in included and len(answer.body) <= _LARGEST_RESPONSE_IN_NOTIFICATION:
            response["responseContent"] = base64.b64encode(answer.body).decode()
        return self._message("Completed") | {"responseParameters": response}

    def _message(self, status: str) -> Document:
        asked = {
            "contentType": self.request.get("ContentType"),
            "endpointName": self.endpoint.name,
            "inputLocation": self.request.get("InputLocation"),
        }
        return {
            "awsRegion": self.endpoint.caller.region,
            "eventTime": _moment(datetime.now(UTC)),
            "receivedTime": _moment(self.received),
            "invocationStatus": status,
            "requestParameters": {key: value for key, value in asked.items() if value},
            "inferenceId": self.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }

    def _notify(self, kind: str, message: Document) -> None:
        if topic := self.notifications.get(kind):
            try:
                client("sns", self.endpoint.caller.region).publish(TopicArn=topic, Message=json.dumps(message))
            except Exception as error:
                self._measure("NotificationFailures", 1, "Count")
                log.warning("%s: %s", topic, error)

    def _measure(self, name: str, value: float, unit: str) -> None:
        variants = self.endpoint.fleet.replicas if self.endpoint.fleet else {}
        dimensions = {"EndpointName": self.endpoint.name, "VariantName": next(iter(variants), "")}
        logs.put_metric(self.endpoint.caller, "AWS/SageMaker", name, value, unit, dimensions)


class _Backlog:
    """The requests of one endpoint, first come, first served."""

    def __init__(self) -> None:
        self._workers: dict[int, ThreadPoolExecutor] = {}
        self._waiting = 0
        self._lock = threading.Lock()

    def add(self, invocation: _Invocation, concurrent: int) -> None:
        with self._lock:
            # An update may bring another limit: what waits already goes on under the old one.
            if concurrent not in self._workers:
                self._workers[concurrent] = ThreadPoolExecutor(concurrent, thread_name_prefix="async")
            workers = self._workers[concurrent]
        self._count(invocation.endpoint, 1)
        workers.submit(self._work, invocation)

    def _work(self, invocation: _Invocation) -> None:
        invocation.work()
        self._count(invocation.endpoint, -1)

    def _count(self, endpoint: Endpoint, difference: int) -> None:
        with self._lock:
            self._waiting += difference
            size = self._waiting
        dimensions = {"EndpointName": endpoint.name}
        for name in ("ApproximateBacklogSize", "ApproximateBacklogSizePerInstance"):
            logs.put_metric(endpoint.caller, "AWS/SageMaker", name, float(size), "Count", dimensions)


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
    waiting = _invocation(endpoint, asked, configuration["OutputConfig"])
    with _lock:
        backlog = _BACKLOGS.setdefault(endpoint, _Backlog())
    limits = configuration.get("ClientConfig", {})
    backlog.add(waiting, limits.get("MaxConcurrentInvocationsPerInstance", _CONCURRENT))
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


def _invocation(endpoint: Endpoint, asked: Document, output: Document) -> _Invocation:
    # Without a path of its own AWS writes into a bucket that it makes for the account; nobody here would find that.
    if "S3OutputPath" not in output:
        raise ServiceError(
            "ValidationError", "the emulated account needs AsyncInferenceConfig.OutputConfig.S3OutputPath"
        )
    name = str(uuid.uuid4())
    extension = f"/{asked['S3OutputPathExtension'].strip('/')}" if "S3OutputPathExtension" in asked else ""
    failures = output.get("S3FailurePath")
    return _Invocation(
        endpoint=endpoint,
        inference_id=asked.get("InferenceId", str(uuid.uuid4())),
        request=asked,
        received=datetime.now(UTC),
        arrived=time.monotonic(),
        output=f"{output['S3OutputPath'].rstrip('/')}{extension}/{asked.get('Filename', f'{name}.out')}",
        failure=f"{failures.rstrip('/')}{extension}/{name}-error.out" if failures else None,
        notifications=output.get("NotificationConfig", {}),
    )
