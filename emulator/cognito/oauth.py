"""The OpenID side of a user pool: discovery, managed login, and the endpoints of its domain.

AWS serves discovery at cognito-idp.REGION.amazonaws.com and the rest at the pool's domain; here both are below the
pool's issuer, so that the discovery document alone says where things are.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from moto.core.exceptions import JsonRESTError
from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, ServiceError
from emulator.cognito import branding, login_page, pools, tokens, users
from emulator.cognito.tokens import SignIn

_POOL = rf"/(?P<pool>{pools.ID})"
_CODE_SECONDS = 300.0
_BROWSER_SECONDS = 3600.0
_SESSION_COOKIE = "cognito"
_CSRF_COOKIE = "XSRF-TOKEN"
_SCOPES = ("openid", "email", "phone", "profile")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


@dataclass(frozen=True)
class _Code:
    """An authorization code, good for one exchange within five minutes."""

    pool_id: str
    sign_in: SignIn
    redirect_uri: str
    challenge: str
    expires: float


@dataclass(frozen=True)
class _Browser:
    """A browser in which a user of a pool has signed in; `since`: seconds since 1970."""

    pool_id: str
    username: str
    since: int


_CODES: dict[str, _Code] = {}
_BROWSERS: dict[str, _Browser] = {}


class _OAuthError(Exception):
    """An error of RFC 6749 as the token endpoint answers it."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


# --- discovery


