"""How alike two drawings are, from the vectors of all their regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drawing_ocr.search.vector import Vector


def both_ways(asked: Sequence[Vector], drawing: Sequence[Vector]) -> float:
    """The mean of two means: of what is asked for over the drawing's regions most like it, and the other way round.

    A drawing that shows all that is asked for, and little else, comes before one that shows it among other things.

    Args:
        asked: Vectors of the regions that are looked for.
        drawing: Vectors of a drawing's regions.

    Returns:
        A cosine, -1 to 1.
    """
    cosines = _matrix(asked) @ _matrix(drawing).T
    return float((cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2)


def _matrix(vectors: Sequence[Vector]) -> npt.NDArray[np.float32]:
    matrix = np.stack([np.frombuffer(vector, "<f2") for vector in vectors]).astype(np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)
