"""What a dimension says, as the reading result has it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

Kind = Literal[
    "length", "diameter", "radius", "spherical_diameter", "spherical_radius", "square", "chamfer", "depth",
    "counterbore", "countersink", "angle", "thread", "tolerance", "remark", "dual",
]  # fmt: skip
Unit = Literal["mm", "in", "°"]


class _Sparse(BaseModel):
    """What is not known is left out of JSON."""

    model_config = ConfigDict(frozen=True)

    @model_serializer(mode="wrap")
    def _without_what_is_not_known(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = handler(self)
        return {name: value for name, value in fields.items() if value is not None and value != [] and value != ()}


class FitClass(_Sparse):
    """A tolerance class with what ISO 286-1 allows it.

    Attributes:
        name: H7, g6.
        upper, lower: Deviations, millimetres; None where the standard has none, or the size is not in millimetres.
    """

    name: str
    upper: float | None = None
    lower: float | None = None


class Feature(_Sparse):
    """One thing that a dimension says.

    Attributes:
        kind: What it is; `dual` is the size before it in the other unit.
        text: Its canonical spelling.
        nominal: The size that is stated; None with limits, a tolerance alone, and threads of sizes by number (#10).
        unit: `°` with an angle sign; `mm`, `in` where written or where a thread's standard says so. None = not written:
            it is the drawing's, which is never guessed.
        upper, lower: Deviations from the nominal as written; None = not written, or given by a fit.
        greatest, least: Limits of size, written or computed.
        fit: Tolerance classes, the hole's first in a pair.
        angle: Of a chamfer or countersink, degrees.
        pitch: Of a thread: millimetres for M and Tr, threads an inch for the others.
        thread: The thread's standard: M, Tr, G, UNC.
        thread_class: 6H, 2B.
        left_hand: Set for left-hand threads.
    """

    kind: Kind
    text: str
    nominal: float | None = None
    unit: Unit | None = None
    upper: float | None = None
    lower: float | None = None
    greatest: float | None = None
    least: float | None = None
    fit: tuple[FitClass, ...] = ()
    angle: float | None = None
    pitch: float | None = None
    thread: str | None = None
    thread_class: str | None = None
    left_hand: bool | None = None


class Meaning(_Sparse):
    """A dimension.

    Attributes:
        kind: Of its first feature.
        features: What it says, in order: the hole, then its depth, counterbore, …
        count: How many times; None = not written.
        bracket: `reference` in round brackets, `basic` (theoretically exact) in a box.
        doubts: What else it may mean, one line each; empty when nothing is odd.
        alternatives: The other meanings of the same text, the likelier first, without alternatives of their own.
    """

    kind: Kind
    features: tuple[Feature, ...]
    count: Annotated[int, Field(ge=0)] | None = None
    bracket: Literal["reference", "basic"] | None = None
    doubts: tuple[str, ...] = ()
    alternatives: tuple[Meaning, ...] = ()
