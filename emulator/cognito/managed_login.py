"""Managed login: the pages on which a user signs in, and the session that a browser keeps afterwards."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from moto.core.exceptions import JsonRESTError
from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, ServiceError
from emulator.cognito import branding, codes, login_page, pools, users
from emulator.cognito.tokens import SignIn

_SESSION_SECONDS = 3600.0
_SESSION_COOKIE = "cognito"
_CSRF_COOKIE = "XSRF-TOKEN"


@dataclass(frozen=True)
class _Session:
    """A browser in which a user of a pool has signed in; `since`: seconds since 1970."""

    pool_id: str
    username: str
    since: int


_SESSIONS: dict[str, _Session] = {}
_Page = Callable[[Request, Any, Any], Response]


def _page(method: str, name: str) -> Callable[[_Page], _Page]:
    """Registers a page, a function of request, pool and client.

    It is asked only for a client of the pool and an address of that client: to any other nothing is ever sent.
    """

    def register(page: _Page) -> _Page:
        @control.route(method, f"{pools.PATH}/{name}")
        def answer(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
            pool = pools.known(match["pool"])
            client_id = request.args.get("client_id", "")
            client = pool.clients.get(client_id)
            if pool.domain is None:
                return login_page.error("The user pool has no domain.", 404)
            if client is None:
                return login_page.error(f"Client {client_id} does not exist.")
            if request.args.get("redirect_uri", "") not in client.extended_config.get("CallbackURLs", []):
                return login_page.error("redirect_mismatch: redirect_uri is none of the client's CallbackURLs.")
            if pool.domain.managed_login_version == 2 and not branding.has_branding(pool, client):
                return login_page.error("Login pages unavailable: the client has no managed login branding.", 403)
            return page(request, pool, client)

        return page

    return register


@_page("GET", "oauth2/authorize")
def _authorize(request: Request, pool: Any, client: Any) -> Response:
    if problem := _problem(client, request):
        return _back(request, error=problem[0], error_description=problem[1])
    prompt = request.args.get("prompt", "").split()
    session = _session(request, pool)
    if session and "login" not in prompt:
        return _signed_in(request, pool, client, session)
    if "none" in prompt:
        return _back(request, error="login_required", error_description="no session in this browser")
    return _moved(f"{pools.issuer(pool.id)}/login?{request.query_string.decode()}")


@_page("GET", "login")
def _login(request: Request, pool: Any, _client: Any) -> Response:
    hint = request.args.get("login_hint", "")
    return _with_csrf(request, pool, lambda csrf: login_page.sign_in(request.url, csrf, hint))


@_page("POST", "login")
def _password(request: Request, pool: Any, client: Any) -> Response:
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
    return _new_session(request, pool, client, user)


@_page("POST", "changePassword")
def _change_password(request: Request, pool: Any, client: Any) -> Response:
    _refuse_forged(request)
    session, password = request.form.get("session", ""), request.form.get("new_password", "")
    problem = "" if password == request.form.get("confirm_password") else "Passwords do not match."
    if not problem:
        try:
            return _new_session(request, pool, client, users.choose_password(client, session, password))
        except (ServiceError, JsonRESTError) as error:
            problem = error.message
    return _with_csrf(request, pool, lambda csrf: login_page.new_password(request.url, csrf, session, problem))


@control.route("GET", f"{pools.PATH}/logout")
def _logout(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    pool = pools.known(match["pool"])
    client = pool.clients.get(request.args.get("client_id", ""))
    wanted = request.args.get("logout_uri", "")
    if client is None or wanted not in client.extended_config.get("LogoutURLs", []):
        return login_page.error("client_id and logout_uri, one of the client's LogoutURLs, are required.")
    _SESSIONS.pop(request.cookies.get(_SESSION_COOKIE, ""), None)
    answer = _moved(wanted)
    answer.delete_cookie(_SESSION_COOKIE, path=f"/{pool.id}")
    return answer


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


def _session(request: Request, pool: Any) -> _Session | None:
    found = _SESSIONS.get(request.cookies.get(_SESSION_COOKIE, ""))
    if found is None or found.pool_id != pool.id or time.time() - found.since > _SESSION_SECONDS:
        return None
    user = pool._get_user(found.username)
    return found if user and user.enabled else None


def _new_session(request: Request, pool: Any, client: Any, user: Any) -> Response:
    if problem := _problem(client, request):
        return _back(request, error=problem[0], error_description=problem[1])
    name = secrets.token_urlsafe(32)
    _SESSIONS[name] = _Session(pool.id, user.username, int(time.time()))
    answer = _signed_in(request, pool, client, _SESSIONS[name])
    answer.set_cookie(_SESSION_COOKIE, name, path=f"/{pool.id}", httponly=True, samesite="Lax")
    return answer


def _signed_in(request: Request, pool: Any, client: Any, session: _Session) -> Response:
    scopes, nonce = _scopes(client, request), request.args.get("nonce")
    sign_in = SignIn(client.id, session.username, scopes, nonce, auth_time=session.since)
    challenge = request.args.get("code_challenge", "")
    return _back(request, code=codes.issue(pool.id, sign_in, request.args["redirect_uri"], challenge))


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


def _moved(location: str) -> Response:
    return Response("", 302, {"Location": location, "Cache-Control": "no-store"})
