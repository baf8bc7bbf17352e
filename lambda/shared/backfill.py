"""The back-fill that is under way: one object of the bucket, which one caller holds at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from shared.drawings import MISSING
from shared.errors import PlatformError

KEY = "monitoring/search/backfill.json"
# Who has the back-fill says so at least every quarter of this; a caller that was silent for so long was killed.
LEASE_SECONDS = 30.0
_TRIES = 20  # of a change, beside those that say that the owner lives
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class Backfill(BaseModel):
    """One back-fill.

    Attributes:
        id: of it; what it makes lies below `results/batch/<id>/`.
        index: that is filled.
        replaces: the index of the same embedder that is searched meanwhile; "" = none of that embedder is.
        model: `name/version` of the embedder.
        endpoint: that embeds with it.
        shards: parts that are loaded one by one; 0 = not planned yet.
        drawings: in all shards.
        loaded: whether all shards are, and the index is in order; then single drawings are repaired in it.
        merge: ticket of the end of the load (`Index.end_load`).
        owner: of whom the caller is one.
        requested_by: who that is.
        renewed: when the owner was last heard of, seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    index: str
    replaces: str
    model: str
    endpoint: str
    shards: int = 0
    drawings: int = 0
    loaded: bool = False
    merge: str = ""
    owner: str
    requested_by: str
    renewed: float


class _Raced(Exception):
    """Somebody else has written first."""


@dataclass(frozen=True)
class Backfills:
    """The object.

    Attributes:
        s3: client.
        bucket: its bucket.
    """

    s3: Any
    bucket: str

    def loading(self) -> str:
        """The index that is being loaded; "" = none."""
        known, _ = self._read()
        return known.index if known and not known.loaded else ""

    def leaving(self) -> str:
        """The index that is searched until another one takes its place, for as long as somebody sees to that."""
        known, _ = self._read()
        return known.replaces if known and time.time() - known.renewed < LEASE_SECONDS else ""

    def take(self, owner: str, requested_by: str) -> Backfill | None:
        """The back-fill that is under way, held by `owner` from now on; None = there is none.

        Raises:
            PlatformError: another caller has it.
        """
        known, etag = self._read()
        if known is None:
            return None
        if known.owner != owner and time.time() - known.renewed < LEASE_SECONDS:
            raise _taken(known)
        mine = {"owner": owner, "requested_by": requested_by, "renewed": time.time()}
        return self._won(known.model_copy(update=mine), IfMatch=etag)

    def start(self, new: Backfill) -> Backfill:
        """Begins one.

        Raises:
            PlatformError: another caller was faster.
        """
        return self._won(new, IfNoneMatch="*")

    def held(self, owner: str) -> Backfill:
        """The back-fill, which `owner` must hold.

        Raises:
            PlatformError: it holds none.
        """
        known, _ = self._read()
        if known is None or known.owner != owner:
            raise _taken(known)
        return known

    def update(self, owner: str, **changes: Any) -> Backfill:
        """Changes some fields of what `owner` holds, and says that the owner lives.

        Raises:
            PlatformError: it holds none.
        """
        for _ in range(_TRIES):
            known, etag = self._read()
            if known is None or known.owner != owner:
                raise _taken(known)
            changed = known.model_copy(update={**changes, "renewed": time.time()})
            try:
                return self._write(changed, IfMatch=etag)
            except _Raced:  # by another call of the same owner, or by who took it
                continue
        raise PlatformError("the back-fill is changed all the time: is another command of the same owner running?")

    def close(self, owner: str) -> None:
        """Forgets the back-fill that `owner` holds; one that is forgotten already is no fault."""
        known, _ = self._read()
        if known and known.owner == owner:
            self.s3.delete_object(Bucket=self.bucket, Key=KEY)

    def _read(self) -> tuple[Backfill | None, str]:
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=KEY)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None, ""
            raise
        return Backfill.model_validate_json(found["Body"].read()), str(found["ETag"])

    def _won(self, backfill: Backfill, **condition: str) -> Backfill:
        try:
            return self._write(backfill, **condition)
        except _Raced:
            raise _taken(self._read()[0]) from None

    def _write(self, backfill: Backfill, **condition: str) -> Backfill:
        content = backfill.model_dump_json().encode()
        try:
            self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=content, ContentType="application/json", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN | MISSING:
                raise
            raise _Raced from error
        return backfill


def _taken(known: Backfill | None) -> PlatformError:
    if known is None:
        return PlatformError("the back-fill has ended meanwhile: see `drawingops index status`")
    return PlatformError(
        f"{known.requested_by} is filling {known.index} now: wait for it; "
        f"it can be taken over when it was silent for {LEASE_SECONDS:.0f} s"
    )
