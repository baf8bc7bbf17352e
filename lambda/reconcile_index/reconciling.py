"""Compares indexes with the bucket and orders what differs; moves the alias from one index to another."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drawing_ocr.search.store import Index, Store
from reconcile_index.answer import Dropped, IndexState, Reconciliation, Status, Swapped
from shared.backfill import Backfills
from shared.drawing_changes import message
from shared.drawing_index import ALIAS, index_name, indexes_of
from shared.drawings import MISSING, Drawings
from shared.embedding import Embedded, Embedder
from shared.errors import PlatformError
from shared.index_differences import Kind, repairable
from shared.probe import probe_sheet

# Which index was searched before the one that is; the bucket keeps its older versions.
SWAPS = "monitoring/search/alias.json"
SENT_AT_ONCE = 10  # messages that SendMessageBatch takes


@dataclass(frozen=True)
class Reconciling:
    """The indexes and the bucket, side by side.

    Attributes:
        drawings: the bucket.
        store: holds the indexes.
        embedders: all that an index is kept for.
        sqs: client of SQS.
        queue_url: of the queue of changed drawings.
    """

    drawings: Drawings
    store: Store
    embedders: Sequence[Embedder]
    sqs: Any
    queue_url: str

    def reconcile(self, limit: int) -> Reconciliation:
        """Orders every drawing of which an index of our embedders says something else than the bucket.

        An order carries the sequencer that the index knows of the drawing, so that an event that comes meanwhile is
        newer and stays. What an index lacks that a back-fill is loading is counted and not ordered; the index that it
        replaces is not looked at.

        Args:
            limit: how many are ordered at most; the rest is counted.
        """
        backfills = Backfills(self.drawings.s3, self.drawings.bucket)
        loading, leaving = backfills.loading(), backfills.leaving()
        indexes = [index for embedded in self._embedded() for index in self._made(embedded, leaving)]
        counted: Counter[str] = Counter()
        wanted: dict[str, Index] = {}
        seen: set[str] = set()
        for index in indexes:
            counted["drawings"] = 0
            ordering = index.info().name != loading
            for each in repairable(self.drawings, index, counted):
                if each.drawing_id not in seen:
                    seen.add(each.drawing_id)
                    counted[each.kind] += 1
                    if ordering and len(wanted) < limit:
                        wanted[each.drawing_id] = index
        for index in indexes:
            self._order(index, [drawing_id for drawing_id, differing in wanted.items() if differing is index])
        return Reconciliation(
            drawings=counted["drawings"],
            missing=counted[Kind.MISSING],
            stale=counted[Kind.STALE],
            orphans=counted[Kind.ORPHAN],
            refused=counted["refused"],
            ordered=len(wanted),
            left=len(seen) - len(wanted),
        )

    def status(self) -> Status:
        """All indexes, and how many drawings the bucket has."""
        searched = self.store.aliased(ALIAS)
        models = {embedded.model for embedded in self._embedded()}
        return Status(
            indexes=tuple(
                IndexState(
                    name=each.name,
                    model=each.model,
                    drawings=self.store.index(each.name).count(),
                    searched=each.name == searched,
                    embedded=each.model in models,
                )
                for each in self.store.indexes()
            ),
            drawings=sum(1 for _ in self.drawings.all()),
            refused=sum(1 for _ in self.drawings.refused_ids()),
            previous=self._previous(),
        )

    def swap(self, index: str, *, incomplete: bool) -> Swapped:
        """Lets searches ask `index` from now on.

        Raises:
            PlatformError: nobody embeds with its model, or it lacks drawings and `incomplete` does not say that this
                is wanted.
        """
        known = {each.name: each for each in self.store.indexes()}
        if index not in known:
            raise PlatformError(f"there is no index {index!r}: `drawingops index status` shows those that there are")
        if known[index].model not in {embedded.model for embedded in self._embedded()}:
            raise PlatformError(
                f"no endpoint embeds with {known[index].model}, so that nothing would be found by a picture: "
                "name its package in search.embedders and deploy"
            )
        lacking = sum(1 for _ in repairable(self.drawings, self.store.index(index), Counter()))
        if lacking and not incomplete:
            raise PlatformError(
                f"{index} differs from the bucket in {lacking} drawings: run `drawingops index backfill` first, "
                "or insist with --incomplete"
            )
        previous = self.store.swap(ALIAS, index) or ""
        # The index of the same embedder before a back-fill is nothing to go back to: it lacks drawings.
        if previous and known[previous].model != known[index].model:
            self._remember(previous)
        return Swapped(index=index, previous=previous)

    def rollback(self) -> Swapped:
        """Lets searches ask the index that they asked before.

        Raises:
            PlatformError: there was none.
        """
        previous = self._previous()
        if not previous:
            raise PlatformError("no other index was searched before: nothing to go back to")
        return self.swap(previous, incomplete=True)

    def drop(self, index: str) -> Dropped:
        """Removes an index; one that is not there is no fault.

        Raises:
            PlatformError: it is searched, or an endpoint embeds for it, which would make it anew.
        """
        models = {embedded.model for embedded in self._embedded()}
        known = {each.name: each.model for each in self.store.indexes()}
        if known.get(index) in models and len(indexes_of(self.store, known[index])) == 1:
            raise PlatformError(
                f"{index} is kept for {known[index]}, which an endpoint embeds with: take that away first"
            )
        if index == self.store.aliased(ALIAS):
            raise PlatformError(f"{index} is searched: swap to another index first")
        self.store.drop(index)
        return Dropped(index=index)

    def _embedded(self) -> list[Embedded]:
        """What each endpoint says to a small sheet: whose model it has, and how long its vectors are."""
        sheet = probe_sheet()
        return [embedder.embed(sheet) for embedder in self.embedders]

    def _made(self, embedded: Embedded, leaving: str) -> list[Index]:
        """The indexes of an embedder but one, made where there is none; the first one of all is searched."""
        names = indexes_of(self.store, embedded.model)
        if not names:
            names = [index_name(embedded.model)]
            self.store.create(names[0], embedded.dimension, embedded.model)
        if self.store.aliased(ALIAS) is None:
            self.store.swap(ALIAS, names[0])
        return [self.store.index(name) for name in names if name != leaving]

    def _order(self, index: Index, drawing_ids: Sequence[str]) -> None:
        for first in range(0, len(drawing_ids), SENT_AT_ONCE):
            some = drawing_ids[first : first + SENT_AT_ONCE]
            known = index.standing(some)
            entries = []
            for number, drawing_id in enumerate(some):
                sequencer = known[drawing_id].sequencer if drawing_id in known else ""
                body = message(self.drawings.bucket, drawing_id, sequencer)
                entries.append({"Id": str(number), "MessageBody": body})
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
            if failed := answer.get("Failed"):
                reason = failed[0].get("Message")
                raise PlatformError(f"{len(failed)} orders could not be sent ({reason}): run it again")

    def _previous(self) -> str:
        try:
            found = self.drawings.s3.get_object(Bucket=self.drawings.bucket, Key=SWAPS)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return ""
            raise
        return str(json.loads(found["Body"].read())["previous"])

    def _remember(self, previous: str) -> None:
        self.drawings.s3.put_object(
            Bucket=self.drawings.bucket,
            Key=SWAPS,
            Body=json.dumps({"previous": previous}).encode(),
            ContentType="application/json",
        )
