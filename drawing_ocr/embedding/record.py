"""`embedder.json`: what an embedder is, how it came about, and what it was measured to find.

Light: the standard library and pydantic only.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.validation import first_reason

RECORD_NAME: Final = "embedder.json"
NETWORK_NAME: Final = "inference.onnx"


class RecordError(ValueError):
    """A folder that holds no embedder; one line."""


class EmbedderRecord(BaseModel):
    """An embedder.

    Attributes:
        name: Of its kind; vectors of two versions must never be compared.
        version: Of its weights.
        input_size: Side of the network's pictures in pixels.
        dimension: Values of a vector.
        sha256: Of `inference.onnx`.
        training: The recipe, the steps and the seconds that it took.
        metrics: Retrieval of held-out families, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    input_size: Annotated[int, Field(gt=0)]
    dimension: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    training: dict[str, Any] = {}
    metrics: dict[str, float] = {}

    def matches(self, network: bytes) -> bool:
        """Whether this is the record of a network's file."""
        return hashlib.sha256(network).hexdigest() == self.sha256

    def save(self, folder: Path) -> None:
        """Writes the record into a model folder."""
        write_atomically(folder / RECORD_NAME, self.model_dump_json(indent=2, by_alias=True) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads the record of a model folder.

        Raises:
            RecordError: there is none, or it is damaged.
        """
        path = folder / RECORD_NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise RecordError(f"{path}: {error.strerror or error}: name a folder that holds an embedder") from error
        except ValidationError as error:
            raise RecordError(f"{path}: {first_reason(error)}: export the embedder again") from error
