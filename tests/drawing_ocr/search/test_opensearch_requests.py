"""What is sent to OpenSearch in AWS: the local server has no faiss, so the requests are compared."""

from __future__ import annotations

import pytest

from drawing_ocr.search.filters import Filters
from drawing_ocr.search.opensearch.errors import is_breaker
from drawing_ocr.search.opensearch.mapping import index_body
from drawing_ocr.search.opensearch.queries import nearest
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import IndexInfo
from tests.drawing_ocr.search.world import unit

INFO = IndexInfo("drawings-1", 2048, "drawing-embedder/1")


def test_in_aws_the_vectors_are_compressed_on_disk_by_faiss() -> None:
    body = index_body(INFO, IndexSettings())
    vector = body["mappings"]["properties"]["regions"]["properties"]["vector"]
    assert vector == {
        "type": "knn_vector",
        "dimension": 2048,
        "space_type": "cosinesimil",
        "mode": "on_disk",
        "compression_level": "32x",
        "method": {"name": "hnsw", "engine": "faiss", "parameters": {"m": 16, "ef_construction": 100}},
    }
    assert body["settings"]["index"]["number_of_replicas"] == 1
    assert body["mappings"]["dynamic"] == "strict"


def test_a_compressed_index_is_always_rescored_and_told_how_wide_to_search() -> None:
    def knn(settings: IndexSettings, k: int = 10) -> dict[str, object]:
        query = nearest(unit(1), k, Filters(category=("flange",)), settings)["query"]
        found: dict[str, object] = query["nested"]["query"]["knn"]["regions.vector"]
        return found

    assert knn(IndexSettings())["rescore"] == {"oversample_factor": 3.0}
    assert knn(IndexSettings())["method_parameters"] == {"ef_search": 100}
    assert knn(IndexSettings(), k=500)["method_parameters"] == {"ef_search": 500}
    assert "rescore" not in knn(IndexSettings(compression="1x"))
    assert knn(IndexSettings())["filter"] == {"bool": {"filter": [{"terms": {"category": ["flange"]}}]}}


def test_an_engine_without_the_compression_is_refused() -> None:
    with pytest.raises(ValueError, match="lucene has no compression 32x: use one of 1x, 4x"):
        IndexSettings(engine="lucene", compression="32x")


def test_a_circuit_breaker_is_seen_behind_a_status_of_a_bad_document() -> None:
    error = {"type": "mapper_parsing_exception", "caused_by": {"type": "knn_circuit_breaker_exception", "reason": "x"}}
    assert is_breaker(error)
    assert not is_breaker({"type": "mapper_parsing_exception", "caused_by": {"type": "illegal_argument_exception"}})
