"""What both stores refuse before they do anything.

Light: the standard library and pydantic only.
"""

import re
from collections.abc import Iterable, Sequence

from drawing_ocr.search.document import DrawingDocument, is_older
from drawing_ocr.search.store import MAX_HITS, IndexInfo, StoreError, WrongDimension, WrongModel
from drawing_ocr.search.vector import Vector, dimension

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,119}")
_DIMENSIONS = range(8, 16_001, 8)


def check_new_index(info: IndexInfo) -> None:
    """
    Raises:
        StoreError: The name or the dimension cannot be.
    """
    check_name(info.name)
    if info.dimension not in _DIMENSIONS:
        raise StoreError(f"index {info.name}: dimension {info.dimension}: use a multiple of 8 from 8 to 16000")
    if "/" not in info.model:
        raise StoreError(f"index {info.name}: model {info.model!r}: name it name/version")


def check_name(name: str) -> None:
    """
    Raises:
        StoreError: It cannot name an index or an alias.
    """
    if not _NAME.fullmatch(name):
        raise StoreError(f"index {name!r}: use up to 120 small letters, digits, dots, hyphens and underscores")


def check_documents(info: IndexInfo, documents: Iterable[DrawingDocument]) -> None:
    """
    Raises:
        WrongDimension, WrongModel: Of the first document that is not the index's.
    """
    for document in documents:
        _check(info, document.regions[0].vector, document.model, f"drawing {document.drawing_id}")


def check_query(info: IndexInfo, vector: Vector, model: str, k: int, min_score: float) -> None:
    """
    Raises:
        WrongDimension, WrongModel: Not of the index's embedder.
        StoreError: `k` or `min_score` is out of its range.
    """
    check_hits(k)
    if not 0 <= min_score <= 1:
        raise StoreError(f"min_score {min_score:g}: use 0 to 1")
    _check(info, vector, model, "the query")


def check_hits(k: int) -> None:
    """
    Raises:
        StoreError: So many hits cannot be asked for.
    """
    if not 1 <= k <= MAX_HITS:
        raise StoreError(f"{k} hits: ask for 1 to {MAX_HITS}")


def newest(documents: Sequence[DrawingDocument]) -> list[DrawingDocument]:
    """Each drawing once: of its newest event, and of one event the last one told."""
    chosen: dict[str, DrawingDocument] = {}
    for document in documents:
        known = chosen.get(document.drawing_id)
        if known is None or not is_older(document.sequencer, known.sequencer):
            chosen[document.drawing_id] = document
    return list(chosen.values())


def _check(info: IndexInfo, vector: Vector, model: str, what: str) -> None:
    if model != info.model:
        raise WrongModel(f"{what}: embedded by {model}, index {info.name} holds {info.model}: use that embedder")
    if dimension(vector) != info.dimension:
        values = f"{dimension(vector)} values, index {info.name} has {info.dimension}"
        raise WrongDimension(f"{what}: a vector of {values}: use the embedder {info.model}")
