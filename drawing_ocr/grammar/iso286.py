"""Limits of tolerance classes: what 25 H7 allows (ISO 286-1), for nominal sizes up to 500 mm."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from drawing_ocr.grammar.iso286_tables import (
    FINE_DEVIATIONS,
    FINE_RANGES,
    HOLE_J,
    MAIN_DEVIATIONS,
    MAIN_RANGES,
    SHAFT_J,
    STANDARD_TOLERANCES,
)

LARGEST_MM: Final = 500
_CLASS: Final = re.compile(r"([A-Za-z]{1,2})([0-9]{1,2})")
_BELOW_NOMINAL: Final = ("a", "b", "c", "cd", "d", "e", "ef", "f", "fg", "g", "h")
_SMALLEST: Final = 3  # mm; holes up to it have no increment

_K_GRADES: Final = range(4, 8)  # shafts k of other grades begin at the nominal size
_TRANSITION: Final = ("k", "m", "n")


@dataclass(frozen=True, slots=True)
class FitLimits:
    """Deviations from the nominal size, millimetres, exact."""

    upper: Decimal
    lower: Decimal


def limits_of(nominal: Decimal | float, tolerance_class: str) -> FitLimits | None:
    """The deviations that a tolerance class allows.

    Args:
        nominal: size, millimetres.
        tolerance_class: such as `H7` of a hole or `g6` of a shaft.

    Returns:
        None where the standard has none: other letters, grades or sizes, and sizes above 500 mm.

    >>> str(limits_of(25, "g6"))
    "FitLimits(upper=Decimal('-0.007'), lower=Decimal('-0.020'))"
    """
    match = _CLASS.fullmatch(tolerance_class)
    if match is None or not 0 < nominal <= LARGEST_MM or int(match[2]) not in STANDARD_TOLERANCES:
        return None
    size, letters, grade = Decimal(str(nominal)), match[1], int(match[2])
    width = _of(STANDARD_TOLERANCES[grade], MAIN_RANGES, size)
    if width is None:
        return None
    if letters.lower() == "js":
        return _limits(width / 2, width)
    if letters.islower():
        return _shaft(size, letters, grade, width)
    return _hole(size, letters.lower(), grade, width) if letters.isupper() else None


def _shaft(size: Decimal, letters: str, grade: int, width: Decimal) -> FitLimits | None:
    if letters == "j":
        lower = _of(SHAFT_J.get(grade, ()), MAIN_RANGES, size)
        return None if lower is None else _limits(lower + width, width)
    deviation = _shaft_deviation(size, letters, grade)
    if deviation is None:
        return None
    return _limits(-deviation if letters in _BELOW_NOMINAL else deviation + width, width)


def _hole(size: Decimal, letters: str, grade: int, width: Decimal) -> FitLimits | None:
    """A hole mirrors the shaft of its letter; what is tighter than the nominal size is moved by an increment."""
    if letters == "j":
        upper = _of(HOLE_J.get(grade, ()), MAIN_RANGES, size)
        return None if upper is None else _limits(upper, width)
    if letters in _BELOW_NOMINAL:
        deviation = _shaft_deviation(size, letters, grade)
        return None if deviation is None else _limits(deviation + width, width)
    upper = _tight_hole(size, letters, grade, width)
    return None if upper is None else _limits(upper, width)


def _tight_hole(size: Decimal, letters: str, grade: int, width: Decimal) -> Decimal | None:
    """Upper deviation of holes K to ZC."""
    incremented = grade <= (8 if letters in _TRANSITION else 7)
    if letters == "k" and not incremented and size > _SMALLEST:
        return None
    if letters == "n" and not incremented and size > _SMALLEST:
        return Decimal(0)
    # K of every grade mirrors k of grades 4 to 7.
    deviation = _shaft_deviation(size, letters, _K_GRADES[0] if letters == "k" else grade)
    if deviation is None:
        return None
    if letters == "m" and grade == 6 and 250 < size <= 315:
        return Decimal(-9)  # the standard's one exception
    if not incremented or size <= _SMALLEST or grade - 1 not in STANDARD_TOLERANCES:
        return -deviation
    narrower = _of(STANDARD_TOLERANCES[grade - 1], MAIN_RANGES, size)
    return None if narrower is None else -deviation + width - narrower


def _shaft_deviation(size: Decimal, letters: str, grade: int) -> Decimal | None:
    """Distance of a shaft's nearer limit from the nominal size, micrometres."""
    if letters == "h" or (letters == "k" and grade not in _K_GRADES):
        return Decimal(0)
    if letters in MAIN_DEVIATIONS:
        return _of(MAIN_DEVIATIONS[letters], MAIN_RANGES, size)
    return _of(FINE_DEVIATIONS.get(letters, ()), FINE_RANGES, size)


def _of(values: Sequence[float | None], ranges: Sequence[int], size: Decimal) -> Decimal | None:
    """The value of the range that a size is in; tables may end early."""
    index = bisect_left(ranges, size)
    value = values[index] if index < len(values) else None
    return None if value is None else Decimal(str(value))


def _limits(upper: Decimal, width: Decimal) -> FitLimits:
    return FitLimits(_millimetres(upper), _millimetres(upper - width))


def _millimetres(micrometres: Decimal) -> Decimal:
    return micrometres.scaleb(-3)
