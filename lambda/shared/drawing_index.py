"""The index of similar drawings: one for each embedder, and the alias that says which of them is searched.

While a back-fill makes the index of an embedder anew, that embedder has two.
"""

import hashlib
import re
from functools import cache

import boto3

from drawing_ocr.search.opening import open_store
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import Store

ALIAS = "drawings"
PATTERN = f"{ALIAS}*"
"""Of the alias and every index: a domain's roles hold no others (search_access)."""
_LONGEST_NAME = 80
_OTHER = "-b"


def index_name(model: str) -> str:
    """Name of the first index of an embedder.

    >>> index_name("drawing-embedder/1")
    'drawings-drawing-embedder-1-50ea8e80'
    """
    readable = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:_LONGEST_NAME]
    return f"{ALIAS}-{readable}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


def indexes_of(store: Store, model: str) -> list[str]:
    """The indexes of an embedder: none, one, or two while one is made anew."""
    return [each.name for each in store.indexes() if each.model == model and each.name.startswith(f"{ALIAS}-")]


def other_index_name(name: str) -> str:
    """Name of the index that takes the place of another one of the same embedder.

    >>> other_index_name("drawings-a-50ea8e80"), other_index_name("drawings-a-50ea8e80-b")
    ('drawings-a-50ea8e80-b', 'drawings-a-50ea8e80')
    """
    return name.removesuffix(_OTHER) if name.endswith(_OTHER) else name + _OTHER


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
        pattern=PATTERN,
    )
