"""One writer at a time in a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drawing_ocr.search.embedded import layout
from drawing_ocr.search.store import StoreBusy

_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.02


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Held inside; the system frees it when the process ends, however it ends.

    Raises:
        StoreBusy: Another writer has it for longer than ten seconds.
    """
    handle = os.open(folder / layout.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        end = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise StoreBusy(f"another process writes into {folder.name}: try again") from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)
