"""Routes that are no `service + operation`: REST paths answered before moto, and the emulator's own /emulator/…"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.api import Caller, ServiceError

Route = Callable[[Request, Caller, "re.Match[str]"], Response]
_ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, path: str) -> Callable[[Route], Route]:
    """Registers a handler for requests whose whole path matches the regular expression `path`."""

    def register(handler: Route) -> Route:
        _ROUTES.append((method, re.compile(path), handler))
        return handler

    return register


def routes() -> list[tuple[str, re.Pattern[str], Route]]:
    return _ROUTES


def json_response(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document, default=str), status, content_type="application/json")


def rest_error(error: ServiceError) -> Response:
    """An error in the form of AWS's REST-JSON services."""
    body = json.dumps({"message": error.message, "Message": error.message, "Type": "User"})
    return Response(body, error.status, {"x-amzn-ErrorType": error.code}, content_type="application/json")


@route("GET", "/emulator/health")
def health(_request: Request, _caller: Caller, _match: re.Match[str]) -> Response:
    return json_response({"status": "ready"})
