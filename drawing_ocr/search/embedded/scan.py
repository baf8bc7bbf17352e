"""Rows whose codes differ least from a query's: every code is looked at, with the instructions of this CPU."""

import numkong
import numpy as np
import numpy.typing as npt

from drawing_ocr.search.embedded.codec import Codes
from drawing_ocr.search.embedded.rows import Rows

Owners = npt.NDArray[np.int32]

_FAR = 0xFFFF  # more bits than any code has


def closest(code: Codes, codes: Codes, count: int, among: Rows | None, owners: Owners) -> Rows:
    """The rows of the `count` least distances, those at the last distance all included; ascending.

    Args:
        code: uint8[1, width], of the query.
        codes: uint8[n, width]; row i of the files has code i.
        count: How many are wanted.
        among: Only these rows; None = all.
        owners: int32[n]; 0 = nobody's row, never given.
    """
    looked_at = codes if among is None else codes[among]
    distances = np.asarray(numkong.cdist(code, looked_at, "hamming", dtype="uint1")).reshape(-1).astype(np.uint16)
    distances[(owners if among is None else owners[among]) == 0] = _FAR
    limit = _FAR - 1
    if len(distances) > count:
        limit = min(int(np.partition(distances, count - 1)[count - 1]), limit)
    places = np.flatnonzero(distances <= limit)
    return places if among is None else among[places]
