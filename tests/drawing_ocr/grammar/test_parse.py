"""Texts to meanings and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.dimension import is_dimension
from drawing_ocr.grammar.forms import Bracket, Deviations, Dimension, Form, Length, Limits, Thread
from drawing_ocr.grammar.parse import parse, parse_count, parse_fit, parse_tolerance
from drawing_ocr.text import canonical

PIECES = [
    *"0123456789.,×-±+°′″/()[] ⌀RGC□↧⌴⌵深", "S⌀", "SR", "M8", "Tr40", "H7", "g6", "1/4", "-20", "UNC", " LH", " THRU",
    " mm", "25", "6.6", "12,50", "4×", "2-", " ±0.1", " +0.1 -0.2", "(+0.02 0)", " 0 -0.1", "45°", "30′", "16.00 15.50",
    "Ⓔ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def dimension_of(text: str) -> Dimension:
    found = parse(text)
    assert found is not None
    assert isinstance(found.dimension, Dimension)
    return found.dimension


def unbracketed(text: str) -> str:
    """A text without a bracket that has no partner."""
    whole = (text[:1] + text[-1:]) in ("()", "[]")
    return text if whole else text.removeprefix("(").removeprefix("[").removesuffix(")").removesuffix("]")


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_what_is_understood_spells_to_what_is_understood_the_same(text: str) -> None:
    if (first := parse(text)) is not None:
        assert parse(first.text) == first
        assert canonical(first.text) == first.text


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_pattern_takes_what_the_parser_understands_and_nothing_else(text: str) -> None:
    understood = any(parse(each) is not None for each in (text, unbracketed(text)))
    assert is_dimension(text) == understood


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("4-⌀6.6", "4×⌀6.6"),
        ("4-10", "4-10"),
        ("⌀38H12", "⌀38 H12"),
        ("⌀25H7(+0.021/0)", "⌀25 H7 (+0.021 0)"),
        ("10 -0.2 +0.1", "10 +0.1 -0.2"),
        ("15.50 16.00", "16.00 15.50"),
        ("4 × M8 × 1.25-6H ↧ 12", "4×M8×1.25-6H ↧12"),
        ("⌀6.6THRU⌴⌀11↧6", "⌀6.6 THRU ⌴⌀11 ↧6"),
        ("4×⌀25 h6 ⒺⒻ", "4×⌀25 h6ⒺⒻ"),
        ("45°30'", "45°30′"),
        ("⌀10 深20", "⌀10 深20"),
    ],
)
def test_every_spelling_has_one_canonical_form(text: str, spelled: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.text == spelled


def test_a_product_may_be_a_count_and_says_so() -> None:
    found = parse("2×45°")
    assert found is not None
    assert dimension_of("2×45°").count is None  # a chamfer
    assert [each.count for each in found.alternatives] == [2]


@pytest.mark.parametrize("text", ["4×⌀6.6", "M8×1.25", "8×M8×0,75", "2×1×45°", "10-32 UNF-2B"])
def test_what_has_one_sensible_meaning_has_no_other(text: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.alternatives == ()


def test_a_screw_is_told_from_a_fine_thread_by_the_number_behind() -> None:
    said = {text: [str(part.element) for part in dimension_of(text).parts] for text in ("M8×1", "M8×25")}
    assert said == {"M8×1": ["M8×1"], "M8×25": ["M8", "25"]}


def test_limits_stand_with_the_upper_one_first() -> None:
    head = dimension_of("⌀8.00 8.20").head
    assert isinstance(head, Limits)
    assert (str(head.upper), str(head.lower), head.form) == ("8.20", "8.00", Form.DIAMETER)


def test_a_tolerance_is_no_count() -> None:
    said = {text: dimension_of(text).count for text in ("4-10", "4 -0.1", "⌀40 -1")}
    assert said == {"4-10": 4, "4 -0.1": None, "⌀40 -1": None}


def test_brackets_make_a_dimension_a_reference_or_basic() -> None:
    said = {text: dimension_of(text).bracket for text in ("(12)", "[12]", "12")}
    assert said == {"(12)": Bracket.REFERENCE, "[12]": Bracket.BASIC, "12": Bracket.NONE}


def test_one_deviation_alone_leaves_the_other_open() -> None:
    upper, lower = parse_tolerance("+0.1"), parse_tolerance("-0.1")
    assert isinstance(upper, Deviations)
    assert isinstance(lower, Deviations)
    assert upper.lower is None
    assert lower.upper is None


@pytest.mark.parametrize(
    ("text", "standard", "size", "tolerance", "left"),
    [
        ("M5 LH", "M", "5", "", True),
        ("M8×1-5g6g", "M", "8", "5g6g", False),
        ("Tr40×7-7e", "Tr", "40", "7e", False),
        ("G1/2A", "G", "1/2", "A", False),
        ("R1/2", "R", "1/2", "", False),
        ("1/4-20 UNC-2B LH", "UNC", "1/4", "2B", True),
        ("1 1/2-12 UN-2A", "UN", "1 1/2", "2A", False),
        ("1/2-14 NPT", "NPT", "1/2", "", False),
    ],
)
def test_threads_of_every_series_are_understood(
    text: str, standard: str, size: str, tolerance: str, left: bool
) -> None:
    thread = dimension_of(text).head
    assert isinstance(thread, Thread)
    assert (thread.standard, thread.size, thread.tolerance, thread.left) == (standard, size, tolerance, left)
    assert str(thread) == text


def test_a_radius_is_no_pipe_thread() -> None:
    assert isinstance(dimension_of("R5").head, Length)


@pytest.mark.parametrize("text", ["O50", "NOTES", "", "A-A", "1:2", "12..5", "5 0 0", "2013/08/20", "(12", "12]"])
def test_what_is_no_dimension_has_no_meaning(text: str) -> None:
    assert parse(text) is None


def test_pieces_that_stand_alone_are_understood() -> None:
    assert parse_count("4×") == parse_count("4-") == 4
    assert str(parse_fit("H7/g6")) == "H7/g6"
    assert parse_fit("25") is None


@given(st.text(alphabet="0123456789×.- ⌀M°±+", min_size=40, max_size=80))
@settings(max_examples=60, deadline=300)
def test_long_nonsense_is_refused_at_once(text: str) -> None:
    parse(text)
