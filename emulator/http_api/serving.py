"""Requests to an HTTP API: stage, CORS, route, authorizer, function, answer, access log and metrics."""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import control, logs
from emulator.api import Caller, ServiceError
from emulator.functions.invocation import find as find_function
from emulator.functions.workers import POOL, Outcome
from emulator.http_api import access_log, authorizers, cors, iam, operations, payload, routes

log = logging.getLogger(__name__)

_LARGEST_BODY = 10 * 1000 * 1000
_LARGEST_LAMBDA_PAYLOAD = 6 * 1024 * 1024
_LONGEST_SECONDS = 30.0
_DEFAULT_STAGE = "$default"


@dataclass
class _Refused(Exception):
    """An answer of API Gateway's own; `reason` is for the access log."""

    status: int
    message: str
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Visit:
    """One request on its way, and what is known of it for the access log."""

    caller: Caller
    api: Any
    stage: Any
    request: Request
    context: dict[str, Any]


@control.host(r"(?P<api>[a-z0-9]+)\.execute-api\.localhost")
def _serve(request: Request, match: re.Match[str]) -> Response:
    started = time.monotonic()
    found = operations.find(match["api"])
    if found is None or found[1].protocol_type != "HTTP" or found[1].disable_execute_api_endpoint:
        return _answer(_Refused(404, "Not Found"))
    caller, api = found
    stage = api.stages.get(_DEFAULT_STAGE) or api.stages.get(request.path.split("/")[1])
    if stage is None:
        return _answer(_Refused(404, "Not Found"))
    visit = _Visit(caller, api, stage, request, {"apiId": api.api_id, "stage": stage.name})
    try:
        answer = _answered(visit)
    except _Refused as refused:
        visit.context |= {"error.message": refused.message, "integrationErrorMessage": refused.reason}
        answer = _answer(refused)
    except Exception:
        log.exception("%s %s of the HTTP API %s", request.method, request.path, api.name)
        answer = _answer(_Refused(500, "Internal Server Error"))
    if not cors.is_preflight(api.cors_configuration, request):
        cors.apply(api.cors_configuration, request, answer)
    answer.headers["apigw-requestid"] = visit.context.get("requestId", "-")
    _record(visit, answer, (time.monotonic() - started) * 1000)
    return answer


def _answered(visit: _Visit) -> Response:
    request, api = visit.request, visit.api
    if cors.is_preflight(api.cors_configuration, request):
        return cors.preflight(api.cors_configuration, request)
    if (request.content_length or 0) > _LARGEST_BODY:
        raise _Refused(413, "Request Entity Too Large")
    path = str(request.environ["RAW_URI"]).partition("?")[0]  # with %2F as it came: it separates no segments
    if visit.stage.name != _DEFAULT_STAGE:
        path = "/" + path.split("/", 2)[2] if path.count("/") > 1 else "/"
    taken = routes.take(list(api.routes.values()), request.method, path)
    if taken is None:
        raise _Refused(404, "Not Found")
    visit.context["routeKey"] = taken.route.route_key
    authorizer = _authorized(visit, taken.route)
    where = payload.Where(visit.caller.account, api.api_id, visit.stage.name, request.host.partition(":")[0])
    event = payload.event(
        request, where, taken.route.route_key, taken.parameters, visit.stage.stage_variables, authorizer
    )
    visit.context["requestId"] = event["requestContext"]["requestId"]
    return _integrated(visit, taken.route, event)


def _authorized(visit: _Visit, route: Any) -> dict[str, Any] | None:
    kind = route.authorization_type or "NONE"
    if kind == "NONE":
        return None
    if kind == "AWS_IAM":
        return _signed(visit)
    if kind != "JWT":
        raise _Refused(500, "Internal Server Error", f"the emulated account has no {kind} authorizers")
    try:
        claims = authorizers.claims(visit.api.authorizers[route.authorizer_id], route, visit.request)
    except authorizers.Refused as refused:
        visit.context["authorizer.error"] = refused.reason
        raise _Refused(refused.status, refused.message, "", {"WWW-Authenticate": refused.challenge}) from refused
    context = payload.jwt_context(claims, route.authorization_scopes)
    visit.context |= {f"authorizer.claims.{name}": value for name, value in context["jwt"]["claims"].items()}
    return context


def _signed(visit: _Visit) -> dict[str, Any]:
    try:
        found = iam.context(visit.request, visit.caller)
    except iam.Refused as refused:
        visit.context["authorizer.error"] = str(refused)
        raise _Refused(403, "Forbidden") from refused
    visit.context["identity.caller"] = found["iam"]["userArn"]
    return found


