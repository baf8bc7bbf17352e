"""Which way a line is read that may stand.

A crop taller than wide is read turned both ways; where it is not much taller, it may be one or two characters that lie,
and is read as it is, too. Digits and signs that look alike upside down (0, 6, 8, 9, ×, °)
make the wrong reading as sure as the right one, so two more things count: that a size is more likely than a jumble of
its characters, and that the lines of one sheet stand alike (ISO 129-1: to be read from the right). A size that no other
way could read is not read another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from drawing_ocr.dimension import is_dimension

LYING: Final = 0  # quarters by which a line is turned that is read as it lies

# In parts of confidence, which is 0 to 1: what a clear difference between the readings still outweighs.
_GRAMMAR: Final = 0.15
_CUSTOM: Final = 0.15
# A network that is so sure of a size with a character that only one way reads is right.
_SURE: Final = 0.95
_ALIKE_UPSIDE_DOWN: Final = frozenset("0125689IOoNSsXxZzHlnu⌀×±°.,·:+-=/()|~ ")
_ALIKE_BY_A_QUARTER: Final = frozenset("018IOoNZXxl⌀×°.,·+-=|/ ")
# What one line says about the others' direction: no more than this, however sure it is.
_MOST_SAID: Final = 0.5
# What all lines together must say before it counts.
_LEAST_SAID: Final = 0.3


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A line as it reads when it is turned one way."""

    text: str
    confidence: float

    @property
    def worth(self) -> float:
        """Confidence, more for what the grammar of dimensions knows."""
        return self.confidence + _GRAMMAR * is_dimension(self.text) if self.text else 0.0


def settled(lines: Sequence[tuple[int, Hypothesis]]) -> list[bool]:
    """Which lines of a sheet that may stand need no reading in another way than their first.

    A sure size with a character that one way only reads is settled. So is any sure size that stands as those do: what
    it reads upside down could not outweigh it.

    Args:
        lines: Of each, the quarters by which it was turned, and what it reads then.
    """
    sizes = [reading.confidence >= _SURE and is_dimension(reading.text) for _, reading in lines]
    certain = [size and _reads_one_way(way, reading.text) for size, (way, reading) in zip(sizes, lines, strict=True)]
    said = Counter(way for alone, (way, _) in zip(certain, lines, strict=True) if alone and way != LYING)
    custom = _custom({way: count * _MOST_SAID for way, count in said.items()})
    return [alone or (size and way == custom) for alone, size, (way, _) in zip(certain, sizes, lines, strict=True)]


def _reads_one_way(way: int, text: str) -> bool:
    return not (_ALIKE_BY_A_QUARTER if way == LYING else _ALIKE_UPSIDE_DOWN).issuperset(text)


def choose_directions(lines: Sequence[Mapping[int, Hypothesis]]) -> list[int]:
    """The way that each line of a sheet is read.

    Args:
        lines: Of each, what it reads by the number of quarters that it was turned; one only where no other was tried.

    Returns:
        For each line the number of quarters, one of its own.
    """
    said: dict[int, float] = {}
    for line in lines:
        if LYING in line:
            continue
        if len(line) == 1:
            (only,) = line
            said[only] = said.get(only, 0.0) + _MOST_SAID
        else:
            best, second = sorted(line, key=lambda quarters: line[quarters].worth, reverse=True)[:2]
            said[best] = said.get(best, 0.0) + min(line[best].worth - line[second].worth, _MOST_SAID)
    custom = _custom(said)
    return [_choice(line, custom) for line in lines]


def _custom(said: Mapping[int, float]) -> int | None:
    """How the lines of a sheet stand; None where they stand both ways, or nothing tells."""
    custom = max(said, key=lambda quarters: said[quarters], default=None)
    return custom if custom is not None and said[custom] - sum(said.values()) / 2 >= _LEAST_SAID else None


def _choice(line: Mapping[int, Hypothesis], custom: int | None) -> int:
    standing = [quarters for quarters in line if quarters != LYING]
    if not standing:
        return LYING
    best = max(standing, key=lambda quarters: line[quarters].worth + (_CUSTOM if quarters == custom else 0.0))
    return LYING if LYING in line and line[LYING].worth >= line[best].worth else best
