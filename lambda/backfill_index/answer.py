"""What the function is asked for and what it answers; `drawingops index backfill` asks."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["begin", "load", "end", "renew", "close"]
MAX_SHARD = 5_000


class Order(BaseModel):
    """What is wanted.

    Attributes:
        action: begin: plan a back-fill, or go on with the one that there is; load: one shard; end: the next step of
            putting the loaded index in order; renew: the caller lives; close: the back-fill has ended.
        owner: of whom the caller is one; a back-fill has one owner at a time.
        requested_by: who that is.
        shard_size: begin: drawings of a shard.
        least: begin: where fewer are missing nothing is begun.
        shard: load: which, from 0.
        answers, readings: load: keys of what the embedder and the reader answered, by drawing id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    owner: Annotated[str, Field(min_length=8, max_length=64)]
    requested_by: str = ""
    shard_size: Annotated[int, Field(ge=1, le=MAX_SHARD)] = 500
    least: Annotated[int, Field(ge=1)] = 1
    shard: Annotated[int, Field(ge=0)] = 0
    answers: dict[str, str] = {}
    readings: dict[str, str] = {}


class Begun(BaseModel):
    """A back-fill that the caller holds.

    Attributes:
        id: of it; "" = so few drawings are missing that none was begun.
        missing: how many drawings an index lacked where none was begun.
        index, replaces, model, endpoint, shards, drawings, loaded: as `shared/backfill.py` says.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    missing: int = 0
    index: str = ""
    replaces: str = ""
    model: str = ""
    endpoint: str = ""
    shards: int = 0
    drawings: int = 0
    loaded: bool = False


class PlannedDrawing(BaseModel):
    """A drawing of a shard.

    Attributes:
        id: its key below `drawings/`.
        version: that is to be indexed.
        size: bytes.
        embed: whether it has to be embedded; else an index holds this version's vectors already.
        read: whether it has to be read; else an index knows what stands on it, or nobody reads.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    version: str
    size: int
    embed: bool
    read: bool


class Shard(BaseModel):
    """A part of a back-fill: `results/batch/<id>/shards/<number>.json`."""

    model_config = ConfigDict(frozen=True)

    drawings: tuple[PlannedDrawing, ...]


class Loaded(BaseModel):
    """What became of a shard; its checkpoint `results/batch/<id>/loaded/<number>.json`.

    Attributes:
        indexed: drawings that are in the index now.
        copied: of these, whose vectors another index of the embedder had.
        without_text: of these, that nobody has read.
        changed: that have another version meanwhile, or are deleted: their events tell of it.
        refused: that no index can hold, with the reason in the bucket's quarantine.
        unanswered: that the embedder did not answer: they are indexed one by one afterwards.
    """

    model_config = ConfigDict(frozen=True)

    indexed: int = 0
    copied: int = 0
    without_text: int = 0
    changed: int = 0
    refused: int = 0
    unanswered: int = 0


class Busy(BaseModel):
    """The index takes nothing now: the same order later.

    Attributes:
        busy: in one line, who says so.
    """

    model_config = ConfigDict(frozen=True)

    busy: str


class Ended(BaseModel):
    """How far the end of the load is.

    Attributes:
        in_order: whether the index is; else ask again after some seconds.
    """

    model_config = ConfigDict(frozen=True)

    in_order: bool
