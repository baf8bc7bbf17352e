"""A load of many documents in one process, from its beginning to its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from drawing_ocr.search.store import Index

_POLL_SECONDS = 1.0


@contextmanager
def loading(index: Index) -> Iterator[None]:
    """Around the load: `begin_load`, and all steps of `end_load`, whatever came of the load."""
    index.begin_load()
    try:
        yield
    finally:
        ticket = index.end_load()
        while ticket:
            time.sleep(_POLL_SECONDS)
            ticket = index.end_load(ticket)
