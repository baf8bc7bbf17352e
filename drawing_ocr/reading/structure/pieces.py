"""What a line can be in a dimension that stands in several pieces, by its words."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from drawing_ocr.annotation import Category
from drawing_ocr.grammar import pattern
from drawing_ocr.grammar.forms import Deviations, Dimension, Length, Limits, Symmetric
from drawing_ocr.grammar.parse import parse, parse_count, parse_fit, parse_tolerance
from drawing_ocr.reading.structure.line import Line

_ZERO: Final = re.compile(r"0(?:[.,]0{1,4})?")
_WORD: Final = re.compile(rf"{pattern.WORD}(?: ?{pattern.NUMBER})?")
_DUAL: Final = re.compile(pattern.DUAL)
_MM_AN_INCH: Final = 25.4
_SAME_SIZE: Final = 0.02
_FURTHER: Final = re.compile("[⌴⌵↧]")
_NOT_ON_PAPER: Final = frozenset({Category.TABLE, Category.TITLE_BLOCK})


class Piece(Enum):
    """What a line may be in a dimension."""

    SIZE = auto()  # a size with whatever belongs to it
    DEVIATION = auto()  # one deviation, or both, or ±
    ZERO = auto()  # a size, or a deviation
    FIT = auto()
    COUNT = auto()
    DUAL = auto()  # the size in the other unit, in brackets
    FURTHER = auto()  # a line under a hole's size: its counterbore, its depth, THRU
    OTHER = auto()


def piece_of(line: Line) -> Piece:
    """What a line may be; what stands in tables is of no dimension on the sheet."""
    text = line.text
    if line.category in _NOT_ON_PAPER:
        return Piece.OTHER
    if _ZERO.fullmatch(text):
        return Piece.ZERO
    if parse_tolerance(text) is not None:
        return Piece.DEVIATION
    if parse_count(text) is not None:
        return Piece.COUNT
    # R8 and C11 are a radius and a chamfer sooner than a fit alone.
    if parse_fit(text) is not None and parse(text) is None and line.category is not Category.SYMBOL:
        return Piece.FIT
    if _DUAL.fullmatch(text):
        return Piece.DUAL
    if _WORD.fullmatch(text) or (_FURTHER.match(text) and parse(text) is not None):
        return Piece.FURTHER
    if line.category is Category.DIMENSION or parse(text) is not None:
        return Piece.SIZE
    return Piece.OTHER


def has_both_deviations(text: str) -> bool:
    """Whether a deviation, or the tolerance at the end of a size, wants no other."""
    tolerance = parse_tolerance(text)
    if tolerance is None:
        head = _last_length(text)
        tolerance = head.tolerance if head is not None else None
    return isinstance(tolerance, Symmetric) or (
        isinstance(tolerance, Deviations) and tolerance.upper is not None and tolerance.lower is not None
    )


def has_one_deviation(text: str) -> bool:
    """Whether a size ends with one of two deviations: the other stands above or below it."""
    head = _last_length(text)
    return head is not None and isinstance(head.tolerance, Deviations) and not has_both_deviations(text)


def are_limits(upper: str, lower: str) -> bool:
    """Whether two sizes above each other can be limits: as many decimals, near each other, the upper first."""
    found = parse(f"{upper} {lower}")
    if found is None or not isinstance(found.dimension, Dimension):
        return False
    head = found.dimension.head
    if not isinstance(head, Limits) or not upper.endswith(head.upper.text):
        return False
    return 0 < head.upper.value - head.lower.value <= head.upper.value / 10


def are_dual(size: str, other: str) -> bool:
    """Whether two sizes are the same in millimetres and inches."""
    numbers = [head.number.value for text in (size, other.strip("[]()")) if (head := _last_length(text)) is not None]
    if len(numbers) != 2 or not all(numbers):
        return False
    ratio = float(max(numbers) / min(numbers))
    return abs(ratio / _MM_AN_INCH - 1) <= _SAME_SIZE


@lru_cache(maxsize=4096)
def _last_length(text: str) -> Length | None:
    found = parse(text)
    if found is None or not isinstance(found.dimension, Dimension):
        return None
    last = found.dimension.parts[-1].element
    return last if isinstance(last, Length) else None
