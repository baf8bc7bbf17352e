"""Searches and filters in OpenSearch's query language."""

from typing import Any

from drawing_ocr.search.filters import Filters, keyword
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.vector import Vector, decode
from drawing_ocr.search.words import FIELD_WEIGHTS

LIVE = {"term": {"deleted": False}}
MAX_BEGINNING = 64  # characters of a drawing number; what begins so for longer passes too
_SHORT_WORD = 2  # characters; the beginning of a word must be this long to find it
_BEGINNING = 0.1  # what a word that only begins so counts, of a whole one
_DECIMALS = 8  # tell every float16 from its neighbours


def numbers(vector: Vector) -> list[float]:
    """In JSON, without digits that float16 has not."""
    return [round(value, _DECIMALS) for value in decode(vector)]


def beginnings(number: str) -> list[str]:
    """All beginnings of a drawing number, as terms.

    Prefix and range queries of keywords as filters sometimes found nothing on the real server (3.3.2); terms never did.
    """
    known = keyword(number)[:MAX_BEGINNING]
    return [known[:length] for length in range(len(known) + 1)]


def nearest(vector: Vector, k: int, filters: Filters, settings: IndexSettings) -> dict[str, Any]:
    """The body of a search by vector; the best region of each drawing is its inner hit."""
    knn: dict[str, Any] = {
        "vector": numbers(vector),
        "k": k,
        "method_parameters": {"ef_search": max(settings.ef_search, k)},
    }
    if settings.compression != "1x":
        knn["rescore"] = {"oversample_factor": settings.oversample}
    if not filters.is_empty:
        # Inside, the k are chosen among those that pass; outside, of the k some would be thrown away.
        knn["filter"] = {"bool": {"filter": conditions(filters)}}
    return {
        "size": k,
        "_source": ["record"],
        "query": {
            "nested": {
                "path": "regions",
                "score_mode": "max",
                "query": {"knn": {"regions.vector": knn}},
                "inner_hits": {"size": 1, "_source": ["regions.place"]},
            }
        },
    }


def words(wanted: list[str], k: int, filters: Filters) -> dict[str, Any]:
    """The body of a search by words."""
    fields = [f"words.{name}^{weight:g}" for name, weight in FIELD_WEIGHTS.items()]
    beginnings = [
        {"prefix": {f"words.{name}": {"value": word, "boost": weight * _BEGINNING}}}
        for word in wanted
        if len(word) >= _SHORT_WORD
        for name, weight in FIELD_WEIGHTS.items()
    ]
    whole = {"multi_match": {"query": " ".join(wanted), "fields": fields, "type": "most_fields"}}
    return {
        "size": k,
        "_source": ["record"],
        "query": {
            "bool": {
                "should": [whole, *beginnings],
                "minimum_should_match": 1,
                "filter": [LIVE, *conditions(filters)],
            }
        },
        "sort": [{"_score": "desc"}, {"drawing_id": "asc"}],
    }


def conditions(filters: Filters) -> list[dict[str, Any]]:
    """What a drawing must be."""
    found: list[dict[str, Any]] = [
        {"terms": {name: [keyword(value) for value in choice]}}
        for name, choice in (
            ("category", filters.category),
            ("material", filters.material),
            ("revision", filters.revision),
        )
        if choice
    ]
    if filters.number:
        found.append({"bool": {"should": [_number(number) for number in filters.number], "minimum_should_match": 1}})
    if filters.first_date or filters.last_date:
        found.append({"range": {"date": _range(filters.first_date, filters.last_date)}})
    if filters.least_mm is not None or filters.most_mm is not None:
        found.append({"range": {"size_mm": _range(filters.least_mm, filters.most_mm)}})
    return found


def _number(number: str) -> dict[str, Any]:
    if number.endswith("*"):
        return {"term": {"number_beginnings": keyword(number.removesuffix("*"))[:MAX_BEGINNING]}}
    return {"term": {"number": keyword(number)}}


def _range(least: object, most: object) -> dict[str, str]:
    return {name: str(value) for name, value in (("gte", least), ("lte", most)) if value is not None}