def _integrated(visit: _Visit, route: Any, event: dict[str, Any]) -> Response:
    integration = visit.api.integrations[(route.target or "").rpartition("/")[2]]
    if integration.integration_type != "AWS_PROXY" or integration.integration_subtype:
        raise _Refused(500, "Internal Server Error", "the emulated account has integrations with functions only")
    if integration.payload_format_version != "2.0":
        raise _Refused(500, "Internal Server Error", "the emulated account has payload format 2.0 only")
    if len(json.dumps(event)) > _LARGEST_LAMBDA_PAYLOAD:
        raise _Refused(413, "Request Too Long", "the event is larger than 6 MB")
    arn = _function_arn(integration.integration_uri)
    try:
        function = find_function(arn, None, visit.caller)
    except ServiceError as error:
        raise _Refused(500, "Internal Server Error", error.message) from error
    _refuse_without_permission(visit, function, arn, route)
    seconds = min(_LONGEST_SECONDS, (integration.timeout_in_millis or 30000) / 1000)
    started = time.monotonic()
    outcome = _invoked(function, event, arn, seconds)
    visit.context["integrationLatency"] = int((time.monotonic() - started) * 1000)
    if outcome is None:
        raise _Refused(503, "Service Unavailable", f"the function did not answer within {seconds:g} s")
    if outcome.error:
        raise _Refused(500, "Internal Server Error", outcome.payload.decode(errors="replace"))
    if len(outcome.payload) > _LARGEST_LAMBDA_PAYLOAD:
        raise _Refused(500, "Internal Server Error", "the function's answer is larger than 6 MB")
    try:
        return payload.response(json.loads(outcome.payload))
    except (payload.InvalidAnswer, ValueError) as error:
        log.warning("%s: the answer of %s cannot be sent: %s", visit.api.name, function.function_name, error)
        raise _Refused(500, "Internal Server Error", f"the function's answer cannot be sent: {error}") from error


def _function_arn(uri: str) -> str:
    """Of `arn:…:function:name[:alias]`, or of the older `…:lambda:path/…/functions/ARN/invocations`."""
    older = re.search(r"/functions/(arn:[^/]+)/invocations$", uri)
    return older[1] if older else uri


def _refuse_without_permission(visit: _Visit, function: Any, arn: str, route: Any) -> None:
    """The function's policy must let API Gateway in, for this route or more."""
    unqualified = find_function(":".join(arn.split(":")[:7]), None, visit.caller)
    place = f"{visit.api.api_id}/{visit.stage.name}/{route.route_key.replace(' ', '', 1)}"
    source = visit.caller.arn("execute-api", place)
    for statement in [*function.policy.statements, *unqualified.policy.statements]:
        service = statement.get("Principal", {})
        if isinstance(service, dict) and service.get("Service") != "apigateway.amazonaws.com":
            continue
        wanted = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        if fnmatchcase(source, wanted.replace("[", "[[]")):
            return
    reason = f"the policy of {function.function_name} does not allow apigateway.amazonaws.com for {source}"
    log.warning("%s", reason)
    raise _Refused(500, "Internal Server Error", reason)


def _invoked(function: Any, event: dict[str, Any], arn: str, seconds: float) -> Outcome | None:
    """None when the time is over; the function goes on, as in AWS."""
    answers: queue.Queue[Outcome] = queue.Queue()
    threading.Thread(target=lambda: answers.put(POOL.invoke(function, event, arn)), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return None


def _answer(refused: _Refused) -> Response:
    return Response(
        json.dumps({"message": refused.message}), refused.status, refused.headers, content_type="application/json"
    )


def _record(visit: _Visit, answer: Response, milliseconds: float) -> None:
    request, size = visit.request, answer.content_length or len(answer.get_data())
    access_log.write(
        visit.caller,
        visit.stage,
        {
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "requestTimeEpoch": int(time.time() * 1000),
            "httpMethod": request.method,
            "path": request.path,
            "protocol": request.environ.get("SERVER_PROTOCOL"),
            "domainName": request.host.partition(":")[0],
            "identity.sourceIp": request.remote_addr,
            "identity.userAgent": request.headers.get("User-Agent"),
            "status": answer.status_code,
            "responseLength": size,
            "responseLatency": int(milliseconds),
            "accountId": visit.caller.account,
            **visit.context,
        },
    )
    values = {
        "Count": (1.0, "Count"),
        "4xx": (float(400 <= answer.status_code < 500), "Count"),
        "5xx": (float(answer.status_code >= 500), "Count"),
        "Latency": (milliseconds, "Milliseconds"),
        "DataProcessed": (float(size + (request.content_length or 0)), "Bytes"),
    }
    if "integrationLatency" in visit.context:
        values["IntegrationLatency"] = (float(visit.context["integrationLatency"]), "Milliseconds")
    of_api = {"ApiId": visit.api.api_id}
    for dimensions in (of_api, {**of_api, "Stage": visit.stage.name}):
        for name, (value, unit) in values.items():
            logs.put_metric(visit.caller, "AWS/ApiGateway", name, value, unit, dimensions)
