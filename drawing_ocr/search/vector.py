"""An embedding as the product stores and sends it: little-endian float16 bytes.

Half the size of float32; rounding moves a cosine of unit vectors of 2048 values by less than 0.0005.

Light: the standard library only.
"""

import math
import struct
from collections.abc import Iterable

Vector = bytes
"""`dimension` little-endian float16 values, of length 1 but for the rounding."""

_LENGTH_TOLERANCE = 0.01  # rounding to float16 moves the length of a unit vector by less than a tenth of it


class VectorError(ValueError):
    """Bytes that are no embedding; its text is one line with the reason."""


def encode(values: Iterable[float]) -> Vector:
    """From numbers; an array of any float type is fine.

    Raises:
        VectorError: A value is too large for float16.
    """
    numbers = list(values)
    try:
        return struct.pack(f"<{len(numbers)}e", *numbers)
    except OverflowError as error:
        raise VectorError("a value beyond 65504: normalise the embedding to length 1") from error


def decode(vector: Vector) -> tuple[float, ...]:
    """To numbers.

    Raises:
        VectorError: An odd number of bytes.
    """
    if len(vector) % 2:
        raise VectorError(f"{len(vector)} bytes are no float16 values: send two bytes a value")
    return struct.unpack(f"<{len(vector) // 2}e", vector)


def dimension(vector: Vector) -> int:
    """How many values."""
    return len(vector) // 2


def fault(vector: Vector) -> str:
    """Why cosines with this vector mean nothing: "" when it is of length 1."""
    length = math.sqrt(sum(value * value for value in decode(vector)))
    if not math.isfinite(length):
        return "holds values that are no numbers"
    if abs(length - 1) > _LENGTH_TOLERANCE:
        return f"is of length {length:.3g}, not 1"
    return ""
