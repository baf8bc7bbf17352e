"""Where functions find the index of similar drawings: an address, and what it takes to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drawing_platform.function_bundle import Bundle
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import Mount


@dataclass(frozen=True, kw_only=True)
class SearchStore:
    """One store.

    Attributes:
        address: what `open_store` takes (drawing_ocr/search/opening.py).
        bundle: the archive with its packages, from which the functions run that open it.
        reading, writing: what a function's role needs for it.
        index_settings: of indexes that are made there, as JSON.
        mount: the file system that the address is on; None for a domain.
    """

    address: str
    bundle: Bundle
    index_settings: str = "{}"
    reading: Sequence[Statement] = ()
    writing: Sequence[Statement] = ()
    mount: Mount | None = None
