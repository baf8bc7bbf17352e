"""The mapping of an index; its `_meta` says what the index is for, so that nothing beside it has to be kept."""

from typing import Any

from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import IndexInfo
from drawing_ocr.search.words import FIELD_WEIGHTS

MAPPING_VERSION = 1
"""Goes up when an index of the old form cannot serve the new code: then a new index is built and swapped in."""

_STORED = {"type": "keyword", "index": False, "doc_values": False}


def index_body(info: IndexInfo, settings: IndexSettings) -> dict[str, Any]:
    """The body of the request that creates the index."""
    return {
        "settings": {
            "index": {
                "knn": True,
                "number_of_shards": settings.shards,
                "number_of_replicas": settings.replicas,
                "refresh_interval": f"{round(settings.refresh_seconds * 1000)}ms",
            }
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {
                "mapping_version": MAPPING_VERSION,
                "dimension": info.dimension,
                "model": info.model,
                "settings": settings.model_dump(),
            },
            "properties": {
                "drawing_id": {"type": "keyword"},
                "version": {"type": "keyword"},
                "sequencer": _STORED,
                "model": {"type": "keyword"},
                "deleted": {"type": "boolean"},
                "category": {"type": "keyword"},
                "material": {"type": "keyword"},
                "revision": {"type": "keyword"},
                "number": {"type": "keyword"},
                "number_beginnings": {"type": "keyword", "doc_values": False},
                "date": {"type": "date", "format": "strict_date"},
                "size_mm": {"type": "double"},
                "record": _STORED,
                "words": {
                    "properties": {
                        # Cut into words already, so that both stores find the same (drawing_ocr.search.words).
                        name: {"type": "text", "analyzer": "whitespace"}
                        for name in FIELD_WEIGHTS
                    }
                },
                "regions": {"type": "nested", "properties": {"place": _STORED, "vector": _vector(info, settings)}},
            },
        },
    }


def _vector(info: IndexInfo, settings: IndexSettings) -> dict[str, Any]:
    field: dict[str, Any] = {
        "type": "knn_vector",
        "dimension": info.dimension,
        "space_type": "cosinesimil",
        "method": {
            "name": "hnsw",
            "engine": settings.engine,
            "parameters": {"m": settings.m, "ef_construction": settings.ef_construction},
        },
    }
    if settings.compression != "1x":
        field |= {"mode": "on_disk", "compression_level": settings.compression}
    return field
