"""Limits of tolerance classes against well-known values of ISO 286-2."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

import pytest

from drawing_ocr.grammar import iso286_tables as tables
from drawing_ocr.grammar.iso286 import FitLimits, limits_of


@pytest.mark.parametrize(
    ("nominal", "tolerance_class", "upper", "lower"),
    [
        (25, "H7", 21, 0),
        (25, "g6", -7, -20),
        (50, "f7", -25, -50),
        (50, "F8", 64, 25),
        (10, "D10", 98, 40),
        (63, "E9", 134, 60),
        (16, "c11", -95, -205),
        (8, "h9", 0, -36),
        (25, "js6", 6.5, -6.5),
        (30, "J7", 12, -9),
        (30, "j6", 9, -4),
        (25, "K7", 6, -15),
        (25, "K8", 10, -23),
        (3, "K6", 0, -6),
        (50, "k6", 18, 2),
        (50, "k8", 39, 0),
        (25, "M7", 0, -21),
        (300, "M6", -9, -41),
        (25, "N7", -7, -28),
        (60, "N9", 0, -74),
        (20, "p6", 35, 22),
        (25, "P7", -14, -35),
        (120, "r6", 76, 54),
        (25, "R7", -20, -41),
        (50, "S7", -34, -59),
        (80, "u6", 121, 102),
        (400, "a11", -1350, -1710),
        (500, "H18", 9700, 0),
    ],
)
def test_a_class_has_the_limits_of_the_standard(nominal: int, tolerance_class: str, upper: float, lower: float) -> None:
    thousandths = Decimal(1000)
    assert limits_of(nominal, tolerance_class) == FitLimits(
        Decimal(str(upper)) / thousandths, Decimal(str(lower)) / thousandths
    )


@pytest.mark.parametrize(
    ("nominal", "tolerance_class"),
    [(501, "H7"), (0, "H7"), (25, "H19"), (25, "I7"), (25, "K9"), (20, "t6"), (30, "cd8"), (25, "H"), (25, "hG7")],
)
def test_what_the_standard_has_no_value_for_has_none(nominal: int, tolerance_class: str) -> None:
    assert limits_of(nominal, tolerance_class) is None


def test_a_range_ends_with_its_upper_size() -> None:
    assert limits_of(30, "H7") == limits_of(25, "H7") != limits_of(Decimal("30.01"), "H7")


def test_every_table_grows_with_the_size() -> None:
    for values in (
        *tables.STANDARD_TOLERANCES.values(),
        *tables.MAIN_DEVIATIONS.values(),
        *tables.FINE_DEVIATIONS.values(),
    ):
        known = [value for value in values if value is not None]
        assert known == sorted(known)


@pytest.mark.parametrize(
    ("letter", "grade", "part"),
    [
        ("t", 7, 0.63),
        ("u", 7, 1),
        ("v", 7, 1.25),
        ("x", 7, 1.6),
        ("y", 7, 2),
        ("z", 7, 2.5),
        ("za", 8, 3.15),
        ("zb", 9, 4),
        ("zc", 10, 5),
    ],
)
def test_deviations_of_tight_shafts_are_near_the_formula_that_they_were_rounded_from(
    letter: str, grade: int, part: float
) -> None:
    """Above 50 mm a deviation is a standard tolerance and a part of the range's geometric mean."""
    for index in range(9, len(tables.FINE_RANGES)):
        mean = (tables.FINE_RANGES[index - 1] * tables.FINE_RANGES[index]) ** 0.5
        tolerance = tables.STANDARD_TOLERANCES[grade][bisect_left(tables.MAIN_RANGES, mean)]
        assert tables.FINE_DEVIATIONS[letter][index] == pytest.approx(tolerance + part * mean, rel=0.05)
