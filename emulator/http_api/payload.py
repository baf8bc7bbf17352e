"""Payload format 2.0: a request as a function's event, and the function's answer as a response."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

_TEXT = ("application/json", "application/javascript", "application/xml")


class InvalidAnswer(Exception):
    """The function's answer is none that API Gateway can send on; the message says why."""


@dataclass(frozen=True)
class Where:
    """Where a request arrived: account, API and stage, and the host that was asked."""

    account: str
    api_id: str
    stage: str
    domain: str


def event(
    request: Request,
    where: Where,
    route_key: str,
    parameters: dict[str, str],
    variables: dict[str, str],
    authorizer: dict[str, Any] | None,
) -> dict[str, Any]:
    """The event of an AWS_PROXY integration (developer guide, "AWS Lambda proxy integrations for HTTP APIs")."""
    body = request.get_data()
    text = _as_text(body, request.content_type or "")
    now = datetime.now(UTC)
    headers = {name.lower(): value for name, value in _joined(MultiDict(request.headers.items())).items()}
    cookies = headers.pop("cookie", "")
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query_string.decode(),
        "headers": headers,
        "requestContext": {
            "accountId": where.account,
            "apiId": where.api_id,
            "domainName": where.domain,
            "domainPrefix": where.domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": request.remote_addr or "127.0.0.1",
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": base64.b64encode(uuid.uuid4().bytes[:11]).decode(),
            "routeKey": route_key,
            "stage": where.stage,
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": text is None,
    }
    if cookies:
        made["cookies"] = [each.strip() for each in cookies.split(";")]
    if request.args:
        made["queryStringParameters"] = _joined(request.args)
    if parameters:
        made["pathParameters"] = parameters
    if variables:
        made["stageVariables"] = variables
    if authorizer is not None:
        made["requestContext"]["authorizer"] = authorizer
    if body:
        made["body"] = base64.b64encode(body).decode() if text is None else text
    else:
        made["isBase64Encoded"] = False
    return made


def jwt_context(claims: dict[str, Any], scopes: list[str] | None) -> dict[str, Any]:
    """`requestContext.authorizer` of a JWT authorizer: every claim is text, a list is `[a b]`."""
    return {"jwt": {"claims": {name: _claim(value) for name, value in claims.items()}, "scopes": scopes or None}}


def response(answer: Any) -> Response:
    """The response that a function's answer stands for. Raises `InvalidAnswer`."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(body, 200, content_type="application/json")
    try:
        status = int(answer["statusCode"])
    except (TypeError, ValueError) as error:
        raise InvalidAnswer(f"statusCode is {answer['statusCode']!r}") from error
    body, headers = answer.get("body") or "", answer.get("headers") or {}
    if not isinstance(body, str) or not isinstance(headers, dict):
        raise InvalidAnswer("body must be text and headers a map")
    try:
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    except ValueError as error:
        raise InvalidAnswer("body is not base64 although isBase64Encoded says so") from error
    if any(isinstance(value, dict | list) or value is None for value in headers.values()):
        raise InvalidAnswer("a header is neither text nor a number nor a boolean")
    made = Response(content, status, content_type="text/plain; charset=utf-8")
    for name, value in headers.items():
        made.headers[name] = str(value).lower() if isinstance(value, bool) else str(value)
    for cookie in answer.get("cookies") or []:
        made.headers.add("Set-Cookie", str(cookie))
    if not content and not any(name.lower() == "content-type" for name in headers):
        del made.headers["Content-Type"]
    return made


def _joined(values: MultiDict[str, str]) -> dict[str, str]:
    """Repeated names in one value, with commas, as AWS hands them on."""
    return {name: ",".join(values.getlist(name)) for name in values}


def _as_text(body: bytes, content_type: str) -> str | None:
    """None for what API Gateway hands on in base64."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and not kind.startswith("text/") and kind not in _TEXT and not kind.endswith(("+json", "+xml")):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _claim(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_claim(each) for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)
