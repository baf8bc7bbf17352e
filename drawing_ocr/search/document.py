"""What the index knows of one drawing.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, field_validator

from drawing_ocr.contract import Contract
from drawing_ocr.search.vector import Vector, dimension

Box = tuple[
    tuple[FiniteFloat, FiniteFloat],
    tuple[FiniteFloat, FiniteFloat],
    tuple[FiniteFloat, FiniteFloat],
    tuple[FiniteFloat, FiniteFloat],
]
"""Corners [x, y] in pixels of the upright page, clockwise from the top left."""

DrawingId = Annotated[str, StringConstraints(min_length=1, max_length=480)]
Sequencer = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]*$", max_length=64)]
_MAX_REGIONS = 64  # of one drawing; OpenSearch keeps each in the heap while it writes the document


class DocumentError(ValueError):
    """A document that cannot be used; its text is one line with the reason."""


class RegionKind(StrEnum):
    """What an embedding is of."""

    SHEET = "sheet"
    VIEW = "view"


class RegionPlace(BaseModel):
    """Where on a drawing.

    Attributes:
        kind: The whole sheet or one view of it.
        box: Its corners.
        page: From 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RegionKind
    box: Box
    page: Annotated[int, Field(ge=1)] = 1


class IndexedRegion(RegionPlace):
    """One embedding of a drawing.

    Attributes:
        vector: Of the model that the document names; in JSON base64.
    """

    # Bytes are base64 in JSON only: Python code hands over the vector itself.
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    vector: Vector


class DrawingRecord(Contract):
    """What is known of a drawing, without its embeddings.

    Attributes:
        drawing_id: The S3 key below `drawings/`; at most 480 characters, 512 bytes in UTF-8.
        version: The S3 version id of the file that was embedded.
        sequencer: Of the S3 event that told of it (hexadecimal; compared as S3 documents: the shorter one padded with
            zeros at its right). "" is older than every event, as what a listing of the bucket found.
        uri: Where the file lies.
        pages: Of the file.
        width, height: Of the upright first page, pixels.
        sha256: Of the file; equal files are duplicates. "" = not known.
        number, title, material, revision: As read in the title block; "" = not found.
        date: Of the drawing.
        dimensions: As read, canonical.
        text: All that was read, line by line.
        size_mm: The main dimension, millimetres; null = not found.
        category: Of the part; "" = none.
        model: `name/version` of the embedder.
    """

    fault = DocumentError
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    drawing_id: DrawingId
    version: str
    sequencer: Sequencer = ""
    uri: str
    pages: Annotated[int, Field(ge=1)] = 1
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    number: str = ""
    title: str = ""
    material: str = ""
    revision: str = ""
    date: datetime.date | None = None
    dimensions: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    size_mm: Annotated[FiniteFloat, Field(ge=0)] | None = None
    category: str = ""
    model: Annotated[str, StringConstraints(pattern=r"^[^/]+/[^/]+$")]

    @field_validator("drawing_id")
    @classmethod
    def _fits_an_index(cls, drawing_id: str) -> str:
        size = len(drawing_id.encode())
        if size > 512:
            raise ValueError(f"{size} bytes long, an index takes 512: use shorter names below drawings/")
        return drawing_id


class DrawingDocument(DrawingRecord):
    """A drawing as it is indexed: what is known of it and its embeddings.

    Attributes:
        regions: The sheet and its views; all vectors of one dimension.
    """

    regions: Annotated[tuple[IndexedRegion, ...], Field(min_length=1, max_length=_MAX_REGIONS)]

    @field_validator("regions")
    @classmethod
    def _of_one_dimension(cls, regions: tuple[IndexedRegion, ...]) -> tuple[IndexedRegion, ...]:
        dimensions = sorted({dimension(region.vector) for region in regions})
        if len(dimensions) > 1:
            raise ValueError(f"vectors of {dimensions} values in one drawing: embed all regions with one model")
        return regions

    @classmethod
    def of(cls, record: DrawingRecord, regions: tuple[IndexedRegion, ...]) -> Self:
        """A record with its embeddings."""
        return cls(**{name: getattr(record, name) for name in DrawingRecord.model_fields}, regions=regions)

    def record(self) -> DrawingRecord:
        """The document without its embeddings."""
        return DrawingRecord(**{name: getattr(self, name) for name in DrawingRecord.model_fields})


def is_older(sequencer: str, other: str) -> bool:
    """Whether one S3 event came before another one about the same key.

    As S3's documentation of `sequencer` says: compare as text after padding the shorter one with zeros at its right.

    >>> is_older("0055AED6DCD9", "0055AED6DCD90281E5"), is_older("B", "AF"), is_older("", "00"), is_older("a", "A")
    (True, False, True, False)
    """
    if not sequencer or not other:
        return bool(other) and not sequencer
    length = max(len(sequencer), len(other))
    return sequencer.upper().ljust(length, "0") < other.upper().ljust(length, "0")
