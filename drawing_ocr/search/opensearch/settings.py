"""How an index lies in OpenSearch.

Light: the standard library and pydantic only.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drawing_ocr.contract import Contract

Engine = Literal["faiss", "lucene"]
Compression = Literal["1x", "4x", "8x", "16x", "32x"]
_OF_ENGINE: dict[str, tuple[str, ...]] = {"faiss": ("1x", "8x", "16x", "32x"), "lucene": ("1x", "4x")}


class IndexSettings(Contract):
    """What the account's settings decide.

    Attributes:
        engine: faiss for millions; lucene below, and where faiss's native libraries are not (tests).
        compression: Of the vectors in memory; the full ones stay on the disk and rescore.
        shards, replicas: Of the index (`drawing_ocr.search.sizing`).
        m, ef_construction: Of the HNSW graph: links of a node, width of the search for them.
        ef_search: Width of a search; Lucene looks at k only when it is not told.
        oversample: With compression, so many times k are rescored.
        refresh_seconds: After this time searches find what was put.
    """

    engine: Engine = "faiss"
    compression: Compression = "32x"
    shards: Annotated[int, Field(ge=1, le=1024)] = 1
    replicas: Annotated[int, Field(ge=0, le=10)] = 1
    m: Annotated[int, Field(ge=2, le=100)] = 16
    ef_construction: Annotated[int, Field(ge=2, le=1000)] = 100
    ef_search: Annotated[int, Field(ge=50, le=10_000)] = 100
    oversample: Annotated[float, Field(ge=1, le=100)] = 3.0
    refresh_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1.0

    @model_validator(mode="after")
    def _compression_of_the_engine(self) -> Self:
        if self.compression not in _OF_ENGINE[self.engine]:
            known = ", ".join(_OF_ENGINE[self.engine])
            raise ValueError(f"{self.engine} has no compression {self.compression}: use one of {known}")
        return self
