"""A bucket's CORS rules; without one that fits, a browser gets no leave to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from emulator.s3.errors import Refused


@dataclass(frozen=True)
class Rule:
    """One rule; origins and headers may hold one `*`."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    max_age: str | None

    @classmethod
    def of(cls, model: Any) -> Rule:
        """From moto's model of it."""
        return cls(
            _texts(model.allowed_origins),
            _texts(model.allowed_methods),
            tuple(each.lower() for each in _texts(model.allowed_headers)),
            _texts(model.exposed_headers),
            str(model.max_age_seconds) if model.max_age_seconds else None,
        )


def is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS"


def preflight(bucket: Any, request: Request) -> Response:
    """Raises `Refused` where no rule allows what the browser is going to ask."""
    origin, method = request.headers.get("Origin"), request.headers.get("Access-Control-Request-Method")
    if not origin or not method:
        message = "Insufficient information. Origin request header needed."
        raise Refused(400, "BadRequest", message)
    asked = [each.strip().lower() for each in request.headers.get("Access-Control-Request-Headers", "").split(",")]
    rule = _rule(bucket, origin, method, [each for each in asked if each])
    if rule is None:
        reason = "This CORS request is not allowed. This is usually because the evalution of Origin, request method /"
        reason += " Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the"
        reason += " resource's CORS spec."
        message = reason if bucket.cors else "CORS is not enabled for this bucket."
        raise Refused(403, "AccessForbidden", f"CORSResponse: {message}")
    answer = Response("", 200)
    _allow(answer.headers, rule, origin)
    if any(asked):
        answer.headers["Access-Control-Allow-Headers"] = ", ".join(each for each in asked if each)
    return answer


def apply(bucket: Any, request: Request, headers: Headers) -> None:
    """Replaces what moto says of CORS by what the bucket's rules say."""
    for name in [name for name, _ in headers if name.lower().startswith("access-control-")]:
        del headers[name]
    origin = request.headers.get("Origin", "")
    if rule := _rule(bucket, origin, request.method, []):
        _allow(headers, rule, origin)


def _rule(bucket: Any, origin: str, method: str, asked: list[str]) -> Rule | None:
    """The first rule that allows origin, method and every header."""
    for rule in map(Rule.of, bucket.cors):
        if (
            any(_fits(pattern, origin) for pattern in rule.origins)
            and method in rule.methods
            and all(any(_fits(pattern, header) for pattern in rule.headers) for header in asked)
        ):
            return rule
    return None


def _allow(headers: Headers, rule: Rule, origin: str) -> None:
    if "*" in rule.origins:
        headers["Access-Control-Allow-Origin"] = "*"
    else:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
    headers["Access-Control-Allow-Methods"] = ", ".join(rule.methods)
    headers["Vary"] = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
    if rule.exposed:
        headers["Access-Control-Expose-Headers"] = ", ".join(rule.exposed)
    if rule.max_age:
        headers["Access-Control-Max-Age"] = rule.max_age


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def _texts(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)
