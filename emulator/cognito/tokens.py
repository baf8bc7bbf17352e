"""Tokens: access and ID tokens as signed documents, refresh tokens as records of a sign-in."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from moto.cognitoidp.models import CognitoIdpUserPool

from emulator import patching
from emulator.cognito import pools

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
# Validity of a client that says nothing, in the unit that its number has without one.
_DEFAULTS = {"AccessToken": (1, "hours"), "IdToken": (1, "hours"), "RefreshToken": (30, "days")}
_API_SCOPE = "aws.cognito.signin.user.admin"


@dataclass(frozen=True)
class SignIn:
    """One sign-in of a user at a client: what its tokens say however often they are renewed.

    `scopes`: those granted; `auth_time`: seconds since 1970; `nonce`: the OpenID client's own, in ID tokens.
    """

    client_id: str
    username: str
    scopes: tuple[str, ...] = (_API_SCOPE,)
    nonce: str | None = None
    auth_time: int = field(default_factory=lambda: int(time.time()))
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Tokens:
    """What one answer of the token endpoint holds; `expires_in` is of the access token, in seconds."""

    access: str
    identity: str | None
    expires_in: int
    refresh: str | None = None


class Revoked(Exception):
    """The refresh token is unknown, revoked or too old, or its user may not sign in any more; the message says."""


@dataclass(frozen=True)
class _Refresh:
    sign_in: SignIn
    expires: float


_REFRESH: dict[str, _Refresh] = {}
_REVOKED: set[str] = set()


def validity(client: Any, token: str) -> int:
    """Seconds that a client's tokens of one kind (`AccessToken`, `IdToken`, `RefreshToken`) are good for."""
    number, unit = _DEFAULTS[token]
    number = client.extended_config.get(f"{token}Validity") or number
    unit = (client.extended_config.get("TokenValidityUnits") or {}).get(token, unit)
    return int(number) * _SECONDS[unit]


def issue(pool: Any, client: Any, sign_in: SignIn) -> Tokens:
    """Tokens of a new sign-in."""
    refresh = secrets.token_urlsafe(96)
    _REFRESH[refresh] = _Refresh(sign_in, time.time() + validity(client, "RefreshToken"))
    # moto's own operations (GlobalSignOut, AdminUserGlobalSignOut) know refresh tokens from here.
    pool.refresh_tokens[refresh] = (sign_in.client_id, sign_in.username, sign_in.origin_jti)
    return replace(_signed(pool, client, sign_in), refresh=refresh)


def renew(pool: Any, client: Any, refresh: str) -> Tokens:
    """New tokens for a refresh token; with rotation a new refresh token too, and the old one soon ends.

    Raises `Revoked`.
    """
    known = _REFRESH.get(refresh)
    if known is None or known.sign_in.client_id != client.id or pool.refresh_tokens.get(refresh) is None:
        raise Revoked("Refresh Token has been revoked")
    if known.expires < time.time():
        raise Revoked("Refresh Token has expired")
    user = pool._get_user(known.sign_in.username)
    if user is None:
        raise Revoked("User does not exist")
    if not user.enabled:
        raise Revoked("User is disabled")
    # The nonce belongs to the first ID token only.
    sign_in = replace(known.sign_in, nonce=None, event_id=str(uuid.uuid4()))
    rotation = client.extended_config.get("RefreshTokenRotation") or {}
    if rotation.get("Feature") != "ENABLED":
        return _signed(pool, client, sign_in)
    grace = time.time() + int(rotation.get("RetryGracePeriodSeconds") or 0)
    _REFRESH[refresh] = replace(known, expires=min(known.expires, grace))
    rotated = secrets.token_urlsafe(96)
    _REFRESH[rotated] = known
    pool.refresh_tokens[rotated] = pool.refresh_tokens[refresh]
    return replace(_signed(pool, client, sign_in), refresh=rotated)


def revoke(pool: Any, refresh: str) -> None:
    """Ends a refresh token and the access tokens that came from it; an unknown one is fine."""
    if known := _REFRESH.pop(refresh, None):
        pool.refresh_tokens[refresh] = None
        _REVOKED.add(known.sign_in.origin_jti)


