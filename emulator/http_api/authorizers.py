"""JWT authorizers: whether a token is good for an API, and for a route's scopes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from werkzeug.wrappers import Request

from emulator.cognito import pools

_HEADER = "$request.header."
_QUERY = "$request.querystring."


@dataclass(frozen=True)
class Refused(Exception):
    """Status and `WWW-Authenticate` of a refusal; `reason` is for the access log only."""

    status: int
    challenge: str
    reason: str

    @property
    def message(self) -> str:
        return "Unauthorized" if self.status == 401 else "Forbidden"


def claims(authorizer: Any, route: Any, request: Request) -> dict[str, Any]:
    """Claims of the request's token. Raises `Refused`.

    Checked as the API Gateway developer guide says ("JWT authorizers"): `kid`, `iss`, `aud` or else `client_id`, `exp`,
    `nbf`, `iat`, and one of the route's scopes in `scope` or `scp`.
    """
    token = _token(authorizer.identity_source, request)
    if not token:
        raise Refused(401, "Bearer", "no token")
    found = _decoded(authorizer.jwt_config, token)
    wanted = set(route.authorization_scopes or ())
    scopes = found.get("scope", found.get("scp", ""))
    if wanted and not wanted & set(scopes.split() if isinstance(scopes, str) else scopes):
        challenge = f'Bearer scope="{" ".join(sorted(wanted))}" error="insufficient_scope"'
        raise Refused(403, challenge, "insufficient_scope")
    return found


def _token(sources: list[str] | str | None, request: Request) -> str:
    for source in [sources] if isinstance(sources, str) else sources or [f"{_HEADER}Authorization"]:
        if source.startswith(_HEADER):
            value = request.headers.get(source.removeprefix(_HEADER), "")
        else:
            value = request.args.get(source.removeprefix(_QUERY), "")
        scheme, _, token = value.strip().rpartition(" ")
        if token and scheme.lower() in ("", "bearer"):
            return str(token)
    return ""


def _decoded(configuration: dict[str, Any], token: str) -> dict[str, Any]:
    issuer, audience = configuration["issuer"].rstrip("/"), configuration.get("audience", [])
    pool = pools.find(issuer.rpartition("/")[2])
    if pool is None or issuer not in (pools.issuer(pool.id), pools.aws_issuer(pool.id)):
        raise _invalid(f"the emulated account knows no issuer {issuer}")
    try:
        found: dict[str, Any] = jwt.decode(token, pool.json_web_key, algorithms=["RS256"]).claims
    except (JoseError, ValueError) as error:
        raise _invalid("signature or form of the token is wrong") from error
    now = time.time()
    if found.get("iss") != pools.issuer(pool.id):
        raise _invalid("the token is another issuer's")
    if found.get("exp", 0) <= now:
        raise _invalid("the token has expired")
    if found.get("nbf", 0) > now or found.get("iat", 0) > now + 1:
        raise _invalid("the token is not valid yet")
    named = found.get("aud", found.get("client_id"))
    if not set(audience) & set(named if isinstance(named, list) else [named]):
        raise _invalid("the token is for another audience")
    return found


def _invalid(reason: str) -> Refused:
    return Refused(401, f'Bearer error="invalid_token" error_description="{reason}"', reason)
