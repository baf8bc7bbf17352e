"""InvokeEndpoint: a request goes to a container behind the endpoint and its answer streams back."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator

from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, ServiceError
from emulator.sagemaker.endpoints import ENDPOINTS, Endpoint
from emulator.sagemaker.fleet import Replica

_LARGEST_BODY = 25 * 1024 * 1024
_ANSWER_SECONDS = 60.0
_CHUNK = 65536
# In SageMaker's own words; the status that it names is 0 then.
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


@control.route("POST", r"/endpoints/(?P<name>[^/]+)/invocations")
def _invoke(request: Request, caller: Caller, match: re.Match[str]) -> Response:
    arrived = time.monotonic()
    endpoint = ENDPOINTS.find(caller, match["name"])
    if endpoint is None:
        raise ServiceError("ValidationError", f"Endpoint {match['name']} of account {caller.account} not found.")
    if "AsyncInferenceConfig" in endpoint.config:
        message = f"Endpoint {endpoint.name} is asynchronous: use InvokeEndpointAsync."
        raise ServiceError("ValidationError", message)
    length = request.content_length or 0
    if length > _LARGEST_BODY:
        raise ServiceError(
            "ValidationError", f"the request has {length} bytes, at most {_LARGEST_BODY} are allowed", 413
        )
    body = request.get_data()
    replica = endpoint.choose(request.headers.get("X-Amzn-SageMaker-Target-Variant"))
    asked = time.monotonic()
    connection = replica.http(_ANSWER_SECONDS)
    headers = {
        "Content-Type": request.headers.get("Content-Type", "application/octet-stream"),
        "Content-Length": str(len(body)),
    }
    for name in ("Accept", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id"):
        if name in request.headers:
            headers[name] = request.headers[name]
    try:
        connection.request("POST", "/invocations", body, headers)
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        replica.leave()
        endpoint.measure(replica.name, 500, time.monotonic() - asked, asked - arrived)
        if isinstance(error, TimeoutError):
            return _model_error(endpoint, replica, 0, _TIMED_OUT)
        return _model_error(endpoint, replica, 500, f"Received no answer from the container: {error}")
    if answer.status >= 400:
        text = answer.read().decode(errors="replace")
        connection.close()
        replica.leave()
        endpoint.measure(replica.name, answer.status, time.monotonic() - asked, asked - arrived)
        return _model_error(endpoint, replica, answer.status, text)

    exchange = replica.capture.begin(headers["Content-Type"], body) if replica.capture else None

    def chunks() -> Iterator[bytes]:
        try:
            while chunk := answer.read(_CHUNK):
                if exchange:
                    exchange.write(chunk)
                yield chunk
            if exchange:
                exchange.end(answer.headers.get("Content-Type", ""))
        finally:
            connection.close()
            replica.leave()
            endpoint.measure(replica.name, answer.status, time.monotonic() - asked, asked - arrived)

    sent = {"x-Amzn-Invoked-Production-Variant": replica.name}
    if attributes := answer.headers.get("X-Amzn-SageMaker-Custom-Attributes"):
        sent["X-Amzn-SageMaker-Custom-Attributes"] = attributes
    if size := answer.headers.get("Content-Length"):
        sent["Content-Length"] = size
    return Response(
        chunks(), answer.status, sent, content_type=answer.headers.get("Content-Type"), direct_passthrough=True
    )


def _model_error(endpoint: Endpoint, replica: Replica, status: int, text: str) -> Response:
    whose = "client" if 400 <= status < 500 else "server"
    group = f"/aws/sagemaker/Endpoints/{endpoint.name}"
    where = f"https://{endpoint.caller.region}.console.aws.amazon.com/cloudwatch/home#logEventViewer:group={group}"
    message = f'Received {whose} error ({status}) from primary with message "{text}". See {where} for more information.'
    document = {
        "ErrorCode": f"{whose.upper()}_ERROR_FROM_MODEL",
        "LogStreamArn": endpoint.caller.arn("logs", f"log-group:{group}"),
        "Message": message,
        "OriginalMessage": text,
        "OriginalStatusCode": status,
    }
    headers = {"x-amzn-ErrorType": "ModelError", "x-Amzn-Invoked-Production-Variant": replica.name}
    return Response(json.dumps(document), 424, headers, content_type="application/json")
