"""Routes that are no `service + operation`: REST paths answered before moto, host names of services, and /emulator/…"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from emulator import api
from emulator.api import Caller, ServiceError

Route = Callable[[Request, Caller, "re.Match[str]"], Response]
HostRoute = Callable[[Request, "re.Match[str]"], Response]
_ROUTES: list[tuple[str, re.Pattern[str], str, Route]] = []
_HOSTS: list[tuple[re.Pattern[str], HostRoute]] = []


def route(method: str, path: str, query: str = "") -> Callable[[Route], Route]:
    """Registers a handler for requests whose whole path matches the regular expression `path`.

    `query`: a parameter that must be there, where several operations share method and path.
    """

    def register(handler: Route) -> Route:
        _ROUTES.append((method, re.compile(path), query, handler))
        return handler

    return register


def rest_operation(service: str, name: str) -> Callable[[api.Handler], api.Handler]:
    """Registers a handler for one operation of a REST service, which is known by its method and path only."""

    def register(handler: api.Handler) -> api.Handler:
        api.operation(service, name)(handler)
        method, path, query = api.rest_path(service, name)

        @route(method, path, query)
        def answer(request: Request, caller: Caller, match: re.Match[str]) -> Response:
            values = {key: unquote(value) for key, value in match.groupdict().items()}
            return api.answer(service, name, request, caller, values)

        return handler

    return register


def host(name: str) -> Callable[[HostRoute], HostRoute]:
    """Registers a handler for every request to a host whose name, without the port, matches the expression `name`."""

    def register(handler: HostRoute) -> HostRoute:
        _HOSTS.append((re.compile(name), handler))
        return handler

    return register


def hosts() -> list[tuple[re.Pattern[str], HostRoute]]:
    return _HOSTS


def find(request: Request) -> tuple[Route, re.Match[str]] | None:
    """The first route registered for a request, or None."""
    for method, path, query, handler in _ROUTES:
        match = path.fullmatch(request.path)
        if match and request.method == method and (not query or query in request.args):
            return handler, match
    return None


def json_response(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document, default=str), status, content_type="application/json")


def rest_error(error: ServiceError) -> Response:
    """An error in the form of AWS's REST-JSON services."""
    body = json.dumps({"message": error.message, "Message": error.message, "Type": "User"})
    return Response(body, error.status, {"x-amzn-ErrorType": error.code}, content_type="application/json")


@route("GET", "/emulator/health")
def health(_request: Request, _caller: Caller, _match: re.Match[str]) -> Response:
    return json_response({"status": "ready"})
