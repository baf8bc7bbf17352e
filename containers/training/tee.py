"""Everything that is printed, by this process, its children and C++ libraries, also goes into a file."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Within, descriptors 1 and 2 are copied to `path` (appended: a continued job goes on in its log)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    reading, writing = os.pipe()
    with path.open("ab", buffering=0) as log:
        copier = threading.Thread(target=_copy, args=(reading, kept[0], log.fileno()), daemon=True)
        copier.start()
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            copier.join()  # ends with the last child that holds the pipe
            for descriptor in (*kept, reading):
                os.close(descriptor)


def _copy(source: int, *targets: int) -> None:
    while block := os.read(source, 65536):
        for target in targets:
            os.write(target, block)
