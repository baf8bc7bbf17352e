"""Lambda's Invoke: synchronous, asynchronous with retries and destinations, and as a target of other services."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.utils import get_backend
from werkzeug.wrappers import Request, Response

from emulator import ACCOUNT, control
from emulator.api import Caller, ServiceError
from emulator.clients import client
from emulator.functions.workers import POOL, Function, Outcome
from emulator.patching import replace

log = logging.getLogger(__name__)

_RETRIES = 2
# AWS waits one and two minutes; the order of events is the same, the waiting is not what anyone tests.
_RETRY_SECONDS = (1.0, 2.0)
_LOG_TAIL_BYTES = 4096
_LARGEST_PAYLOAD = 6 * 1024 * 1024
_LARGEST_EVENT = 1024 * 1024


def find(name: str, qualifier: str | None, caller: Caller) -> Any:
    """moto's model of a function. Raises `ServiceError` when there is none."""
    try:
        return get_backend(caller.account, caller.region).get_function(name, qualifier)
    except Exception as error:
        arn = name if name.startswith("arn:") else caller.arn("lambda", f"function:{name}")
        message = f"Function not found: {arn}{f':{qualifier}' if qualifier and not name.startswith('arn:') else ''}"
        raise ServiceError("ResourceNotFoundException", message, 404) from error


@control.route("POST", r"/2015-03-31/functions/(?P<name>.+)/invocations/?")
def _invoke_route(request: Request, caller: Caller, match: re.Match[str]) -> Response:
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    model = find(unquote(match["name"]), request.args.get("Qualifier"), caller)
    body = request.get_data()
    if len(body) > (_LARGEST_EVENT if kind == "Event" else _LARGEST_PAYLOAD):
        raise ServiceError(
            "RequestTooLargeException", f"{len(body)} bytes exceeded the maximum allowed payload size", 413
        )
    try:
        event = json.loads(body) if body else {}
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise ServiceError("InvalidRequestContentException", message) from error
    if not (model.run_time or "").startswith("python"):
        message = f"the emulated account runs Python functions only, {model.function_name} is '{model.run_time}'"
        raise ServiceError("InvalidRuntimeException", message, 502)
    if kind == "DryRun":
        return Response("", 204)
    if kind == "Event":
        invoke_later(model, event)
        return Response("", 202)
    outcome = POOL.invoke(model, event, model.function_arn)
    headers = {"X-Amz-Executed-Version": Function.of(model).version}
    if outcome.error:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if request.headers.get("X-Amz-Log-Type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log.encode()[-_LOG_TAIL_BYTES:]).decode()
    return Response(outcome.payload, 200, headers, content_type="application/json")


def invoke_later(model: Any, event: Any) -> None:
    """An asynchronous invocation: answered at once, repeated on error, then sent to its destination or queue."""
    threading.Thread(target=_attempts, args=(model, event), daemon=True).start()


def _attempts(model: Any, event: Any) -> None:
    try:
        settings = model.event_invoke_config[-1].config if model.event_invoke_config else {}
        retries = int(settings.get("MaximumRetryAttempts", _RETRIES))
        for attempt in range(1 + retries):
            outcome = POOL.invoke(model, event, model.function_arn)
            if not outcome.error:
                break
            if attempt < retries:
                time.sleep(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)])
        destinations = settings.get("DestinationConfig", {})
        chosen = destinations.get("OnFailure" if outcome.error else "OnSuccess", {}).get("Destination")
        if chosen:
            _send(model, chosen, json.dumps(_record(model, event, outcome, attempt + 1)))
        dead_letters = getattr(model, "dead_letter_config", None) or {}
        if outcome.error and dead_letters.get("TargetArn"):
            _send(model, dead_letters["TargetArn"], json.dumps(event))
    except Exception:
        log.exception("asynchronous invocation of %s", model.function_name)


def _record(model: Any, event: Any, outcome: Outcome, attempts: int) -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{model.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if outcome.error else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if outcome.error else {}),
        },
        "responsePayload": json.loads(outcome.payload),
    }


def _send(model: Any, arn: str, message: str) -> None:
    service, region = arn.split(":")[2], arn.split(":")[3]
    if service == "sqs":
        sqs = client("sqs", region)
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=message)
    elif service == "sns":
        client("sns", region).publish(TopicArn=arn, Message=message)
    elif service == "lambda":
        invoke_later(find(arn, None, Caller(ACCOUNT, region)), json.loads(message))
    elif service == "events":
        entry = {"Source": "lambda", "DetailType": "Lambda Function Invocation Result", "Detail": message}
        client("events", region).put_events(Entries=[{**entry, "Resources": [model.function_arn]}])
    else:
        log.error("destination %s of %s is of a kind that Lambda does not have", arn, model.function_name)


# --- moto's own services (SNS, S3 notifications, its own Step Functions) call these methods


def _invoke_of_moto(self: Any, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
    event = json.loads(body) if body else {}
    if request_headers.get("x-amz-invocation-type", "Event") == "Event":
        invoke_later(self, event)
        return ""
    outcome = POOL.invoke(self, event, self.function_arn)
    if outcome.error:
        response_headers["x-amz-function-error"] = "Unhandled"
    return outcome.payload


replace(LambdaFunction, "invoke", _invoke_of_moto)

_created = LambdaFunction.__init__
_updated = LambdaFunction.update_configuration
_described = LambdaFunction.get_configuration


def _create(self: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
    _created(self, account_id, spec, region, version)
    _keep_more(self, spec)


def _update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
    _keep_more(self, config_updates)
    answer: dict[str, Any] = _updated(self, config_updates)
    return answer


def _keep_more(self: Any, spec: dict[str, Any]) -> None:
    """Settings that moto forgets."""
    if group := spec.get("LoggingConfig", {}).get("LogGroup"):
        self.logs_group_name = group
    if "LoggingConfig" in spec:
        self.logging_config = spec["LoggingConfig"]
    if "DeadLetterConfig" in spec:
        self.dead_letter_config = spec["DeadLetterConfig"]
    if "FileSystemConfigs" in spec:
        self.file_systems = spec["FileSystemConfigs"]


def _describe(self: Any, on_create: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = _described(self, on_create)
    answer["LoggingConfig"] = {
        "LogFormat": "Text",
        "LogGroup": self.logs_group_name,
        **getattr(self, "logging_config", {}),
    }
    if getattr(self, "dead_letter_config", None):
        answer["DeadLetterConfig"] = self.dead_letter_config
    if getattr(self, "file_systems", None):
        answer["FileSystemConfigs"] = self.file_systems
    return answer


replace(LambdaFunction, "__init__", _create)
replace(LambdaFunction, "update_configuration", _update)
replace(LambdaFunction, "get_configuration", _describe)

_delete_function = LambdaBackend.delete_function


def _delete(self: Any, function_name: str, qualifier: str | None = None) -> None:
    _delete_function(self, function_name, qualifier)
    POOL.stop_idle({model.function_arn for model in self.list_functions("ALL")})


replace(LambdaBackend, "delete_function", _delete)
