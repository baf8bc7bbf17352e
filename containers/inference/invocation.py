"""What a request asks for: its id, its deadline, the image file in its body."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from starlette.datastructures import Headers
from starlette.requests import Request

from containers.inference.desk import Refused

JSON: Final = "application/json"
REQUEST_ID: Final = "X-Request-Id"
DEADLINE: Final = "X-Request-Deadline-Seconds"
# Of a caller's headers SageMaker hands on these (InvokeEndpoint: CustomAttributes, InferenceId).
CUSTOM_ATTRIBUTES: Final = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID: Final = "X-Amzn-SageMaker-Inference-Id"

# What SDKs and batch transform send for files when they do not look into them.
_ANY_BYTES: Final = frozenset({"application/octet-stream", "application/x-image", "application/pdf"})
_ID: Final = re.compile(r"[A-Za-z0-9._:/=+@-]{1,128}")


class RequestError(Refused):
    """A request that is answered with a reason."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Invocation:
    """The head of a request.

    Attributes:
        request_id: The caller's, or a new one where it gave none that may be written into a log.
        seconds: How long the answer may take.
        content_type: Without parameters, in lower case.
    """

    request_id: str
    seconds: float
    content_type: str

    @classmethod
    def of(cls, headers: Headers, longest: float) -> Self:
        """Reads the headers.

        Args:
            headers: Of the request.
            longest: Seconds that the server allows at most; the caller may only ask for less.

        Raises:
            RequestError: the deadline is no number above 0.
        """
        attributes = _attributes(headers.get(CUSTOM_ATTRIBUTES, ""))
        kind = headers.get("content-type", "application/octet-stream")
        return cls(
            request_id=request_id(headers),
            seconds=_seconds(headers.get(DEADLINE) or attributes.get("deadline-seconds"), longest),
            content_type=kind.partition(";")[0].strip().lower(),
        )

    def image(self, body: bytes) -> bytes:
        """The image file in a body, by its content type.

        Raises:
            RequestError: there is none.
        """
        if self.content_type == JSON or self.content_type.endswith("+json"):
            return _image_in_json(body)
        if self.content_type in _ANY_BYTES or self.content_type.startswith("image/"):
            return body
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedContentType",
            f"content type {self.content_type!r}: send {JSON}, image/*, application/pdf or application/octet-stream",
        )


def request_id(headers: Headers) -> str:
    """The id under which a request is logged and answered."""
    attributes = _attributes(headers.get(CUSTOM_ATTRIBUTES, ""))
    for given in (headers.get(REQUEST_ID), attributes.get("request-id"), headers.get(INFERENCE_ID)):
        if given and _ID.fullmatch(given):
            return given
    return str(uuid.uuid4())


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body, refused as soon as it is known to be longer than `limit` bytes.

    Raises:
        RequestError: it is longer, or empty.
        starlette.requests.ClientDisconnect: it ended before it was whole.
    """
    too_large = RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BodyTooLarge",
        f"the body is larger than {limit / 1e6:g} MB: compress the image, or cut it",
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    if not body:
        raise RequestError(HTTPStatus.BAD_REQUEST, "EmptyBody", "the body is empty: send an image")
    return bytes(body)


def _attributes(text: str) -> dict[str, str]:
    """`name=value, name=value` of SageMaker's custom attributes; what has no such form is somebody else's."""
    pairs = (part.partition("=") for part in text.split(","))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _seconds(text: str | None, longest: float) -> float:
    if not text:
        return longest
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:  # NaN too
        raise RequestError(
            HTTPStatus.BAD_REQUEST, "InvalidDeadline", f"{DEADLINE} is {text[:40]!r}: send seconds above 0, as 2.5"
        )
    return min(seconds, longest)


def _image_in_json(body: bytes) -> bytes:
    form = 'send {"image": "<base64>"}'
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidJson", f"the body is not JSON: {form}") from error
    if not isinstance(document, dict) or not isinstance(document.get("image"), str):
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"there is no text in `image`: {form}")
    text = document["image"]
    if text.startswith("data:"):  # a data URL, as browsers make them
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "InvalidBase64", f"`image` is not base64: {form}") from error
