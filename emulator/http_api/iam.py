"""Routes with AWS_IAM: whether a request is signed by somebody of this account, for this API, and now."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

from werkzeug.wrappers import Request

from emulator import ACCOUNT, DUMMY_ACCESS_KEY, signing
from emulator.api import Caller

SERVICE = "execute-api"
_SECONDS_OF_CLOCK_SKEW = 5 * 60
_HEADER = re.compile(
    rf"{signing.ALGORITHM} Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    """The request is nobody's; the text is for the access log, the caller is told "Forbidden" whatever it is."""


def context(request: Request, caller: Caller) -> dict[str, Any]:
    """`requestContext.authorizer` of a request that is rightly signed. Raises `Refused`."""
    match = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    date = request.headers.get("X-Amz-Date", "")
    if match is None or not date:
        raise Refused("the request is not signed")
    if match["key"] != DUMMY_ACCESS_KEY:
        raise Refused("the access key is of nobody in this account")
    if match["scope"] != f"{date[:8]}/{caller.region}/{SERVICE}/aws4_request":
        raise Refused(f"signed for {match['scope']}, which is another day, region or service")
    _check_time(date)
    signed = signing.Signed(
        path=quote(str(request.environ["RAW_URI"]).partition("?")[0], safe="/-_.~"),
        query=parse_qsl(request.query_string.decode(), keep_blank_values=True),
        headers=match["headers"].split(";"),
        payload=hashlib.sha256(request.get_data()).hexdigest(),
        date=date,
        scope=match["scope"],
    )
    if "host" not in signed.headers or not signing.is_right(request, signed, match["signature"]):
        raise Refused("the signature is not that of this request")
    user = f"arn:aws:iam::{ACCOUNT}:root"
    return {
        "iam": {
            "accessKey": match["key"],
            "accountId": ACCOUNT,
            "callerId": ACCOUNT,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": user,
            "userId": ACCOUNT,
        }
    }


def _check_time(date: str) -> None:
    try:
        signed = datetime.strptime(date, signing.TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused(f"X-Amz-Date is {date!r}") from error
    if abs(datetime.now(UTC) - signed) > timedelta(seconds=_SECONDS_OF_CLOCK_SKEW):
        raise Refused(f"signed at {date}: the clocks differ by more than {_SECONDS_OF_CLOCK_SKEW} s")
