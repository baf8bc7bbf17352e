"""Signing users in: passwords, and the new one that a temporary password asks for."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from moto.cognitoidp.models import UserStatus

from emulator.api import ServiceError
from emulator.cognito import pools

_SESSION_MINUTES = 3


@dataclass(frozen=True)
class _Session:
    """A user who gave the right temporary password and must choose another."""

    pool_id: str
    client_id: str
    username: str
    expires: float


_SESSIONS: dict[str, _Session] = {}


def checked(pool: Any, client: Any, username: str, password: str) -> Any:
    """The user whose password this is. Raises `ServiceError` with Cognito's codes when there is none or not now."""
    user = pool._get_user(username)
    if user is None and client.extended_config.get("PreventUserExistenceErrors") != "ENABLED":
        raise ServiceError("UserNotFoundException", "User does not exist.")
    if user is None or not user.password or user.password != password:
        raise ServiceError("NotAuthorizedException", "Incorrect username or password.")
    if not user.enabled:
        raise ServiceError("NotAuthorizedException", "User is disabled.")
    if user.status is UserStatus.UNCONFIRMED:
        raise ServiceError("UserNotConfirmedException", "User is not confirmed.")
    if user.status is UserStatus.RESET_REQUIRED:
        raise ServiceError("PasswordResetRequiredException", "Password reset required for the user")
    if pool.mfa_config == "ON" or user.preferred_mfa_setting:
        message = "the emulated account does not sign in with a second factor (docs/emulator.md)"
        raise ServiceError("InvalidParameterException", message)
    return user


def must_change_password(user: Any) -> bool:
    return bool(user.status is UserStatus.FORCE_CHANGE_PASSWORD)


def remember(pool: Any, client: Any, user: Any) -> str:
    """Session id of a user who must choose a new password; good for the client's `AuthSessionValidity`."""
    minutes = int(client.extended_config.get("AuthSessionValidity") or _SESSION_MINUTES)
    session = secrets.token_urlsafe(48)
    _SESSIONS[session] = _Session(pool.id, client.id, user.username, time.time() + 60 * minutes)
    return session


def choose_password(client: Any, session: str, password: str) -> Any:
    """The user of the session with the new password. Raises `ServiceError`; the session stays when only the password
    is against the pool's policy."""
    known = _SESSIONS.get(session)
    pool = pools.find(known.pool_id) if known else None
    if known is None or pool is None or known.client_id != client.id or known.expires < time.time():
        raise ServiceError("NotAuthorizedException", "Invalid session for the user, session is expired.")
    backend = pools.backend_of(pool)
    backend._validate_password(pool.id, password)
    del _SESSIONS[session]
    user = backend.admin_get_user(pool.id, known.username)
    user.password, user.status = password, UserStatus.CONFIRMED
    return user
