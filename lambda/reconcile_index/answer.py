"""What the function is asked for and what it answers; `drawingops index` shows it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["reconcile", "status", "swap", "rollback", "drop"]
# Orders of one call: what is left is found by the next one. Sending as many takes about three minutes.
MAX_ORDERS = 50_000


class Order(BaseModel):
    """What is wanted; EventBridge's schedule sends no action and means a reconciliation.

    Attributes:
        action: reconcile | status | swap | rollback | drop.
        index: swap: the one that is to be searched; drop: the one that is to be removed.
        incomplete: swap: also one that lacks drawings.
        limit: reconcile: the most drawings that are ordered.
        requested_by: who asks.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    action: Action = "reconcile"
    index: str = ""
    incomplete: bool = False
    limit: Annotated[int, Field(ge=0, le=MAX_ORDERS)] = MAX_ORDERS
    requested_by: str = "schedule"


class IndexState(BaseModel):
    """One index.

    Attributes:
        name, model: whose vectors it holds.
        drawings: how many.
        searched: whether the alias names it.
        embedded: whether an endpoint embeds with its model now.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    model: str
    drawings: int
    searched: bool
    embedded: bool


class Status(BaseModel):
    """The indexes and the bucket.

    Attributes:
        indexes: all.
        drawings: in the bucket.
        refused: drawings that nobody can index, with the reason in the bucket's quarantine.
        previous: the index that was searched before; "" = none.
    """

    model_config = ConfigDict(frozen=True)

    indexes: tuple[IndexState, ...]
    drawings: int
    refused: int
    previous: str


class Reconciliation(BaseModel):
    """What differed.

    Attributes:
        drawings: in the bucket.
        missing, stale, orphans: drawings that some index lacks, has of another version, or has too many.
        refused: drawings that no index can hold.
        ordered: how many were sent to be indexed anew.
        left: how many wait for the next call.
    """

    model_config = ConfigDict(frozen=True)

    drawings: int
    missing: int
    stale: int
    orphans: int
    refused: int
    ordered: int
    left: int


class Dropped(BaseModel):
    """An index that is there no longer."""

    model_config = ConfigDict(frozen=True)

    index: str


class Swapped(BaseModel):
    """Which index is searched now, and which was before."""

    model_config = ConfigDict(frozen=True)

    index: str
    previous: str
