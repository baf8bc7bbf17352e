"""Surface texture as it is read: Ra 3.2, Rz 25 max, √Ra 0.8 (ISO 21920-1, ISO 1302)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from drawing_ocr.grammar import pattern
from drawing_ocr.grammar.quantity import Number

_ROUGHNESS: Final = re.compile(
    rf"(?P<sign>[√▽∇])? ?(?:(?P<limit>[UL]) )?(?P<parameter>Rmax|R[aztqpvc])? ?(?P<value>{pattern.NUMBER})"
    rf"(?P<maximum> ?max)?"
)


@dataclass(frozen=True, slots=True)
class Roughness:
    """A surface texture.

    Attributes:
        value: micrometres.
        parameter: Ra, Rz, …; empty where only the sign stands before the number.
        limit: U upper, L lower; empty = not written.
        maximum: whether no measured value may exceed it.
    """

    value: Number
    parameter: str = ""
    limit: str = ""
    maximum: bool = False

    def __str__(self) -> str:
        limit = f"{self.limit} " if self.limit else ""
        name = f"{self.parameter} " if self.parameter else "√"
        return f"{limit if self.parameter else ''}{name}{self.value}{' max' if self.maximum else ''}"


def parse_roughness(text: str) -> Roughness | None:
    """The surface texture that a canonical text says; a bare number is none.

    >>> str(parse_roughness("√Ra3.2")), parse_roughness("3.2")
    ('Ra 3.2', None)
    """
    match = _ROUGHNESS.fullmatch(text)
    if match is None or not (match["sign"] or match["parameter"]) or (match["limit"] and not match["parameter"]):
        return None
    return Roughness(Number(match["value"]), match["parameter"] or "", match["limit"] or "", bool(match["maximum"]))