def is_refresh_token(text: str) -> bool:
    return text.count(".") != 2


def verified(pool: Any, access: str) -> dict[str, Any] | None:
    """Claims of an access token that Cognito itself still accepts, or None."""
    try:
        claims: dict[str, Any] = jwt.decode(access, pool.json_web_key, algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return None
    good = claims["token_use"] == "access" and claims["exp"] > time.time() and claims["iss"] == pools.issuer(pool.id)
    return claims if good and claims["origin_jti"] not in _REVOKED else None


def key_set(pool: Any) -> dict[str, Any]:
    """The pool's JSON web key set, public parts only."""
    return dict(KeySet([pool.json_web_key]).as_dict(private=False))


def attributes(client: Any, user: Any, scopes: tuple[str, ...]) -> dict[str, Any]:
    """A user's attributes that the scopes open and the client may read, as claims.

    `openid` alone and `profile` open all of them (Cognito developer guide, "Scopes, M2M, and resource servers").
    """
    open_ids = set(scopes) & {"profile", "email", "phone"}
    every = _API_SCOPE in scopes and "openid" not in scopes
    wanted: set[str] | None = None
    if not every and "profile" not in scopes and open_ids:
        wanted = set()
        wanted |= {"email", "email_verified"} if "email" in scopes else set()
        wanted |= {"phone_number", "phone_number_verified"} if "phone" in scopes else set()
    readable = client.get_readable_fields()
    found = {}
    for name, value in user.attribute_lookup.items():
        if name == "sub" or (wanted is not None and name not in wanted) or (readable and name not in readable):
            continue
        found[name] = value == "true" if name.endswith("_verified") else value
    return found


def _signed(pool: Any, client: Any, sign_in: SignIn) -> Tokens:
    user = pool._get_user(sign_in.username)
    now = int(time.time())
    common: dict[str, Any] = {
        "sub": user.id,
        "iss": pools.issuer(pool.id),
        "origin_jti": sign_in.origin_jti,
        "event_id": sign_in.event_id,
        "auth_time": sign_in.auth_time,
        "iat": now,
    }
    if groups := pools.groups_of(user):
        common["cognito:groups"] = groups
    expires_in = validity(client, "AccessToken")
    access = _sign(
        pool,
        common
        | {
            "version": 2,
            "client_id": client.id,
            "token_use": "access",
            "scope": " ".join(sign_in.scopes),
            "exp": now + expires_in,
            "jti": str(uuid.uuid4()),
            "username": user.username,
        },
    )
    # moto's operations for signed-in users (GetUser, ChangePassword, GlobalSignOut) find an access token here.
    if _API_SCOPE in sign_in.scopes:
        pool.access_tokens[access] = (client.id, user.username)
    if not {"openid", _API_SCOPE} & set(sign_in.scopes):
        return Tokens(access, None, expires_in)
    digest = hashlib.sha256(access.encode()).digest()
    identity = _sign(
        pool,
        attributes(client, user, sign_in.scopes)
        | common
        | ({"nonce": sign_in.nonce} if sign_in.nonce else {})
        | {
            "at_hash": base64.urlsafe_b64encode(digest[:16]).decode().rstrip("="),
            "aud": client.id,
            "token_use": "id",
            "exp": now + validity(client, "IdToken"),
            "jti": str(uuid.uuid4()),
            "cognito:username": user.username,
        },
    )
    return Tokens(access, identity, expires_in)


def _sign(pool: Any, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": pool.json_web_key.kid}, claims, pool.json_web_key)


_sign_out = CognitoIdpUserPool.sign_out


def _sign_out_by_any_name(self: Any, username: str) -> None:
    """moto compares with the name as the caller gave it, which may be an alias."""
    user = self._get_user(username)
    for of in self.refresh_tokens.values():
        if user and of and of[1] == user.username:
            _REVOKED.add(of[2])
    _sign_out(self, user.username if user else username)


patching.replace(CognitoIdpUserPool, "sign_out", _sign_out_by_any_name)