@control.route("GET", _POOL + r"/\.well-known/openid-configuration")
def _discovery(_request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
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


@control.route("GET", _POOL + r"/\.well-known/jwks\.json")
def _keys(_request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    return _json(tokens.key_set(_known(match)))


@control.route("OPTIONS", _POOL + r"/(\.well-known/.+|oauth2/(token|revoke|userInfo))")
def _preflight(_request: Request, _caller: Caller, _match: re.Match[str]) -> Response:
    return Response("", 204, _CORS)


# --- managed login


@control.route("GET", _POOL + "/oauth2/authorize")
def _authorize(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    client = _trusted_client(pool, request)
    if isinstance(client, Response):
        return client
    if problem := _problem(client, request):
        return _back(request, error=problem[0], error_description=problem[1])
    prompt = request.args.get("prompt", "").split()
    browser = _browser(request, pool)
    if browser and "login" not in prompt:
        return _signed_in(request, pool, client, browser)
    if "none" in prompt:
        return _back(request, error="login_required", error_description="no session in this browser")
    return _moved(f"{pools.issuer(pool.id)}/login?{request.query_string.decode()}")


@control.route("GET", _POOL + "/login")
def _login(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    client = _trusted_client(pool, request)
    if isinstance(client, Response):
        return client
    return _with_csrf(
        request, pool, lambda csrf: login_page.sign_in(request.url, csrf, request.args.get("login_hint", ""))
    )


@control.route("POST", _POOL + "/login")
def _password(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    client = _trusted_client(pool, request)
    if isinstance(client, Response):
        return client
    _refuse_forged(request)
    username = request.form.get("username", "")
    try:
        user = users.checked(pool, client, username, request.form.get("password", ""))
    except ServiceError as error:
        problem = error.message
        return _with_csrf(request, pool, lambda csrf: login_page.sign_in(request.url, csrf, username, problem))
    if users.must_change_password(user):
        session = users.remember(pool, client, user)
        action = request.url.replace("/login?", "/changePassword?", 1)
        return _with_csrf(request, pool, lambda csrf: login_page.new_password(action, csrf, session))
    return _new_browser(request, pool, client, user)


@control.route("POST", _POOL + "/changePassword")
def _change_password(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    client = _trusted_client(pool, request)
    if isinstance(client, Response):
        return client
    _refuse_forged(request)
    session, password = request.form.get("session", ""), request.form.get("new_password", "")
    problem = "" if password == request.form.get("confirm_password") else "Passwords do not match."
    if not problem:
        try:
            return _new_browser(request, pool, client, users.choose_password(client, session, password))
        except (ServiceError, JsonRESTError) as error:
            problem = error.message
    return _with_csrf(request, pool, lambda csrf: login_page.new_password(request.url, csrf, session, problem))


@control.route("GET", _POOL + "/logout")
def _logout(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    client = pool.clients.get(request.args.get("client_id", ""))
    wanted = request.args.get("logout_uri", "")
    if client is None or wanted not in client.extended_config.get("LogoutURLs", []):
        return login_page.error(
            "Required parameters client_id and logout_uri, one of the client's LogoutURLs, are missing."
        )
    _BROWSERS.pop(request.cookies.get(_SESSION_COOKIE, ""), None)
    answer = _moved(wanted)
    answer.delete_cookie(_SESSION_COOKIE, path=f"/{pool.id}")
    return answer


def _trusted_client(pool: Any, request: Request) -> Any | Response:
    """The client, or a page: to an address that is not the client's own nothing is ever sent."""
    client = pool.clients.get(request.args.get("client_id", ""))
    if pool.domain is None:
        return login_page.error("The user pool has no domain.", 404)
    if client is None:
        return login_page.error(f"Client {request.args.get('client_id', '')} does not exist.")
    if request.args.get("redirect_uri", "") not in client.extended_config.get("CallbackURLs", []):
        return login_page.error("redirect_mismatch: redirect_uri is none of the client's CallbackURLs.")
    if pool.domain.managed_login_version == 2 and not branding.has_branding(pool, client):
        return login_page.error("Login pages unavailable: the client has no managed login branding.", 403)
    return client


def _problem(client: Any, request: Request) -> tuple[str, str] | None:
    """What is wrong with a request whose redirect address is good: error and description of RFC 6749."""
    known = client.extended_config
    if not known.get("AllowedOAuthFlowsUserPoolClient") or "code" not in known.get("AllowedOAuthFlows", []):
        return "unauthorized_client", "the client has no authorization code grant"
    if "COGNITO" not in known.get("SupportedIdentityProviders", []):
        return "unauthorized_client", "the client does not have the identity provider COGNITO"
    if request.args.get("response_type") != "code":
        return "unsupported_response_type", "the emulated account has response_type=code only"
    scopes = _scopes(client, request)
    if not set(scopes) <= set(known.get("AllowedOAuthScopes", [])):
        return "invalid_request", "invalid_scope"
    if set(scopes) & {"email", "phone", "profile"} and "openid" not in scopes:
        return "invalid_request", "invalid_scope"
    if "code_challenge" in request.args and request.args.get("code_challenge_method") != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    return None


def _scopes(client: Any, request: Request) -> tuple[str, ...]:
    return tuple(request.args.get("scope", "").split() or client.extended_config.get("AllowedOAuthScopes", []))


def _browser(request: Request, pool: Any) -> _Browser | None:
    found = _BROWSERS.get(request.cookies.get(_SESSION_COOKIE, ""))
    if found is None or found.pool_id != pool.id or time.time() - found.since > _BROWSER_SECONDS:
        return None
    user = pool._get_user(found.username)
    return found if user and user.enabled else None


def _new_browser(request: Request, pool: Any, client: Any, user: Any) -> Response:
    if problem := _problem(client, request):
        return _back(request, error=problem[0], error_description=problem[1])
    name = secrets.token_urlsafe(32)
    _BROWSERS[name] = _Browser(pool.id, user.username, int(time.time()))
    answer = _signed_in(request, pool, client, _BROWSERS[name])
    answer.set_cookie(_SESSION_COOKIE, name, path=f"/{pool.id}", httponly=True, samesite="Lax")
    return answer


def _signed_in(request: Request, pool: Any, client: Any, browser: _Browser) -> Response:
    sign_in = SignIn(
        client.id, browser.username, _scopes(client, request), request.args.get("nonce"), auth_time=browser.since
    )
    code = secrets.token_urlsafe(24)
    challenge = request.args.get("code_challenge", "")
    _CODES[code] = _Code(pool.id, sign_in, request.args["redirect_uri"], challenge, time.time() + _CODE_SECONDS)
    return _back(request, code=code)


def _back(request: Request, **parameters: str) -> Response:
    if "state" in request.args:
        parameters["state"] = request.args["state"]
    target = request.args["redirect_uri"]
    return _moved(f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(parameters)}")


def _with_csrf(request: Request, pool: Any, page: Any) -> Response:
    csrf = request.cookies.get(_CSRF_COOKIE) or secrets.token_urlsafe(24)
    answer: Response = page(csrf)
    answer.set_cookie(_CSRF_COOKIE, csrf, path=f"/{pool.id}", httponly=True, samesite="Lax")
    return answer


def _refuse_forged(request: Request) -> None:
    cookie = request.cookies.get(_CSRF_COOKIE, "")
    if not cookie or not hmac.compare_digest(cookie, request.form.get("_csrf", "")):
        raise ServiceError("AccessDeniedException", "the form did not come from the sign-in page", 403)


# --- endpoints for programs


@control.route("POST", _POOL + "/oauth2/token")
def _token(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    try:
        client = _authenticated(pool, request)
        issued = _granted(pool, client, request)
    except _OAuthError as error:
        return _oauth_error(error)
    document: dict[str, Any] = {"access_token": issued.access, "expires_in": issued.expires_in, "token_type": "Bearer"}
    document |= {"id_token": issued.identity} if issued.identity else {}
    document |= {"refresh_token": issued.refresh} if issued.refresh else {}
    return _json(document)


@control.route("POST", _POOL + "/oauth2/revoke")
def _revoke(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
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


@control.route("GET", _POOL + "/oauth2/userInfo")
@control.route("POST", _POOL + "/oauth2/userInfo")
def _user_info(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = _known(match)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = tokens.verified(pool, token) if scheme.lower() == "bearer" else None
    user = pool._get_user(claims["username"]) if claims else None
    if claims is None or user is None or not user.enabled:
        return _oauth_error(_OAuthError("invalid_token", "Access token is expired, disabled, or deleted", 401))
    scopes = tuple(claims["scope"].split())
    if "openid" not in scopes:
        return _oauth_error(_OAuthError("insufficient_scope", "the access token has no scope openid", 403))
    client = pool.clients[claims["client_id"]]
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
    code = _CODES.pop(request.form.get("code", ""), None)
    if code is None or code.pool_id != pool.id or code.sign_in.client_id != client.id or code.expires < time.time():
        raise _OAuthError("invalid_grant", "the code is used, too old or another client's")
    if code.redirect_uri != request.form.get("redirect_uri"):
        raise _OAuthError("invalid_grant", "redirect_uri is not the one of the authorization request")
    if code.challenge and not hmac.compare_digest(code.challenge, _s256(request.form.get("code_verifier", ""))):
        raise _OAuthError("invalid_grant", "code_verifier does not fit the challenge")
    return tokens.issue(pool, client, code.sign_in)


def _s256(verifier: str) -> str:
    """RFC 7636, 4.6."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _known(match: re.Match[str]) -> Any:
    pool = pools.find(match["pool"])
    if pool is None:
        raise ServiceError("ResourceNotFoundException", f"User pool {match['pool']} does not exist.", 400)
    return pool


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


def _moved(location: str) -> Response:
    return Response("", 302, {"Location": location, "Cache-Control": "no-store"})
