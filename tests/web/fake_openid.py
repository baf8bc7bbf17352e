"""An OpenID provider in the test's own process: discovery, sign-in by name, tokens that end when the test says so."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "annotator"
LOGIN = """<!doctype html><html lang="en"><title>Sign in</title>
<form method="post"><label>Name <input name="name" autofocus></label><button>Sign in</button></form></html>"""


@dataclass(frozen=True)
class SignIn:
    """Who signed in, and what the tokens of it say."""

    name: str
    nonce: str | None


@dataclass
class FakeOpenId:
    """Signs in everybody in `groups`, by name and without a password.

    Attributes:
        groups: by the person's name.
        token_seconds: life of an access token.
        renews: whether refresh tokens are taken.
        renewals: how often one was.
    """

    groups: dict[str, list[str]]
    token_seconds: int = 3600
    renews: bool = True
    renewals: int = 0
    address: str = ""
    _codes: dict[str, tuple[SignIn, str, str]] = field(default_factory=dict)
    _refresh: dict[str, SignIn] = field(default_factory=dict)
    _access: dict[str, tuple[str, float]] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [
            Route("/openid/.well-known/openid-configuration", self.discovery),
            Route("/openid/authorize", self.login, methods=["GET"]),
            Route("/openid/authorize", self.signed_in, methods=["POST"]),
            Route("/openid/token", self.token, methods=["POST"]),
            Route("/openid/revoke", self.revoke, methods=["POST"]),
            Route("/openid/logout", self.logout),
        ]

    def person(self, token: str) -> str | None:
        """The name of whose access token this is; None for an unknown one, or one that has ended."""
        name, ends = self._access.get(token, ("", 0.0))
        return name if ends > time.time() else None

    def refuse_access(self) -> None:
        """Every access token has ended, whatever it says."""
        self._access.clear()

    def end_all(self) -> None:
        """Every token has ended, and none is renewed."""
        self._access.clear()
        self.renews = False

    def kept_by(self, name: str) -> tuple[str, str]:
        """What a tab in which somebody has signed in keeps in its storage: a name and what stands under it."""
        sign_in, refresh = SignIn(name, None), secrets.token_urlsafe(16)
        self._refresh[refresh] = sign_in
        tokens = self._tokens(sign_in) | {"refresh_token": refresh, "scope": "openid email profile"}
        known = {"sub": f"sub-{name}", "email": f"{name}@example.com"}
        user = tokens | {"profile": known, "expires_at": int(time.time()) + self.token_seconds}
        return f"oidc.user:{self.address}/openid:{CLIENT_ID}", json.dumps(user)

    async def discovery(self, _: Request) -> Response:
        here = f"{self.address}/openid"
        return JSONResponse(
            {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "revocation_endpoint": f"{here}/revoke",
                "end_session_endpoint": f"{here}/logout",
                "jwks_uri": f"{here}/keys",
            }
        )

    async def login(self, request: Request) -> Response:
        query = request.query_params
        assert (query["client_id"], query["response_type"]) == (CLIENT_ID, "code")
        assert query["code_challenge_method"] == "S256", "the page signs in without PKCE"
        return HTMLResponse(LOGIN)

    async def signed_in(self, request: Request) -> Response:
        query, form = request.query_params, await _form(request)
        code = secrets.token_urlsafe(8)
        sign_in = SignIn(form["name"], query.get("nonce"))
        self._codes[code] = (sign_in, query["code_challenge"], query["redirect_uri"])
        back = urlencode({"code": code, "state": query["state"]})
        return RedirectResponse(f"{query['redirect_uri']}?{back}", 303)

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        if form["grant_type"] == "refresh_token":
            known = self._refresh.get(form["refresh_token"]) if self.renews else None
            if known is None:
                return JSONResponse({"error": "invalid_grant"}, 400)
            self.renewals += 1
            return JSONResponse(self._tokens(known))
        sign_in, challenge, redirect_uri = self._codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert _url64(digest) == challenge, "the verifier is not that of the challenge"
        assert form["redirect_uri"] == redirect_uri
        self.renews = True
        refresh = secrets.token_urlsafe(16)
        self._refresh[refresh] = sign_in
        return JSONResponse(self._tokens(sign_in) | {"refresh_token": refresh})

    async def revoke(self, request: Request) -> Response:
        self._refresh.pop((await _form(request))["token"], None)
        return JSONResponse({})

    async def logout(self, request: Request) -> Response:
        assert request.query_params["client_id"] == CLIENT_ID
        return RedirectResponse(request.query_params["logout_uri"], 303)

    def _tokens(self, sign_in: SignIn) -> dict[str, object]:
        now = int(time.time())
        common = {
            "sub": f"sub-{sign_in.name}",
            "iss": f"{self.address}/openid",
            "iat": now,
            "exp": now + self.token_seconds,
        }
        access = _token(
            common
            | {"username": sign_in.name, "cognito:groups": self.groups[sign_in.name], "jti": secrets.token_hex(8)}
        )
        self._access[access] = (sign_in.name, time.time() + self.token_seconds)
        identity = common | {"aud": CLIENT_ID, "email": f"{sign_in.name}@example.com", "nonce": sign_in.nonce}
        return {
            "access_token": access,
            "id_token": _token({name: value for name, value in identity.items() if value is not None}),
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
        }


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode()))


def _url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _token(claims: dict[str, object]) -> str:
    """Unsigned: the page does not check signatures, since it gets tokens from the provider itself over TLS."""
    return ".".join([_url64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)] + [""])
