"""Which route of an HTTP API a request takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

DEFAULT = "$default"
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Taken:
    """A route, moto's model of it, and what the request's path has in place of the route's parameters."""

    route: Any
    parameters: dict[str, str]


def take(routes: Iterable[Any], method: str, path: str) -> Taken | None:
    """The most specific route that fits, or None.

    Order, segment by segment: fixed text, then a parameter, then a greedy one; a route's own method before ANY;
    `$default` last (API Gateway developer guide, "Create routes for HTTP APIs").
    """
    found: list[tuple[tuple[Any, ...], Taken]] = []
    for route in routes:
        if route.route_key == DEFAULT:
            found.append((((3,), 1), Taken(route, {})))
            continue
        wanted, _, template = route.route_key.partition(" ")
        parameters = _fits(template, path)
        if wanted in (method, "ANY") and parameters is not None:
            found.append(((_rank(template), wanted == "ANY"), Taken(route, parameters)))
    return min(found, key=lambda each: each[0])[1] if found else None


def _fits(template: str, path: str) -> dict[str, str] | None:
    wanted, given = _segments(template), _segments(path)
    parameters: dict[str, str] = {}
    for index, segment in enumerate(wanted):
        name = _PARAMETER.fullmatch(segment)
        if name and name[1].endswith("+"):
            rest = "/".join(given[index:])
            return {**parameters, name[1][:-1]: unquote(rest)} if rest else None
        if index >= len(given) or (not name and segment != given[index]) or not given[index]:
            return None
        if name:
            parameters[name[1]] = unquote(given[index])
    return parameters if len(given) == len(wanted) else None


def _segments(path: str) -> list[str]:
    stripped = path.strip("/")
    return stripped.split("/") if stripped else []


def _rank(template: str) -> tuple[int, ...]:
    return tuple(
        0 if not (name := _PARAMETER.fullmatch(segment)) else 2 if name[1].endswith("+") else 1
        for segment in _segments(template)
    )
