"""The store that an address names.

Light: the standard library and pydantic only; a store's own packages are imported when it is opened.
"""

from pathlib import Path
from typing import Any

from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import Store


def open_store(
    address: str,
    *,
    settings: IndexSettings | None = None,
    credentials: Any = None,
    region: str = "",
    pattern: str = "*",
) -> Store:
    """A folder's store, or OpenSearch's.

    Args:
        address: A folder, `https://…`, or `http://…` of a server on this machine.
        settings: Of the indexes that are created in OpenSearch; a folder has none.
        credentials: botocore's, to sign requests to an OpenSearch domain; None = not signed.
        region: Of the domain.
        pattern: Which indexes of OpenSearch are looked at where it may be any, such as `drawings*`; a role that holds
            no others is refused when it asks for all. A folder's are all ours.

    Raises:
        StoreError: The folder cannot be used. (Whether OpenSearch answers is found at the first call.)
    """
    if address.startswith(("https://", "http://")):
        from drawing_ocr.search.opensearch.store import OpenSearchStore

        return OpenSearchStore(
            address, settings or IndexSettings(), credentials=credentials, region=region, pattern=pattern
        )
    from drawing_ocr.search.embedded.store import EmbeddedStore

    return EmbeddedStore(Path(address))
