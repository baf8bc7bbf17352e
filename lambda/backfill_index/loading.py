"""One shard of a back-fill: from the answers of batch transform to the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from backfill_index.answer import Busy, Loaded, Order, PlannedDrawing, Shard
from backfill_index.places import LOADED, SHARDS, key_of
from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.search.document import DrawingDocument
from drawing_ocr.search.store import Index, Store, StoreBusy
from drawing_ocr.search.title_block import Facts, facts
from drawing_ocr.validation import first_reason
from shared.backfill import Backfill
from shared.drawing_document import document
from shared.drawing_index import ALIAS
from shared.drawings import MISSING, Drawings, StoredDrawing
from shared.embedding import Embedded, read_embedded
from shared.thumbnail import put_thumbnail

# Drawings that are looked at, fetched and made documents of at the same time: mostly it waits for S3.
AT_ONCE = 16
# Documents of one request to the index: a drawing with three views is 90 KB of JSON.
PUT_AT_ONCE = 50


class _Reason(BaseModel):
    message: str


class _Refusal(BaseModel):
    """What the container answers in a batch to a picture that it cannot use."""

    model_config = ConfigDict(frozen=True)

    error: _Reason


@dataclass(frozen=True)
class _Made:
    """What became of one drawing before the index was asked: a document, or a reason to have none.

    Attributes:
        drawing: that was planned.
        document: for the index.
        told: as a field of `Loaded`: what the drawing counts for.
        has_text: whether somebody has read it.
    """

    drawing: StoredDrawing
    document: DrawingDocument | None = None
    told: str = "indexed"
    has_text: bool = True


@dataclass(frozen=True)
class ShardLoading:
    """Loads shards of one back-fill.

    Attributes:
        drawings: the bucket.
        store: holds the indexes.
        backfill: whose shards.
    """

    drawings: Drawings
    store: Store
    backfill: Backfill

    def load(self, order: Order) -> Loaded | Busy:
        """Loads a shard, or says what became of it when it was loaded before.

        A document of a listing is older than every event: what an event brought into the index meanwhile stays.
        """
        checkpoint = key_of(self.backfill.id, LOADED, order.shard)
        if before := self._read(checkpoint):
            return Loaded.model_validate_json(before)
        content = self._read(key_of(self.backfill.id, SHARDS, order.shard))
        shard = Shard.model_validate_json(content or b"")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = list(pool.map(partial(self._make, order, self._sources()), shard.drawings))
        try:
            refused = self._put([each for each in made if each.document])
        except StoreBusy as error:
            return Busy(busy=str(error))
        counted = Counter("refused" if each.drawing.drawing_id in refused else each.told for each in made)
        indexed = [each for each in made if each.document and each.drawing.drawing_id not in refused]
        loaded = Loaded(
            indexed=len(indexed),
            copied=counted["copied"],
            without_text=sum(1 for each in indexed if not each.has_text),
            changed=counted["changed"],
            refused=counted["refused"],
            unanswered=counted["unanswered"],
        )
        self._write(checkpoint, loaded.model_dump_json())
        return loaded

    def _sources(self) -> list[tuple[bool, Index]]:
        """Other indexes, those of the same embedder first: whether they are, and the index."""
        others = [each for each in self.store.indexes() if each.name.startswith(f"{ALIAS}-")]
        found = [
            (each.model == self.backfill.model, self.store.index(each.name))
            for each in others
            if each.name != self.backfill.index
        ]
        return sorted(found, key=lambda each: not each[0])

    def _make(self, order: Order, sources: Sequence[tuple[bool, Index]], planned: PlannedDrawing) -> _Made:
        drawing = StoredDrawing(planned.id, planned.version, planned.size)
        if self.drawings.now(planned.id) != drawing:
            return _Made(drawing, told="changed")
        known = self._known(sources, drawing)
        if known and known.model == self.backfill.model:
            return _Made(drawing, known.model_copy(update={"sequencer": ""}), "copied", bool(known.text))
        answer = self._read(order.answers[planned.id]) if planned.id in order.answers else None
        if answer is None:
            return _Made(drawing, told="unanswered")
        if reason := _refusal(answer):
            self.drawings.refuse(drawing, reason)
            return _Made(drawing, told="refused")
        embedded = read_embedded(answer)
        if embedded.model != self.backfill.model:  # its package was replaced under the same name
            return _Made(drawing, told="unanswered")
        if known:
            fields = {"sequencer": "", "model": embedded.model, "regions": embedded.regions}
            return _Made(drawing, known.model_copy(update=fields), has_text=bool(known.text))
        return self._new(drawing, embedded, order.readings.get(planned.id, ""))

    def _new(self, drawing: StoredDrawing, embedded: Embedded, reading_key: str) -> _Made:
        """A drawing that no index knows."""
        picture = self.drawings.read(drawing)
        if picture is None:
            return _Made(drawing, told="changed")
        reading = self._reading(reading_key)
        put_thumbnail(self.drawings, drawing.drawing_id, picture)
        told = facts(reading) if reading else Facts()
        try:
            made = document(self.drawings, drawing, "", picture, embedded, told)
        except ValidationError as error:
            self.drawings.refuse(drawing, first_reason(error))
            return _Made(drawing, told="refused")
        return _Made(drawing, made, has_text=reading is not None)

    def _known(self, sources: Sequence[tuple[bool, Index]], drawing: StoredDrawing) -> DrawingDocument | None:
        """The drawing as another index has this very version of it."""
        for _, source in sources:
            found = source.get(drawing.drawing_id)
            if found and found.version == drawing.version:
                return found
        return None

    def _reading(self, key: str) -> ReadingResult | None:
        answer = self._read(key) if key else None
        try:
            return ReadingResult.model_validate_json(answer) if answer else None
        except ValidationError:  # the reader's reason why it could not be read
            return None

    def _put(self, made: Sequence[_Made]) -> set[str]:
        """Puts all; ids of those that the index refused for good.

        Raises:
            StoreBusy: some were not taken now.
        """
        index = self.store.index(self.backfill.index)
        drawings = {each.drawing.drawing_id: each.drawing for each in made}
        documents = [each.document for each in made if each.document]
        refused: set[str] = set()
        for first in range(0, len(documents), PUT_AT_ONCE):
            for refusal in index.put(documents[first : first + PUT_AT_ONCE]):
                if refusal.retriable:
                    raise StoreBusy(refusal.reason)
                self.drawings.refuse(drawings[refusal.drawing_id], refusal.reason)
                refused.add(refusal.drawing_id)
        return refused

    def _read(self, key: str) -> bytes | None:
        try:
            found = self.drawings.s3.get_object(Bucket=self.drawings.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return bytes(found["Body"].read())

    def _write(self, key: str, content: str) -> None:
        self.drawings.s3.put_object(
            Bucket=self.drawings.bucket, Key=key, Body=content.encode(), ContentType="application/json"
        )


def _refusal(answer: bytes) -> str:
    """Why the picture cannot be embedded; "" for embeddings."""
    try:
        return " ".join(_Refusal.model_validate_json(answer).error.message.split())
    except ValidationError:
        return ""
