"""Whitening learned from labels: what varies between drawings of one part counts less (Radenović, TPAMI 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_SHRINKAGE: Final = 0.1  # of the mean variance, added to all: 4,608 pictures say little of 2048 directions


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A vector x becomes (x - mean) @ matrix, then of length 1: mean [d], matrix [d, d], float32."""

    mean: Vectors
    matrix: Vectors


def fit_whitening(vectors: Vectors, labels: npt.NDArray[np.int64]) -> Whitening:
    """From drawings of parts.

    Args:
        vectors: float32 [n, d].
        labels: [n], which part each shows.
    """
    parts, of_part, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means = np.zeros((len(parts), vectors.shape[1]), np.float32)
    np.add.at(means, of_part, vectors)
    means /= counts[:, None]
    within = vectors - means[of_part]
    # Fewer vectors than directions span few of these; in all others nothing was seen to vary.
    _, deviations, directions = np.linalg.svd(within / len(vectors) ** 0.5, full_matrices=False)
    variances = deviations**2
    shrinkage = _SHRINKAGE * variances.sum() / vectors.shape[1]
    # The length of the result is 1 whatever the scale; near 1 the matrix keeps its digits in half precision.
    scales = ((variances + shrinkage) / shrinkage) ** -0.5
    matrix = np.eye(vectors.shape[1]) + (directions.T * (scales - 1.0)) @ directions
    return Whitening(vectors.mean(axis=0), matrix.astype(np.float32))
