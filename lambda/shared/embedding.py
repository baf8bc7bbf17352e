"""Embedding endpoints: a picture in, the embeddings of its sheet and its views out."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.search.document import Box, IndexedRegion, RegionKind
from drawing_ocr.search.vector import dimension
from shared.errors import PlatformError

# What may be better a moment later, beside an answer of 5xx: too many requests, an endpoint that is being made.
PASSING = frozenset(
    {"ThrottlingException", "ServiceUnavailable", "InternalFailure", "InternalDependencyException", "ValidationError"}
)


class EmbedderBusyError(PlatformError):
    """The endpoint does not answer now: try later."""


class PictureRefusedError(PlatformError):
    """The endpoint cannot embed this picture, today or tomorrow; the text is its reason."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    version: str


class _Embedding(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: RegionKind
    box: Box
    page: int = 1
    vector: str


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)

    model: _Model
    width: int
    height: int
    pages: int = 1
    embeddings: tuple[_Embedding, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Embedded:
    """A picture that was embedded.

    Attributes:
        model: `name/version` of what embedded it.
        width, height: of the upright first page, pixels.
        pages: of the file.
        regions: the sheet first, then its views.
    """

    model: str
    width: int
    height: int
    pages: int
    regions: tuple[IndexedRegion, ...]

    @property
    def dimension(self) -> int:
        """Values of a vector."""
        return dimension(self.regions[0].vector)


@dataclass(frozen=True)
class Embedder:
    """One embedding endpoint.

    Attributes:
        runtime: client of SageMaker's runtime.
        endpoint_name: what is asked.
        model: `name/version` of what it embeds with, where that is known before it has answered; else "".
    """

    runtime: Any
    endpoint_name: str
    model: str = ""

    def embed(self, picture: bytes) -> Embedded:
        """The embeddings of an image file.

        Raises:
            EmbedderBusyError, PictureRefusedError: see there.
        """
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint_name,
                ContentType="application/octet-stream",
                Accept="application/json",
                Body=picture,
            )
            return read_embedded(answer["Body"].read())
        except ClientError as error:
            status = error.response.get("OriginalStatusCode", 0)
            code = error.response["Error"]["Code"]
            if code == "ModelError" and 400 <= status < 500 and status != 429:
                raise PictureRefusedError(_said(error)) from error
            if code in PASSING or (code == "ModelError" and (status >= 500 or status in (0, 429))):
                raise EmbedderBusyError(f"{self.endpoint_name} does not answer ({code}): try later") from error
            raise
        except BotoCoreError as error:
            raise EmbedderBusyError(f"{self.endpoint_name} does not answer ({error}): try later") from error


def read_embedded(body: bytes) -> Embedded:
    """An answer of the container.

    Raises:
        PlatformError: it has another form.
    """
    try:
        answer = _Answer.model_validate_json(body)
        regions = tuple(
            IndexedRegion(
                kind=each.kind, box=each.box, page=each.page, vector=base64.b64decode(each.vector, validate=True)
            )
            for each in answer.embeddings
        )
    except (ValidationError, binascii.Error) as error:
        raise PlatformError(f"the embedding endpoint answers in a form that is not known: {error}") from error
    return Embedded(f"{answer.model.name}/{answer.model.version}", answer.width, answer.height, answer.pages, regions)


def _said(error: ClientError) -> str:
    """The container's own sentence: `{"error": {"code", "message"}}`."""
    text = str(error.response.get("OriginalMessage", ""))
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text or str(error)
