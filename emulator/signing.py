"""Signature version 4: what a request's signature has to be, whether it stands in its header or in its address.

IAM user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from werkzeug.wrappers import Request

from emulator import DUMMY_SECRET_KEY

ALGORITHM = "AWS4-HMAC-SHA256"
TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Signed:
    """What a signature is over, besides the request's method and headers.

    Attributes:
        path: canonical, that is percent-encoded once for S3 and twice for all others.
        query: names and values, without the signature itself.
        headers: names of those that are signed.
        payload: SHA-256 of the body in hexadecimal, or what stands for it.
        date: as in X-Amz-Date.
        scope: day, region, service and `aws4_request`, with slashes between.
    """

    path: str
    query: Iterable[tuple[str, str]]
    headers: Sequence[str]
    payload: str
    date: str
    scope: str


def is_right(request: Request, signed: Signed, signature: str) -> bool:
    """Whether the account's secret key gives `signature` for the request."""
    values = {name: re.sub(r" +", " ", request.headers.get(name, "").strip()) for name in signed.headers}
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in signed.query)
    canonical = "\n".join(
        [
            request.method,
            signed.path,
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{value}\n" for name, value in values.items()),
            ";".join(signed.headers),
            signed.payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    secret = f"AWS4{DUMMY_SECRET_KEY}".encode()
    for part in [*signed.scope.split("/"), "\n".join([ALGORITHM, signed.date, signed.scope, digest])]:
        secret = hmac.digest(secret, part.encode(), "sha256")
    return hmac.compare_digest(secret.hex(), signature)
