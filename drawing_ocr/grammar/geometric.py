"""Feature control frames as they are read: sign, tolerance with its zone and modifiers, datums (ISO 1101, ISO 5459)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from drawing_ocr.grammar import pattern
from drawing_ocr.grammar.quantity import Number

CHARACTERISTICS: Final = {
    "⏤": "straightness",
    "⏥": "flatness",
    "○": "roundness",
    "⌭": "cylindricity",
    "⌒": "line profile",
    "⌓": "surface profile",
    "∥": "parallelism",
    "⊥": "perpendicularity",
    "∠": "angularity",
    "⌖": "position",
    "◎": "concentricity",
    "⌯": "symmetry",
    "↗": "circular run-out",
    "⌰": "total run-out",
}
_SAME: Final = {"◯": "○"}
_MODIFIERS = "ⒶⒸⒺⒻⒼⓁⓂⓃⓅⓇⓈⓉⓊⓍ"
_DATUM = rf"[A-Z](?:-[A-Z])?[{_MODIFIERS}]*"
_GAP = r"[ |]*"
_FRAME: Final = re.compile(
    rf"(?P<sign>[{''.join(CHARACTERISTICS)}◯])?{_GAP}(?P<zone>S?⌀|□)? ?(?P<value>{pattern.NUMBER})"
    rf"(?:/(?P<per>{pattern.NUMBER}))?{_GAP}(?P<modifiers>[{_MODIFIERS}]*)(?P<datums>(?:{_GAP}{_DATUM}){{0,3}}){_GAP}"
)
_DATUMS: Final = re.compile(_DATUM)


@dataclass(frozen=True, slots=True)
class GeometricTolerance:
    """One row of a feature control frame.

    Attributes:
        sign: of the characteristic, a key of `CHARACTERISTICS`; empty where it was not read.
        value: width or diameter of the zone.
        zone: ⌀, S⌀, □, or empty for a width.
        per: the length that the tolerance is restricted to; None = all.
        modifiers: ⓂⓁⓅ… of the tolerance.
        datums: with their modifiers, in order of precedence: A, B-C, DⓂ.
    """

    sign: str
    value: Number
    zone: str = ""
    per: Number | None = None
    modifiers: str = ""
    datums: tuple[str, ...] = ()

    @property
    def characteristic(self) -> str | None:
        return CHARACTERISTICS.get(self.sign)

    @property
    def cells(self) -> tuple[str, ...]:
        per = f"/{self.per}" if self.per else ""
        sign = (self.sign,) if self.sign else ()
        return (*sign, f"{self.zone}{self.value}{per}{self.modifiers}", *self.datums)

    def __str__(self) -> str:
        return " ".join(self.cells)


def parse_geometric(text: str, *, without_sign: bool = False) -> GeometricTolerance | None:
    """The geometric tolerance that a canonical text says, its cells apart by a space, a bar or nothing.

    Args:
        text: what stands in the frame.
        without_sign: whether the sign may be missing: within a frame that was seen, a reader may not know it.

    >>> str(parse_geometric("⌖|⌀0.1Ⓜ|A|B-C"))
    '⌖ ⌀0.1Ⓜ A B-C'
    """
    match = _FRAME.fullmatch(text)
    if match is None or not (match["sign"] or without_sign):
        return None
    return GeometricTolerance(
        _SAME.get(match["sign"], match["sign"] or ""),
        Number(match["value"]),
        match["zone"] or "",
        Number(match["per"]) if match["per"] else None,
        match["modifiers"],
        tuple(_DATUMS.findall(match["datums"])),
    )
