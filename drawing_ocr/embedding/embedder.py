"""The embedder at work: pictures of drawings to vectors on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from drawing_ocr.embedding.ink import Picture, network_input
from drawing_ocr.embedding.preparation import Corners, Kind, regions
from drawing_ocr.embedding.record import NETWORK_NAME, EmbedderRecord, RecordError
from drawing_ocr.embedding.result import Embedding, EmbeddingResult
from drawing_ocr.reading.image import ImageError, Limits, load_bytes
from drawing_ocr.reading.result import ModelName
from drawing_ocr.reading.session import Session

DEFAULT: Final = Path(__file__).parent / "default"
"""The embedder that is shipped."""

_LIMITS: Final = Limits()
_BATCH: Final = 8  # pictures in one call; a sheet has seven at most


class EmptyDrawing(ImageError):
    """A picture on which nothing is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The vector of a region.

    Attributes:
        kind: The sheet or one of its views.
        box: Corners on the page, pixels, clockwise from the top left.
        vector: float32 [2048], of length 1.
    """

    kind: Kind
    box: Corners
    vector: npt.NDArray[np.float32]


class Embedder:
    """A network with its record. Thread-safe."""

    def __init__(self, session: Session, record: EmbedderRecord, limits: Limits = _LIMITS) -> None:
        self.info = record
        self._session = session
        self._limits = limits

    @classmethod
    def load(cls, folder: Path = DEFAULT, threads: int = 1, limits: Limits = _LIMITS) -> Self:
        """Opens a model folder.

        Args:
            folder: Holds `inference.onnx` and `embedder.json`.
            threads: Threads inside one call.
            limits: What `embed_bytes` refuses.

        Raises:
            RecordError: the folder holds no embedder, or its network is not that of its record.
        """
        record = EmbedderRecord.load(folder)
        if not record.matches((folder / NETWORK_NAME).read_bytes()):
            raise RecordError(f"{folder / NETWORK_NAME} is not the one of the record: export it again")
        return cls(Session(folder / NETWORK_NAME, threads=threads), record, limits)

    @property
    def model(self) -> ModelName:
        return ModelName(name=self.info.name, version=self.info.version)

    def embed(self, page: Picture) -> list[Embedded]:
        """The vectors of a page: the sheet's first, then those of its views; none for an empty page.

        Args:
            page: uint8 [height, width] or [height, width, 3] (BGR), dark on light.
        """
        found = regions(page)
        vectors = self.vectors(network_input(region.picture, self.info.input_size) for region in found)
        return [Embedded(region.kind, region.box, vector) for region, vector in zip(found, vectors, strict=True)]

    def vectors(self, pictures: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """The vectors of ink pictures.

        Args:
            pictures: uint8 [size, size] each, 255 = ink (`drawing_ocr.embedding.ink.network_input`).

        Returns:
            float32 [n, 2048], each of length 1.
        """
        stacked = list(pictures)
        parts = [
            self._session(np.stack(stacked[i : i + _BATCH])[:, None].astype(np.float32) / 255.0)
            for i in range(0, len(stacked), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.info.dimension), np.float32)

    def read(self, page: Picture, number: int = 1) -> EmbeddingResult:
        """Embeds a page, the file's first or the one of that number."""
        return EmbeddingResult(
            model=self.model,
            width=page.shape[1],
            height=page.shape[0],
            embeddings=tuple(Embedding.of(each.kind, each.box, each.vector, number) for each in self.embed(page)),
        )

    def read_bytes(self, data: bytes) -> EmbeddingResult:
        """Embeds all pages of an image file.

        Raises:
            EmptyDrawing: nothing is drawn on any page.
            ImageError: the file cannot be read; see `drawing_ocr.reading.image.load_bytes`.
        """
        pages = [self.read(page, number) for number, page in enumerate(load_bytes(data, limits=self._limits), 1)]
        embeddings = tuple(embedding for page in pages for embedding in page.embeddings)
        if not embeddings:
            raise EmptyDrawing("image: nothing is drawn on it: send a drawing, dark on light paper")
        return pages[0].model_copy(update={"pages": len(pages), "embeddings": embeddings})
