"""Authorization codes: what a browser brings back from the sign-in page, and a client exchanges for tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from emulator.cognito.tokens import SignIn

_SECONDS = 300.0


@dataclass(frozen=True)
class _Code:
    pool_id: str
    sign_in: SignIn
    redirect_uri: str
    challenge: str
    expires: float


_CODES: dict[str, _Code] = {}


class Refused(Exception):
    """The code is worth nothing; the message says why."""


def issue(pool_id: str, sign_in: SignIn, redirect_uri: str, challenge: str) -> str:
    """A new code, good for one exchange within five minutes; `challenge` is empty for a client without PKCE."""
    code = secrets.token_urlsafe(24)
    _CODES[code] = _Code(pool_id, sign_in, redirect_uri, challenge, time.time() + _SECONDS)
    return code


def redeem(code: str, pool_id: str, client_id: str, redirect_uri: str, verifier: str) -> SignIn:
    """The sign-in that a code stands for; whatever comes of it, the code is used up. Raises `Refused`."""
    known = _CODES.pop(code, None)
    if known is None or known.pool_id != pool_id or known.sign_in.client_id != client_id or known.expires < time.time():
        raise Refused("the code is used, too old or another client's")
    if known.redirect_uri != redirect_uri:
        raise Refused("redirect_uri is not the one of the authorization request")
    if known.challenge and not hmac.compare_digest(known.challenge, _s256(verifier)):
        raise Refused("code_verifier does not fit the challenge")
    return known.sign_in


def _s256(verifier: str) -> str:
    """RFC 7636, 4.6."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
