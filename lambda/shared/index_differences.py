"""Where the bucket and an index differ: both told by key, compared side by side, so that memory does not grow."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from drawing_ocr.search.store import Index
from shared.drawings import Drawings, StoredDrawing


class Kind(StrEnum):
    """What is wrong."""

    MISSING = "missing"  # in the bucket, not in the index
    STALE = "stale"  # in the index with another version
    ORPHAN = "orphan"  # in the index, not in the bucket


@dataclass(frozen=True)
class Difference:
    """One drawing that the index has otherwise than the bucket."""

    drawing_id: str
    kind: Kind
    drawing: StoredDrawing | None  # as it is in the bucket; None for an orphan


def differences(stored: Iterable[StoredDrawing], indexed: Iterable[tuple[str, str, str]]) -> Iterator[Difference]:
    """All differences, by key.

    Args:
        stored: the drawings of the bucket, by key.
        indexed: (drawing id, version, model) of an index, by drawing id.
    """
    rows = iter(indexed)
    row = next(rows, None)
    for drawing in stored:
        while row is not None and row[0] < drawing.drawing_id:
            yield Difference(row[0], Kind.ORPHAN, None)
            row = next(rows, None)
        if row is None or row[0] != drawing.drawing_id:
            yield Difference(drawing.drawing_id, Kind.MISSING, drawing)
        else:
            if row[1] != drawing.version:
                yield Difference(drawing.drawing_id, Kind.STALE, drawing)
            row = next(rows, None)
    while row is not None:
        yield Difference(row[0], Kind.ORPHAN, None)
        row = next(rows, None)


def repairable(drawings: Drawings, index: Index, counted: Counter[str]) -> Iterator[Difference]:
    """The differences that can be repaired.

    Args:
        drawings: the bucket.
        index: of one embedder.
        counted: learns of `drawings`, all of the bucket, and of `refused`, those that no index can hold.
    """

    def stored() -> Iterator[StoredDrawing]:
        for drawing in drawings.all():
            counted["drawings"] += 1
            yield drawing

    index.refresh()
    refused = set(drawings.refused_ids())
    for each in differences(stored(), index.listing()):
        if each.drawing and each.drawing_id in refused and drawings.is_refused(each.drawing):
            counted["refused"] += 1
        else:
            yield each
