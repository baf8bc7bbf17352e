"""Where drawings are indexed, behind one interface: a folder on one machine, or OpenSearch.

A *store* holds indexes; an index holds the drawings of one embedder, and an alias names the index that is searched.
Both stores keep this contract (tests/drawing_ocr/search/test_store_contract.py):

- `put` and `delete` are idempotent and may come in any order: what a newer event said stays. A deleted drawing leaves
  its sequencer behind, so that an older event does not bring it back.
- When `put` or `delete` has returned, a kill does not undo it; `get`, `regions` and `standing` of every process know it
  at once, searches, `listing` and `count` within a second, or after `refresh`.
- A drawing is indexed whole, with all regions of one version, or not at all.
- Hits are drawings, each once, by its best region; best first, equals by drawing id.
- Score = (1 + cosine) / 2.

Light: the standard library and pydantic only; a store's own packages are imported when it is opened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from drawing_ocr.search.document import DrawingDocument, DrawingRecord, IndexedRegion, RegionPlace
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.vector import Vector

MAX_HITS = 1000
"""So many drawings one search gives at most; who pages does it within them."""

NO_FILTERS = Filters()


class StoreError(RuntimeError):
    """What a store cannot do; its text is one line with the reason and what to do."""


class StoreBusy(StoreError):
    """Too many requests, or out of memory for now (429, circuit breaker, no connection, a locked folder): try later."""


class IndexMissing(StoreError):
    """No index and no alias of this name."""


class WrongDimension(StoreError):
    """A vector has not as many values as the index's embedder gives."""


class WrongModel(StoreError):
    """A vector of another embedder than the index's: their cosines mean nothing."""


class AliasSplit(StoreError):
    """An alias names several indexes, so that a search would mix embedders: swap it to the right one."""


@dataclass(frozen=True)
class Refused:
    """A document of a batch that was not indexed.

    Attributes:
        drawing_id: Whose.
        reason: In one line.
        retriable: True = the store was busy, the same document may pass later; False = the document is at fault.
    """

    drawing_id: str
    reason: str
    retriable: bool


@dataclass(frozen=True)
class Hit:
    """A drawing that was found.

    Attributes:
        record: What is known of it.
        score: (1 + cosine) / 2 of its best region, or of words a rank score that only orders one answer.
        region: Which region that was; None = found by words.
    """

    record: DrawingRecord
    score: float
    region: RegionPlace | None

    @property
    def drawing_id(self) -> str:
        """Whose."""
        return self.record.drawing_id


@dataclass(frozen=True)
class Standing:
    """What an index holds of a drawing id, deleted ones included.

    Attributes:
        drawing_id: Whose.
        version: S3 version id; "" = deleted.
        sequencer: Of the newest event that the index followed. An equal one may replace it: what repairs a difference
            sends this one.
        model: `name/version`; "" = deleted.
        deleted: Whether a deletion was the last event.
    """

    drawing_id: str
    version: str
    sequencer: str
    model: str
    deleted: bool


@dataclass(frozen=True)
class IndexInfo:
    """What an index is for.

    Attributes:
        name: Of the index, never an alias.
        dimension: Values of a vector.
        model: `name/version` of the embedder.
    """

    name: str
    dimension: int
    model: str


class Index(Protocol):
    """One index, or the one that an alias names now: an alias is resolved anew by every call.

    Every method raises IndexMissing, AliasSplit and StoreBusy.
    """

    def info(self) -> IndexInfo:
        """What it is for."""

    def put(self, documents: Sequence[DrawingDocument]) -> list[Refused]:
        """Index drawings, each whole; one that the index knows of a newer event is passed over, and is no refusal.

        Returns:
            What was not indexed; all others were.

        Raises:
            WrongDimension, WrongModel: Of any document; nothing was written.
            StoreBusy: Nothing can be written now; some may have been.
        """

    def delete(self, drawing_ids: Sequence[str], sequencer: str) -> list[Refused]:
        """Take drawings away, also ones that were never there; what the index knows of a newer event stays."""

    def nearest(
        self, vector: Vector, *, model: str, k: int, filters: Filters = NO_FILTERS, min_score: float = 0.0
    ) -> list[Hit]:
        """The drawings with the most similar regions.

        Args:
            vector: Of what is looked for.
            model: `name/version` of the embedder that gave it.
            k: How many at most, 1 to MAX_HITS.
            filters: What they must be; applied before the k are chosen.
            min_score: 0 to 1.

        Raises:
            WrongDimension, WrongModel: Not of this index.
        """

    def words(self, query: str, *, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The drawings with these words in number, title, material, dimensions or text; best first (BM25).

        One word is enough, more of them and rarer ones are better; the beginning of a word is enough. Beside a rarer
        word, one that is on very many drawings may count for nothing. A query without a word finds nothing.
        """

    def get(self, drawing_id: str) -> DrawingDocument | None:
        """A drawing with its embeddings; None = not there or deleted."""

    def regions(self, drawing_ids: Sequence[str]) -> dict[str, tuple[IndexedRegion, ...]]:
        """The embeddings of these drawings; one that is not there or deleted is left out."""

    def standing(self, drawing_ids: Sequence[str]) -> dict[str, Standing]:
        """What is known of these ids; an id that was never told of is left out."""

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """(drawing id, version, model) of every drawing, by id."""

    def count(self) -> int:
        """How many drawings."""

    def refresh(self) -> None:
        """Searches of all processes find what was put before."""

    def begin_load(self) -> None:
        """Before the load of many documents: no work for searches from now on, all of it at the end.

        Other processes may load into it or search it at the same time; the same again changes nothing.
        """

    def end_load(self, ticket: str = "") -> str:
        """A step of the end of a load, whichever process it is in; it takes seconds, however large the index is.

        Args:
            ticket: What the step before gave; "" = the first.

        Returns:
            "" = searches are served as they should be; else what to call it with again after some seconds.

        Raises:
            StoreError: What the load left cannot be put in order.
        """


class Store(Protocol):
    """Indexes and aliases."""

    def create(self, index: str, dimension: int, model: str) -> None:
        """An empty index; the same one again changes nothing.

        Args:
            index: `[a-z0-9][a-z0-9._-]{0,119}`.
            dimension: Values of a vector, 8 to 16,000, a multiple of 8.
            model: `name/version` of the embedder.

        Raises:
            StoreError: The name is an alias, or there is such an index of another dimension or model.
        """

    def index(self, name: str) -> Index:
        """An index, or what an alias names; whether it is there is found when it is used."""

    def indexes(self) -> list[IndexInfo]:
        """All whose form this version reads, by name."""

    def swap(self, alias: str, index: str) -> str | None:
        """Let an alias name this index and no other, in one step.

        Returns:
            The index that it named before; None = none, or several.

        Raises:
            IndexMissing: No such index; the alias stays.
        """

    def aliased(self, alias: str) -> str | None:
        """The index that an alias names; None = no such alias.

        Raises:
            AliasSplit: It names several.
        """

    def drop(self, index: str) -> None:
        """Remove an index; one that is not there is no fault.

        Raises:
            StoreError: An alias names it.
        """

    def close(self) -> None:
        """Let go of files and connections; indexes of it cannot be used any more."""
