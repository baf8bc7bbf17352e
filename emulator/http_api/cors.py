"""An HTTP API's CORS configuration applied to requests of browsers."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
)


def is_preflight(configuration: dict[str, Any] | None, request: Request) -> bool:
    """With a CORS configuration API Gateway answers preflights itself, whatever routes there are."""
    asked = request.method == "OPTIONS" and "Origin" in request.headers
    return bool(configuration) and asked and "Access-Control-Request-Method" in request.headers


def preflight(configuration: dict[str, Any], request: Request) -> Response:
    """204 always; without the headers when the origin is not allowed, which is what makes the browser refuse."""
    answer = Response("", 204)
    if origin := _allowed(configuration, request):
        answer.headers["Access-Control-Allow-Origin"] = origin
        _more(answer, configuration)
        for header, member in (
            ("Access-Control-Allow-Methods", "allowMethods"),
            ("Access-Control-Allow-Headers", "allowHeaders"),
        ):
            if values := configuration.get(member):
                answer.headers[header] = ",".join(values)
        if "maxAge" in configuration:
            answer.headers["Access-Control-Max-Age"] = str(configuration["maxAge"])
    return answer


def apply(configuration: dict[str, Any] | None, request: Request, answer: Response) -> None:
    """API Gateway's headers instead of the integration's own, where the API has a CORS configuration."""
    if not configuration:
        return
    for header in _HEADERS:
        answer.headers.pop(header, None)
    if origin := _allowed(configuration, request):
        answer.headers["Access-Control-Allow-Origin"] = origin
        _more(answer, configuration)
        if exposed := configuration.get("exposeHeaders"):
            answer.headers["Access-Control-Expose-Headers"] = ",".join(exposed)


def _more(answer: Response, configuration: dict[str, Any]) -> None:
    if answer.headers["Access-Control-Allow-Origin"] != "*":
        answer.headers["Vary"] = "Origin"
    if configuration.get("allowCredentials"):
        answer.headers["Access-Control-Allow-Credentials"] = "true"


def _allowed(configuration: dict[str, Any], request: Request) -> str | None:
    """The value for `Access-Control-Allow-Origin`, or None."""
    origin = request.headers.get("Origin")
    if not origin:
        return None
    allowed = configuration.get("allowOrigins", [])
    if origin in allowed:
        return origin
    if "*" in allowed and not configuration.get("allowCredentials"):
        return "*"
    scheme = origin.partition("://")[0]
    return origin if f"{scheme}://*" in allowed else None
