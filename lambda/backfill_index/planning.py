"""What a back-fill has to do: which index, which drawings, in which shards."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from backfill_index.answer import Begun, Order, PlannedDrawing, Shard
from backfill_index.places import SHARDS, key_of
from drawing_ocr.search.store import Store
from shared.backfill import LEASE_SECONDS, Backfill, Backfills
from shared.drawing_index import ALIAS, index_name, indexes_of, other_index_name
from shared.drawings import Drawings, StoredDrawing
from shared.embedding import Embedded, Embedder
from shared.index_differences import repairable
from shared.probe import probe_sheet


class _Lacking(NamedTuple):
    """An embedder, and how many drawings its index lacks."""

    missing: int
    endpoint: str
    embedded: Embedded


@dataclass(frozen=True)
class Planning:
    """Plans, and goes on with what was planned.

    Attributes:
        drawings: the bucket.
        store: holds the indexes.
        embedders: all that an index is kept for.
        backfills: the one that is under way.
        reads: whether drawings are read too.
        largest: bytes of a drawing that endpoints take: what is larger is refused drawing by drawing.
    """

    drawings: Drawings
    store: Store
    embedders: Sequence[Embedder]
    backfills: Backfills
    reads: bool
    largest: int

    def begin(self, order: Order) -> Begun:
        """Takes the back-fill that there is, or begins one of the embedder whose index lacks most.

        Raises:
            PlatformError: another caller has one.
        """
        backfill = self.backfills.take(order.owner, order.requested_by)
        if backfill and self._embedder_of(backfill) is None:  # it was rejected meanwhile, its index is dropped
            self.backfills.close(order.owner)
            backfill = None
        if backfill is None:
            lacking = max((self._lacking(each) for each in self.embedders), key=lambda each: each.missing)
            if lacking.missing < order.least:
                return Begun(missing=lacking.missing)
            backfill = self.backfills.start(self._new(order, lacking))
        if not backfill.shards:
            self._make(backfill)
            backfill = self._plan(backfill, order.shard_size)
        return Begun.model_validate(backfill.model_dump())

    def _embedder_of(self, backfill: Backfill) -> Embedder | None:
        return next((each for each in self.embedders if each.endpoint_name == backfill.endpoint), None)

    def _make(self, backfill: Backfill) -> None:
        """The index, ready to be loaded; what a call before it has made already stays."""
        embedder = self._embedder_of(backfill)
        if embedder:
            dimension = embedder.embed(probe_sheet()).dimension
            self.store.create(backfill.index, dimension, backfill.model)
            self.store.index(backfill.index).begin_load()

    def _lacking(self, embedder: Embedder) -> _Lacking:
        embedded = embedder.embed(probe_sheet())
        names = indexes_of(self.store, embedded.model)
        if not names:
            return _Lacking(sum(1 for _ in self.drawings.all()), embedder.endpoint_name, embedded)
        differing = repairable(self.drawings, self.store.index(names[0]), Counter())
        return _Lacking(sum(1 for each in differing if each.drawing), embedder.endpoint_name, embedded)

    def _new(self, order: Order, lacking: _Lacking) -> Backfill:
        """An index that is searched stays as it is until another one of its embedder is whole and takes its place."""
        model = lacking.embedded.model
        names, searched = indexes_of(self.store, model), self.store.aliased(ALIAS)
        replaces = searched if searched in names else ""
        own = names[0] if names else index_name(model)
        moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        return Backfill(
            id=f"index-{moment}-{uuid.uuid4().hex[:4]}",
            index=other_index_name(replaces) if replaces else own,
            replaces=replaces or "",
            model=model,
            endpoint=lacking.endpoint,
            owner=order.owner,
            requested_by=order.requested_by,
            renewed=time.time(),
        )

    def _plan(self, backfill: Backfill, shard_size: int) -> Backfill:
        """Writes the shards. Killed in between, it is done again from the beginning."""
        index = self.store.index(backfill.index)
        differing = (each.drawing for each in repairable(self.drawings, index, Counter()) if each.drawing)
        wanted = (drawing for drawing in differing if drawing.size <= self.largest)
        planned = shards = 0
        while some := list(islice(wanted, shard_size)):
            shard = Shard(drawings=tuple(self._planned(backfill, some)))
            self.drawings.s3.put_object(
                Bucket=self.drawings.bucket,
                Key=key_of(backfill.id, SHARDS, shards),
                Body=shard.model_dump_json().encode(),
                ContentType="application/json",
            )
            planned, shards = planned + len(some), shards + 1
            if time.time() - backfill.renewed > LEASE_SECONDS / 4:
                backfill = self.backfills.update(backfill.owner)
        return self.backfills.update(backfill.owner, shards=shards, drawings=planned)

    def _planned(self, backfill: Backfill, some: Sequence[StoredDrawing]) -> Iterator[PlannedDrawing]:
        ids = [drawing.drawing_id for drawing in some]
        read: set[tuple[str, str]] = set()  # drawing id and version
        embedded: set[tuple[str, str]] = set()
        for info in self.store.indexes():
            if info.name != backfill.index and info.name.startswith(f"{ALIAS}-"):
                known = {(each.drawing_id, each.version) for each in self.store.index(info.name).standing(ids).values()}
                read |= known
                if info.model == backfill.model:
                    embedded |= known
        for drawing in some:
            this = (drawing.drawing_id, drawing.version)
            yield PlannedDrawing(
                id=drawing.drawing_id,
                version=drawing.version,
                size=drawing.size,
                embed=this not in embedded,
                read=self.reads and this not in read,
            )
