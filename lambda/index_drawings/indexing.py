"""Brings the index to where the bucket is, for the drawings that changed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.search.document import DrawingDocument
from drawing_ocr.search.store import IndexMissing, Refused, Store, StoreBusy
from drawing_ocr.search.title_block import Facts, facts
from drawing_ocr.validation import first_reason
from shared.drawing_changes import Change
from shared.drawing_document import document
from shared.drawing_index import ALIAS, index_name, indexes_of
from shared.drawings import Drawings, StoredDrawing
from shared.embedding import Embedder, EmbedderBusyError, PictureRefusedError
from shared.thumbnail import put_thumbnail

logger = Logger(child=True)


@dataclass
class Followed:
    """What became of a batch of changes.

    Attributes:
        indexed, deleted, unchanged, refused: how many drawings.
        later: changes for which somebody is too busy now.
        failed: changes that failed by a fault of ours; the queue brings them again, alone.
        without_text: how many were indexed without anybody having read them.
    """

    indexed: int = 0
    deleted: int = 0
    unchanged: int = 0
    refused: int = 0
    without_text: int = 0
    later: list[Change] = field(default_factory=list)
    failed: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class _Made:
    """A drawing, ready to be indexed: one document for each embedder."""

    change: Change
    drawing: StoredDrawing
    documents: tuple[tuple[int, DrawingDocument], ...]  # with the dimension of its vectors
    has_text: bool


@dataclass(frozen=True)
class Indexing:
    """Follows changes.

    Attributes:
        drawings: the bucket.
        store: holds the indexes.
        embedders: all that an index is kept for; the first makes the alias where there is none.
        read: what stands on a picture; None where nobody reads.
        largest: bytes of a picture that endpoints take.
        at_once: drawings that are fetched, embedded and read at the same time.
    """

    drawings: Drawings
    store: Store
    embedders: Sequence[Embedder]
    read: Callable[[bytes], ReadingResult | None] | None
    largest: int
    at_once: int = 2

    def follow(self, changes: Sequence[Change]) -> Followed:
        """Indexes what is in the bucket now and takes away what is not, whatever the events said.

        An event is an occasion to look: so doubled, reordered and late ones do no harm, and what somebody put while an
        older event was on its way is not undone, because its own event has a greater sequencer.
        """
        followed = Followed()
        wanted: list[tuple[Change, StoredDrawing]] = []
        for change in changes:
            with self._alone(change, followed):
                drawing = self._now(change, followed)
                if drawing:
                    wanted.append((change, drawing))
        with ThreadPoolExecutor(self.at_once) as pool:
            results = pool.map(lambda each: self._make(each[0], each[1], followed), wanted)
            made = [each for each in results if each]
        self._put(made, followed)
        return followed

    @contextmanager
    def _alone(self, change: Change, followed: Followed) -> Iterator[None]:
        """What happens to one drawing is no reason to keep the others of its batch."""
        try:
            yield
        except (StoreBusy, EmbedderBusyError) as error:
            logger.info("busy", extra={"drawing": change.drawing_id, "reason": str(error)})
            followed.later.append(change)
        except Exception:
            logger.exception("drawing failed", extra={"drawing": change.drawing_id})
            followed.failed.append(change)

    def _now(self, change: Change, followed: Followed) -> StoredDrawing | None:
        """The drawing as it is in the bucket; None where nothing is left to be done about it."""
        drawing = self.drawings.now(change.drawing_id)
        if drawing is None:
            self._delete(change)
            followed.deleted += 1
        elif self._is_indexed(drawing):
            followed.unchanged += 1
        elif drawing.size > self.largest:
            self._refuse(drawing, f"{drawing.size:,} bytes are more than {self.largest:,}", followed)
        else:
            return drawing
        return None

    def _delete(self, change: Change) -> None:
        for index in self.store.indexes():
            refused = self.store.index(index.name).delete([change.drawing_id], change.sequencer)
            if refused:
                raise StoreBusy(refused[0].reason)
        self.drawings.forget(change.drawing_id)

    def _is_indexed(self, drawing: StoredDrawing) -> bool:
        """Whether every index of our embedders has this very version; unknown before an embedder has answered once."""
        known = [each for each in self.store.indexes() if each.name.startswith(f"{ALIAS}-")]
        if len({each.model for each in known}) < len(self.embedders):
            return False
        standings = [self.store.index(each.name).standing([drawing.drawing_id]) for each in known]
        return all(
            (standing := found.get(drawing.drawing_id)) is not None and standing.version == drawing.version
            for found in standings
        )

    def _make(self, change: Change, drawing: StoredDrawing, followed: Followed) -> _Made | None:
        with self._alone(change, followed):
            return self._embed(change, drawing, followed)
        return None

    def _embed(self, change: Change, drawing: StoredDrawing, followed: Followed) -> _Made | None:
        picture = self.drawings.read(drawing)
        if picture is None:  # its deletion has an event of its own
            followed.unchanged += 1
            return None
        try:
            embedded = [embedder.embed(picture) for embedder in self.embedders]
        except PictureRefusedError as refusal:
            self._refuse(drawing, str(refusal), followed)
            return None
        reading = self.read(picture) if self.read else None
        put_thumbnail(self.drawings, drawing.drawing_id, picture)
        told = facts(reading) if reading else Facts()
        try:
            documents = tuple(
                (each.dimension, document(self.drawings, drawing, change.sequencer, picture, each, told))
                for each in embedded
            )
        except ValidationError as error:  # a name that is too long for an index
            self._refuse(drawing, first_reason(error), followed)
            return None
        return _Made(change, drawing, documents, reading is not None)

    def _refuse(self, drawing: StoredDrawing, reason: str, followed: Followed) -> None:
        self.drawings.refuse(drawing, reason)
        followed.refused += 1

    def _put(self, made: Iterable[_Made], followed: Followed) -> None:
        """All documents of one embedder in one request; a drawing of which one was not taken is tried again later."""
        waiting = {each.change.drawing_id: each for each in made}
        by_model: dict[str, list[tuple[int, DrawingDocument]]] = {}
        for each in waiting.values():
            for dimension, made_of_it in each.documents:
                by_model.setdefault(made_of_it.model, []).append((dimension, made_of_it))
        busy: set[str] = set()
        for model, documents in by_model.items():
            try:
                refusals = self._put_of(model, documents[0][0], [each for _, each in documents])
            except StoreBusy:
                busy |= {each.drawing_id for _, each in documents}
                continue
            for refusal in refusals:
                if refusal.retriable:
                    busy.add(refusal.drawing_id)
                elif at_fault := waiting.pop(refusal.drawing_id, None):
                    self._refuse(at_fault.drawing, refusal.reason, followed)
        for drawing_id, each in waiting.items():
            if drawing_id in busy:
                followed.later.append(each.change)
            else:
                followed.indexed += 1
                followed.without_text += not each.has_text

    def _put_of(self, model: str, dimension: int, documents: list[DrawingDocument]) -> list[Refused]:
        """Into every index of the model: beside the one that is searched a new one may be filled."""
        names = indexes_of(self.store, model)
        if not names:
            names = [index_name(model)]
            self.store.create(names[0], dimension, model)
            if self.store.aliased(ALIAS) is None:
                self.store.swap(ALIAS, names[0])
        try:
            return [refusal for name in names for refusal in self.store.index(name).put(documents)]
        except IndexMissing as error:
            raise StoreBusy(f"an index of {model} was removed meanwhile: try again") from error
