"""The endpoints of a user pool for programs: discovery, tokens, revocation, user information.

AWS serves discovery at cognito-idp.REGION.amazonaws.com and the rest at the pool's domain; here both are below the
pool's issuer, so that the discovery document alone says where things are.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller
from emulator.cognito import codes, pools, tokens

_SCOPES = ("openid", "email", "phone", "profile")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


class _OAuthError(Exception):
    """An error of RFC 6749 as the token endpoint answers it."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


@control.route("GET", pools.PATH + r"/\.well-known/openid-configuration")
def _discovery(_request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = pools.known(match["pool"])
    issuer = pools.issuer(pool.id)
    document: dict[str, Any] = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": list(_SCOPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
    if pool.domain:
        document |= {
            "authorization_endpoint": f"{issuer}/oauth2/authorize",
            "token_endpoint": f"{issuer}/oauth2/token",
            "userinfo_endpoint": f"{issuer}/oauth2/userInfo",
            "revocation_endpoint": f"{issuer}/oauth2/revoke",
            "end_session_endpoint": f"{issuer}/logout",
        }
    return _json(document)


@control.route("GET", pools.PATH + r"/\.well-known/jwks\.json")
def _keys(_request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    return _json(tokens.key_set(pools.known(match["pool"])))


@control.route("OPTIONS", pools.PATH + r"/(\.well-known/.+|oauth2/(token|revoke|userInfo))")
def _preflight(_request: Request, _caller: Caller, _match: re.Match[str]) -> Response:
    return Response("", 204, _CORS)


@control.route("POST", f"{pools.PATH}/oauth2/token")
def _token(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = pools.known(match["pool"])
    try:
        client = _authenticated(pool, request)
        issued = _granted(pool, client, request)
    except _OAuthError as error:
        return _oauth_error(error)
    document: dict[str, Any] = {"access_token": issued.access, "expires_in": issued.expires_in, "token_type": "Bearer"}
    document |= {"id_token": issued.identity} if issued.identity else {}
    document |= {"refresh_token": issued.refresh} if issued.refresh else {}
    return _json(document)


@control.route("POST", f"{pools.PATH}/oauth2/revoke")
def _revoke(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = pools.known(match["pool"])
    try:
        _authenticated(pool, request)
        token = request.form.get("token", "")
        if not token:
            raise _OAuthError("invalid_request", "token is missing")
        if not tokens.is_refresh_token(token):
            raise _OAuthError("unsupported_token_type")
    except _OAuthError as error:
        return _oauth_error(error)
    tokens.revoke(pool, token)
    return Response("", 200, _CORS)


@control.route("GET", f"{pools.PATH}/oauth2/userInfo")
@control.route("POST", f"{pools.PATH}/oauth2/userInfo")
def _user_info(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = pools.known(match["pool"])
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = tokens.verified(pool, token) if scheme.lower() == "bearer" else None
    user = pool._get_user(claims["username"]) if claims else None
    client = pool.clients.get(claims["client_id"]) if claims else None
    if claims is None or client is None or user is None or not user.enabled:
        return _oauth_error(_OAuthError("invalid_token", "Access token is expired, disabled, or deleted", 401))
    scopes = tuple(claims["scope"].split())
    if "openid" not in scopes:
        return _oauth_error(_OAuthError("insufficient_scope", "the access token has no scope openid", 403))
    found = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in tokens.attributes(client, user, scopes).items()
    }
    return _json({"sub": user.id, "username": user.username, **found})


def _authenticated(pool: Any, request: Request) -> Any:
    """The client that asks, by HTTP Basic or by the form. Raises `_OAuthError`."""
    client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    if request.authorization and request.authorization.type == "basic":
        client_id, secret = request.authorization.username or "", request.authorization.password or ""
    client = pool.clients.get(client_id)
    if client is None or (client.generate_secret and not hmac.compare_digest(client.secret, secret)):
        raise _OAuthError("invalid_client")
    return client


def _granted(pool: Any, client: Any, request: Request) -> tokens.Tokens:
    kind = request.form.get("grant_type")
    if kind == "refresh_token":
        try:
            return tokens.renew(pool, client, request.form.get("refresh_token", ""))
        except tokens.Revoked as error:
            raise _OAuthError("invalid_grant", str(error)) from error
    if kind != "authorization_code":
        raise _OAuthError("unsupported_grant_type")
    code, redirect_uri, verifier = (request.form.get(name, "") for name in ("code", "redirect_uri", "code_verifier"))
    try:
        sign_in = codes.redeem(code, pool.id, client.id, redirect_uri, verifier)
    except codes.Refused as error:
        raise _OAuthError("invalid_grant", str(error)) from error
    return tokens.issue(pool, client, sign_in)


def _json(document: Any) -> Response:
    answer = control.json_response(document)
    answer.headers.update(_CORS)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _oauth_error(error: _OAuthError) -> Response:
    document = {"error": error.error} | ({"error_description": error.description} if error.description else {})
    answer = _json(document)
    answer.status_code = error.status
    if error.status in (401, 403):
        answer.headers["WWW-Authenticate"] = f'Bearer error="{error.error}", error_description="{error.description}"'
    return answer
