"""One bit a dimension: on which side of a random hyperplane through the centre a vector lies (Charikar, STOC 2002).

The share of bits in which two codes differ estimates the angle between the centred vectors, whatever their
distribution, because the hyperplanes are random: a rotation by Hadamard transforms and random signs.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

_ROUNDS = 3  # of signs and transform: from here on no direction is favoured (Yu et al., NIPS 2016)
_SEED = 20_480
_LEAST_BITS = 2_048


@dataclass(frozen=True)
class Codec:
    """Makes codes.

    Attributes:
        centre: float32[dimension], the mean of the vectors: else what all embeddings have in common fills the bits.
    """

    centre: Floats

    @classmethod
    def fitted(cls, vectors: npt.NDArray[np.float16]) -> "Codec":
        """For vectors like these: [n, dimension]."""
        return cls(vectors.mean(axis=0, dtype=np.float32))

    @property
    def width(self) -> int:
        """Bytes of a code."""
        return code_width(len(self.centre))

    def encode(self, vectors: npt.NDArray[np.floating]) -> Codes:
        """[n, dimension] to uint8[n, width]."""
        centred = np.zeros((len(vectors), self.width * 8), np.float32)
        centred[:, : len(self.centre)] = vectors
        centred[:, : len(self.centre)] -= self.centre
        return np.packbits(_rotated(centred) > 0, axis=1)


def code_width(dimension: int) -> int:
    """Bytes of a code of vectors of this many values: padded to a power of two, short ones further."""
    return max(_LEAST_BITS, 1 << (dimension - 1).bit_length()) // 8


def _rotated(vectors: Floats) -> Floats:
    """[n, 2^m], turned. The transform of 2^m values is two matrix products: H(2^m) = H(2^a) x H(2^b)."""
    count, size = vectors.shape
    rows = 1 << (int(math.log2(size)) // 2)
    columns = size // rows
    for signs in _signs(size):
        signed = (vectors * signs).reshape(count * rows, columns) @ _hadamard(columns)
        turned = signed.reshape(count, rows, columns).transpose(0, 2, 1).reshape(count * columns, rows)
        vectors = (turned @ _hadamard(rows)).reshape(count, size)
    return vectors


@lru_cache
def _signs(size: int) -> Floats:
    return np.random.default_rng(_SEED).choice(np.array([-1, 1], np.float32), (_ROUNDS, size))


@lru_cache
def _hadamard(size: int) -> Floats:
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return (matrix / math.sqrt(size)).astype(np.float32)
