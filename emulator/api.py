"""The AWS operations that the emulator answers itself, in front of moto.

Every request is checked against botocore's shapes before its handler sees it, every answer before it is sent, so a
handler cannot invent a member or forget a required one. What is not registered here goes on to moto.
"""

from __future__ import annotations

import functools
import logging
import re
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Request, Response

log = logging.getLogger(__name__)

Document = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who asks: account and region of the signed request."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


class ServiceError(Exception):
    """An error that the client sees: AWS error code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class InvalidAnswer(AssertionError):
    """A handler answered with something that AWS would not send: a mistake in the emulator."""


Handler = Callable[[Document, Caller], Document | None]
_HANDLERS: dict[tuple[str, str], Handler] = {}


def operation(service: str, name: str) -> Callable[[Handler], Handler]:
    """Registers a handler for one operation, such as `("sagemaker", "CreatePipeline")`."""

    def register(handler: Handler) -> Handler:
        _model(service).operation_model(name)  # a typing mistake in the name fails at import
        _HANDLERS[service, name] = handler
        return handler

    return register


def is_ours(service: str, name: str) -> bool:
    return (service, name) in _HANDLERS


def operations(service: str) -> list[str]:
    """Names of the operations of one service that are answered here."""
    return sorted(name for of, name in _HANDLERS if of == service)


@functools.cache
def _model(service: str) -> Any:
    return get_service_model(service)


def rest_path(service: str, name: str) -> tuple[str, str, str]:
    """Method, path and query of an operation of a REST service; the path is an expression with a group a parameter."""
    http = _model(service).operation_model(name).http
    path, _, query = http["requestUri"].partition("?")
    expression = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path.rstrip("/"))) + "/?"
    return http["method"], expression, query.partition("=")[0]


def answer(
    service: str, name: str, request: Request, caller: Caller, url_params: Mapping[str, str] | None = None
) -> Response:
    """Parses, checks, handles and answers one HTTP request of an operation registered here.

    `url_params`: what a REST operation has in its path.
    """
    model = _model(service).operation_model(name)
    protocol = _model(service).metadata["protocol"]
    serializer = get_serializer_class(service, protocol)(model, SerializationContext())
    try:
        parsed = PROTOCOL_PARSERS[protocol](model).parse(
            {
                "body": request.get_data(parse_form_data=protocol == "query"),
                "headers": request.headers,
                "method": request.method,
                "url_params": dict(url_params or {}),
                "url_path": request.path,
                "values": request.values,
            }
        )
        result = call(service, name, parsed, caller)
    except ServiceError as error:
        return _error(error, protocol)
    except Exception:
        log.error("%s %s failed\n%s", service, name, traceback.format_exc())
        last = traceback.format_exc().strip().splitlines()[-1]
        return _error(
            ServiceError("InternalFailure", f"the emulator failed in {service} {name}: {last}", 500), protocol
        )
    sent = serializer.serialize(result)
    return Response(sent["body"], sent["status_code"], sent["headers"])


def call(service: str, name: str, request: Document, caller: Caller) -> Document:
    """One operation without HTTP, with the same checks; used between parts of the emulator."""
    model = _model(service).operation_model(name)
    check_request(model, request)
    result = _HANDLERS[service, name](request, caller) or {}
    check_answer(model, result)
    return result


def check_answer(model: OperationModel, result: Document) -> None:
    """Raises `InvalidAnswer` when the result is not what AWS sends for the operation."""
    problems = _answer_problems(result, model.output_shape, "") if model.output_shape else []
    if problems:
        raise InvalidAnswer(f"{model.name}: " + "; ".join(problems))


def _error(error: ServiceError, protocol: str) -> Response:
    if protocol in ("query", "rest-xml"):
        kind = "Sender" if error.status < 500 else "Receiver"
        text = error.message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{error.code}</Code><Message>{text}</Message></Error>"
            "<RequestId>emulated</RequestId></ErrorResponse>"
        )
        return Response(body, error.status, content_type="text/xml")
    import json

    # Every answer of AWS has an id; state machines put it into the cause of a failed call.
    headers = {"x-amzn-errortype": error.code, "x-amzn-requestid": str(uuid.uuid4())}
    body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
    return Response(body, error.status, headers, content_type="application/x-amz-json-1.1")


def check_request(model: OperationModel, request: Document) -> None:
    """Raises `ValidationException`, worded as AWS words it, when the request does not fit the operation's shape."""
    if model.input_shape is None:
        return
    report = ParamValidator().validate(request, model.input_shape)
    problems = report.generate_report().splitlines() if report.has_errors() else []
    problems += list(_constraint_problems(request, model.input_shape, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise ServiceError("ValidationException", f"{count}: {'; '.join(problems)}")


def _constraint_problems(value: Any, shape: Shape, path: str) -> list[str]:
    """Enumerations, patterns and upper bounds, which botocore's own validator leaves to the service."""
    found: list[str] = []
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for key, member in value.items():
            if key in shape.members:
                found += _constraint_problems(member, shape.members[key], f"{path}.{key}".lstrip("."))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        if len(value) > shape.metadata.get("max", len(value)):
            found.append(f"{path}: {len(value)} items, at most {shape.metadata['max']} are allowed")
        for index, member in enumerate(value):
            found += _constraint_problems(member, shape.member, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, member in value.items():
            found += _constraint_problems(key, shape.key, f"{path} (key)")
            found += _constraint_problems(member, shape.value, f"{path}.{key}")
    elif isinstance(value, str):
        enum, pattern, most = shape.metadata.get("enum"), shape.metadata.get("pattern"), shape.metadata.get("max")
        if enum and value not in enum:
            found.append(f"Value '{value}' at '{path}' failed to satisfy enum value set: [{', '.join(enum)}]")
        if most is not None and len(value) > most:
            found.append(f"Value at '{path}' has {len(value)} characters, at most {most} are allowed")
        if pattern and not _matches(pattern, value):
            found.append(f"Value '{value}' at '{path}' failed to satisfy regular expression pattern: {pattern}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        most = shape.metadata.get("max")
        if most is not None and value > most:
            found.append(f"Value '{value}' at '{path}' must be at most {most}")
    return found


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # some of AWS's patterns use Java's syntax
        return True


def _answer_problems(value: Any, shape: Shape, path: str) -> list[str]:
    kind = shape.type_name
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            return [f"{path}: {type(value).__name__} instead of a structure"]
        found = [f"{path}.{key}: no such member in {shape.name}" for key in value if key not in shape.members]
        found += [f"{path}.{key}: required member is missing" for key in shape.required_members if key not in value]
        for key, member in value.items():
            if key in shape.members and member is not None:
                found += _answer_problems(member, shape.members[key], f"{path}.{key}")
        return found
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{path}: {type(value).__name__} instead of a list"]
        return [p for i, member in enumerate(value) for p in _answer_problems(member, shape.member, f"{path}[{i}]")]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            return [f"{path}: {type(value).__name__} instead of a map"]
        return [p for key, member in value.items() for p in _answer_problems(member, shape.value, f"{path}.{key}")]
    expected: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "boolean": bool,
        "timestamp": datetime,
        "blob": (bytes, str),
    }
    if kind in expected and not isinstance(value, expected[kind]):
        return [f"{path}: {type(value).__name__} instead of {kind}"]
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        return [f"{path}: '{value}' is not one of {', '.join(enum)}"]
    return []
