"""What a dimension says in numbers."""

from __future__ import annotations

import pytest

from drawing_ocr.grammar.interpret import meaning_of
from drawing_ocr.grammar.meaning import Meaning
from drawing_ocr.grammar.parse import parse


def said(text: str) -> Meaning:
    found = parse(text)
    assert found is not None
    return meaning_of(found)


def test_a_fit_is_looked_up() -> None:
    feature = said("4×⌀25 H7").features[0]
    assert (feature.greatest, feature.least) == (25.021, 25.0)
    assert [(each.name, each.upper, each.lower) for each in feature.fit] == [("H7", 0.021, 0.0)]


def test_a_pair_of_classes_keeps_the_limits_of_hole_and_shaft_apart() -> None:
    feature = said("⌀25 H7/g6").features[0]
    assert [(each.name, each.upper, each.lower) for each in feature.fit] == [
        ("H7", 0.021, 0.0),
        ("g6", -0.007, -0.02),
    ]
    assert feature.greatest is None


@pytest.mark.parametrize(
    ("text", "greatest", "least"),
    [("10 ±0.1", 10.1, 9.9), ("10 +0.1 -0.2", 10.1, 9.8), ("10 0 -0.2", 10.0, 9.8), ("⌀8.20 8.00", 8.2, 8.0)],
)
def test_limits_follow_from_deviations_exactly(text: str, greatest: float, least: float) -> None:
    feature = said(text).features[0]
    assert (feature.greatest, feature.least) == (greatest, least)


def test_one_deviation_is_a_doubt_and_makes_no_limits() -> None:
    meaning = said("10 +0.1")
    assert meaning.features[0].greatest is None
    assert meaning.doubts == ("only one deviation of 10 +0.1 is written",)


def test_a_unit_is_said_only_where_it_is_written() -> None:
    units = [said(text).features[0].unit for text in ("12", "12 mm", "1.5″", "45°", "M8", "1/4-20 UNC")]
    assert units == [None, "mm", "in", "°", "mm", "in"]


def test_a_comma_that_may_part_thousands_is_a_doubt() -> None:
    assert said("1,250").doubts == ("the comma of 1,250 may part thousands",)
    assert said("0,250").doubts == ()


def test_chamfers_and_countersinks_have_an_angle() -> None:
    kinds = {text: said(text).features[0] for text in ("1×45°", "C1", "⌵⌀11×90°")}
    assert {text: (each.kind, each.nominal, each.angle) for text, each in kinds.items()} == {
        "1×45°": ("chamfer", 1, 45),
        "C1": ("chamfer", 1, 45),
        "⌵⌀11×90°": ("countersink", 11, 90),
    }


def test_a_hole_says_all_that_is_done_to_it_in_order() -> None:
    meaning = said("4×M8×1.25-6H ↧12 ⌵⌀9×90°")
    assert meaning.count == 4
    assert [each.kind for each in meaning.features] == ["thread", "depth", "countersink"]
    assert (meaning.features[0].pitch, meaning.features[0].thread_class) == (1.25, "6H")


def test_minutes_of_arc_are_parts_of_a_degree() -> None:
    assert said("45°30′").features[0].nominal == 45.5


def test_the_other_meaning_is_told() -> None:
    meaning = said("2×45°")
    assert (meaning.kind, meaning.alternatives[0].kind, meaning.alternatives[0].count) == ("chamfer", "angle", 2)


def test_json_leaves_out_what_is_not_known() -> None:
    assert said("(12)").model_dump() == {
        "kind": "length",
        "features": ({"kind": "length", "text": "12", "nominal": 12.0},),
        "bracket": "reference",
    }
    assert Meaning.model_validate_json(said("2×45°").model_dump_json()) == said("2×45°")
