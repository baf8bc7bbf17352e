"""The index of similar drawings: one for each embedder, and the alias that says which of them is searched."""

import hashlib
import re
from functools import cache

import boto3

from drawing_ocr.search.opening import open_store
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import Store

ALIAS = "drawings"
_LONGEST_NAME = 80


def index_name(model: str) -> str:
    """Name of the index of an embedder.

    >>> index_name("drawing-embedder/1")
    'drawings-drawing-embedder-1-50ea8e80'
    """
    readable = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:_LONGEST_NAME]
    return f"{ALIAS}-{readable}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


@cache
def open_index_store(address: str, settings: str = "{}") -> Store:
    """The store at an address, opened once in a process; a domain is asked with the function's own credentials.

    Args:
        address: as `open_store` takes it.
        settings: of indexes that are made, JSON; who makes none needs none.
    """
    session = boto3.Session()
    return open_store(
        address,
        settings=IndexSettings.parse(settings, where="INDEX_SETTINGS"),
        credentials=session.get_credentials(),
        region=session.region_name,
    )
