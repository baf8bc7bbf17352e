"""Drawings with embeddings, small and exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drawing_ocr.search.document import Box, DrawingDocument, IndexedRegion, RegionKind
from drawing_ocr.search.vector import Vector

DIMENSION = 16
MODEL = "drawing-embedder/1"
BOX: Box = ((0, 0), (100, 0), (100, 80), (0, 80))


def units(seed: int, count: int, dimension: int = DIMENSION) -> npt.NDArray[np.float16]:
    """Random directions, [count, dimension]."""
    values = np.random.default_rng(seed).standard_normal((count, dimension))
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), "<f2")


def unit(seed: int, dimension: int = DIMENSION) -> Vector:
    return bytes(units(seed, 1, dimension)[0].tobytes())


def towards(seed: int, cosine: float) -> Vector:
    """A vector at this cosine to `unit(seed)`."""
    start = units(seed, 1)[0].astype(float)
    start /= np.linalg.norm(start)
    other = np.random.default_rng(seed + 10_000).standard_normal(DIMENSION)
    other -= other @ start * start
    other /= np.linalg.norm(other)
    return bytes(np.asarray(cosine * start + np.sqrt(1 - cosine**2) * other, "<f2").tobytes())


def document(drawing_id: str, *vectors: Vector, **known: object) -> DrawingDocument:
    """A drawing whose first region is its sheet; the others are views."""
    regions = tuple(
        IndexedRegion(kind=RegionKind.VIEW if i else RegionKind.SHEET, box=BOX, vector=vector)
        for i, vector in enumerate(vectors)
    )
    fields: dict[str, object] = {
        "version": "v1",
        "sequencer": "10",
        "uri": f"s3://drawings/{drawing_id}",
        "width": 100,
        "height": 80,
        "model": MODEL,
    }
    return DrawingDocument.model_validate({"drawing_id": drawing_id, **fields, **known, "regions": regions})
