"""The embedding result: what `POST /invocations` of an embedding endpoint answers."""

from __future__ import annotations

import base64
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from drawing_ocr.embedding.preparation import Corners, Kind
from drawing_ocr.reading.result import ModelName


class Embedding(BaseModel):
    """One vector.

    Attributes:
        kind: Of the whole sheet or of a view.
        box: Corners [x, y] in pixels of the upright page, clockwise from the top left.
        page: From 1.
        vector: Base64 of little-endian float16, of length 1 but for the rounding.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    box: Corners
    page: int
    vector: str

    @classmethod
    def of(cls, kind: Kind, box: Corners, vector: npt.NDArray[np.float32], page: int) -> Self:
        """From numbers."""
        return cls(kind=kind, box=box, page=page, vector=base64.b64encode(vector.astype("<f2").tobytes()).decode())


class EmbeddingResult(BaseModel):
    """All vectors of a file.

    Attributes:
        model: Which embedder; vectors of different versions must not be compared.
        width, height: Of the upright first page, pixels.
        pages: How many there are.
        embeddings: Of each page the sheet's first, then those of its views.
    """

    model_config = ConfigDict(frozen=True)

    model: ModelName
    width: int
    height: int
    pages: int = 1
    embeddings: tuple[Embedding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """What a log line says of it."""
        return {"embeddings": len(self.embeddings), "pages": self.pages}
