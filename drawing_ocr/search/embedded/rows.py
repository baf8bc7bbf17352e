"""Files of rows of one size, written where SQLite says that nobody reads: vectors, codes, owners.

A row that no committed region names is garbage, whatever lies in it; so a kill in the middle of a write harms nothing.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class RowFile:
    """One file.

    Args:
        path: Made when it is first opened for writing.
        dtype: Of the values.
        width: Values of a row.
        writable: Whether `write` will be called.
    """

    def __init__(self, path: Path, dtype: str, width: int, *, writable: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self.width = width
        self.size = self.dtype.itemsize * width
        flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        # A file object and not the number alone: closing it again never closes a file that has the number since.
        self._file = os.fdopen(os.open(path, flags | os.O_CLOEXEC, 0o666), "r+b" if writable else "rb", buffering=0)
        self._handle = self._file.fileno()
        self._map: npt.NDArray[Any] = np.empty((0, width), self.dtype)
        self._path = path

    def write(self, rows: Sequence[int], values: npt.NDArray[Any]) -> None:
        """Put [n, width] into these rows; neighbours go out in one piece."""
        data = np.ascontiguousarray(values, self.dtype).reshape(len(rows), self.width)
        breaks = [0, *(i for i in range(1, len(rows)) if rows[i] != rows[i - 1] + 1), len(rows)]
        for first, last in pairwise(breaks):
            if first < last:
                _write_all(self._handle, data[first:last].tobytes(), rows[first] * self.size)

    def sync(self) -> None:
        """To the disk."""
        os.fdatasync(self._handle)

    def mapped(self, count: int) -> npt.NDArray[Any]:
        """The first rows, [count, width], in memory that all processes share; later writes show in it."""
        if len(self._map) < count:
            self._map = np.memmap(self._path, self.dtype, mode="r", shape=(count, self.width))
        return self._map[:count]

    def read(self, rows: Rows) -> npt.NDArray[Any]:
        """A copy of some rows, [n, width], past the page tables of the process: its memory does not grow by them."""
        out = bytearray(len(rows) * self.size)
        pieces = list(_pieces(rows))
        for _, row, count in pieces:  # so that a cold disk reads all of them at once and not one after the other
            os.posix_fadvise(self._handle, row * self.size, count * self.size, os.POSIX_FADV_WILLNEED)
        buffer = memoryview(out)
        for place, row, count in pieces:
            piece = buffer[place * self.size : (place + count) * self.size]
            if os.preadv(self._handle, [piece], row * self.size) != count * self.size:
                raise OSError(f"{self._path}: row {row + count - 1} is not there: the folder was changed by hand")
        return np.frombuffer(out, self.dtype).reshape(len(rows), self.width)

    def close(self) -> None:
        """Let go; maps that are in use stay."""
        self._file.close()
        self._map = np.empty((0, self.width), self.dtype)


def _pieces(rows: Rows) -> Iterable[tuple[int, int, int]]:
    """Runs of neighbours: (place in `rows`, first row, how many)."""
    starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
    for start, end in pairwise([*starts.tolist(), len(rows)]):
        yield start, int(rows[start]), end - start


def _write_all(handle: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
