"""Signed addresses: whose they are, how long they are good for, and that nothing in them was changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.wrappers import Request

from emulator import DUMMY_ACCESS_KEY, signing
from emulator.s3.errors import Refused

_SIGNATURE = "X-Amz-Signature"
_LONGEST_SECONDS = 7 * 24 * 3600
_SECONDS_OF_CLOCK_SKEW = 15 * 60


def check(request: Request) -> None:
    """Raises `Refused` for a request that is neither signed in its header nor by its address, or wrongly by that.

    The header's signature is not checked: clients of the emulated account may have any keys.
    """
    if request.headers.get("Authorization"):
        return
    query = dict(parse_qsl(request.query_string.decode(), keep_blank_values=True))
    if "AWSAccessKeyId" in query:
        message = f"The authorization mechanism you have provided is not supported. Please use {signing.ALGORITHM}."
        raise Refused(400, "InvalidRequest", message)
    if _SIGNATURE not in query:
        raise Refused(403, "AccessDenied", "Access Denied")
    needed = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")
    if any(name not in query for name in needed) or query["X-Amz-Algorithm"] != signing.ALGORITHM:
        message = f"Query-string authentication requires the parameters {', '.join(needed)}"
        raise Refused(400, "AuthorizationQueryParametersError", message)
    _check_time(query)
    _check_signature(request, query)


def _check_time(query: dict[str, str]) -> None:
    try:
        signed = datetime.strptime(query["X-Amz-Date"], signing.TIME).replace(tzinfo=UTC)
        seconds = int(query["X-Amz-Expires"])
    except ValueError as error:
        message = "X-Amz-Date or X-Amz-Expires is not what it should be"
        raise Refused(400, "AuthorizationQueryParametersError", message) from error
    if not 0 <= seconds <= _LONGEST_SECONDS:
        message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be"
        raise Refused(400, "AuthorizationQueryParametersError", f"{message} less than {_LONGEST_SECONDS} seconds")
    now, ends = datetime.now(UTC), signed + timedelta(seconds=seconds)
    if signed - now > timedelta(seconds=_SECONDS_OF_CLOCK_SKEW):
        raise Refused(403, "AccessDenied", "Request is not yet valid")
    if now >= ends:
        times = {"Expires": ends.isoformat(), "ServerTime": now.isoformat()}
        raise Refused(403, "AccessDenied", "Request has expired", **{"X-Amz-Expires": str(seconds)}, **times)


def _check_signature(request: Request, query: dict[str, str]) -> None:
    """S3 API reference, "Authenticating requests: using query parameters"."""
    key, _, scope = query["X-Amz-Credential"].partition("/")
    if key != DUMMY_ACCESS_KEY:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Refused(403, "InvalidAccessKeyId", message, AWSAccessKeyId=key)
    signed = signing.Signed(
        path=quote(unquote(str(request.environ["RAW_URI"]).partition("?")[0]), safe="/-_.~"),
        query=[(name, value) for name, value in query.items() if name != _SIGNATURE],
        headers=query["X-Amz-SignedHeaders"].split(";"),
        payload="UNSIGNED-PAYLOAD",
        date=query["X-Amz-Date"],
        scope=scope,
    )
    if not signing.is_right(request, signed, query[_SIGNATURE]):
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused(403, "SignatureDoesNotMatch", f"{message} Check your key and signing method.")
