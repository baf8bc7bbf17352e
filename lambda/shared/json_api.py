"""Requests and answers of the HTTP APIs: JSON both ways."""

import json
from collections.abc import Mapping
from typing import TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from pydantic import BaseModel, ValidationError

from drawing_ocr.validation import first_reason
from shared.refusal import Refused

Body = TypeVar("Body", bound=BaseModel)


def text_of(event: APIGatewayProxyEventV2) -> str | None:
    """The body of a request.

    Raises:
        Refused: it is no text.
    """
    try:
        return event.decoded_body
    except ValueError:
        raise Refused(400, "bad_request", "the request is no text in UTF-8: send JSON") from None


def parse(model: type[Body], text: str | None, *, limit: int, remedy: str) -> Body:
    """What a request says, checked in this order: its size, that it is JSON, its form.

    Args:
        model: of the form.
        text: of the request; none is an empty object.
        limit: bytes.
        remedy: what to do about a larger one.

    Raises:
        Refused: it is too large, no JSON, or of another form.
    """
    content = (text or "{}").encode()
    if len(content) > limit:
        raise Refused(413, "too_large", f"{len(content):,} bytes are more than {limit:,}: {remedy}")
    try:
        return model.model_validate(json.loads(content))
    except RecursionError:
        raise Refused(400, "bad_request", "the request is nested too deeply: send it in the documented form") from None
    except ValidationError as error:
        raise Refused(400, "bad_request", f"request: {first_reason(error)}") from None
    except ValueError as error:
        raise Refused(400, "bad_request", f"the request is no JSON: {error}") from None


def respond(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[str]:
    """An answer that nobody keeps and no browser takes for anything else."""
    own = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(status, "application/json", body, headers=own)
