"""What labelling costs, counted by hand for small drawings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, Region
from drawing_ocr.labelling.effort import (
    ANNOTATOR,
    ANNOTATOR_OVERVIEW,
    PPOCRLABEL,
    PPOCRLABEL_ZOOMED,
    SECONDS,
    Effort,
    Reading,
    ReadLine,
    from_nothing,
    from_reading,
    strokes,
    strokes_to_mend,
)
from drawing_ocr.reading.result import Box, Prediction

TEXTS = st.text("012⌀Mx.中 ", max_size=8)


def box(left: float, *, width: float = 40.0) -> Box:
    return ((left, 0), (left + width, 0), (left + width, 10), (left, 10))


def region(text: str, left: float = 0.0, category: Category = Category.TEXT) -> Region:
    return Region(points=box(left), text=text, category=category)


def line(text: str, left: float = 0.0, *, width: float = 40.0, category: Category = Category.TEXT) -> Prediction:
    return Prediction(box=box(left, width=width), text=text, confidence=0.9, category=category)


def test_operators_are_counted_and_timed_as_published() -> None:
    effort = Effort.of("MHPBBK")
    assert (effort.keystrokes, effort.clicks, effort.actions) == (1, 1, 2)
    assert effort.seconds == pytest.approx(1.35 + 0.40 + 1.10 + 2 * 0.10 + 0.28)


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="'X' is no operator"):
        Effort.of("KX")


def test_every_way_is_written_in_known_operators() -> None:
    for way in (ANNOTATOR, ANNOTATOR_OVERVIEW, PPOCRLABEL, PPOCRLABEL_ZOOMED):
        sequences = [getattr(way, name) for name in way.__dataclass_fields__ if name != "name"]
        assert set("".join(sequences)) <= set(SECONDS)


def test_from_nothing_every_box_is_drawn_and_every_text_typed() -> None:
    one = from_nothing(ANNOTATOR, [region("12")])
    # W, two clicks, two digits, Enter, and the two keys that submit the drawing
    assert (one.keystrokes, one.clicks) == (1 + 2 + 1 + 2, 2)
    two = from_nothing(ANNOTATOR, [region("12"), region("34", 100)])
    assert two.actions - one.actions == 6


def test_a_category_costs_where_there_are_categories() -> None:
    plain, dimension = region("12"), region("12", category=Category.DIMENSION)
    ours, theirs = (
        from_nothing(way, [dimension]).actions - from_nothing(way, [plain]).actions for way in (ANNOTATOR, PPOCRLABEL)
    )
    assert (ours, theirs) == (2, 0)


def test_a_text_that_stands_costs_its_turn() -> None:
    standing = Region(points=((0, 40), (0, 0), (10, 0), (10, 40)), text="12")
    assert from_nothing(ANNOTATOR, [standing]).keystrokes == from_nothing(ANNOTATOR, [region("12")]).keystrokes + 2


def test_what_is_unreadable_is_not_labelled() -> None:
    ignored = Region(points=box(0), text="", ignore=True)
    assert from_nothing(ANNOTATOR, [ignored]) == from_nothing(ANNOTATOR, [])


def test_a_right_line_is_accepted_by_one_key() -> None:
    labels = [region("12"), region("34", 100)]
    reading = Reading.compare(labels, [line("12"), line("34", 100)])
    assert reading.right == 2
    assert from_reading(ANNOTATOR, reading).actions == 2 + 2


def test_a_wrong_text_costs_its_correction() -> None:
    reading = Reading.compare([region("⌀382")], [line("0382")])
    assert reading.right == 0
    assert from_reading(ANNOTATOR, reading).keystrokes == strokes_to_mend(ANNOTATOR, "0382", "⌀382") + 1 + 2


def test_a_missed_text_costs_what_it_costs_from_nothing() -> None:
    label = region("12")
    reading = Reading.compare([label], [])
    assert reading.missed == (label,)
    assert from_reading(ANNOTATOR, reading).actions == from_nothing(ANNOTATOR, [label]).actions


def test_a_ghost_costs_its_removal() -> None:
    reading = Reading.compare([], [line("12")])
    assert (len(reading.ghosts), from_reading(ANNOTATOR, reading).keystrokes) == (1, 1 + 2)


def test_a_box_that_holds_its_text_may_be_loose() -> None:
    assert Reading.compare([region("12")], [line("12", width=62)]).right == 1


def test_a_box_that_cuts_its_text_is_moved() -> None:
    labels = [region("12")]
    held, cut = (Reading.compare(labels, [line("12", width=width)]) for width in (40, 30))
    assert (held.found[0].displaced, cut.found[0].displaced) == (False, True)
    assert from_reading(ANNOTATOR, cut).clicks - from_reading(ANNOTATOR, held).clicks == 1


def test_what_is_sure_and_right_costs_one_comparison_for_each_different_text() -> None:
    labels = [region("12", left=100 * number) for number in range(5)] + [region("34", left=500)]
    read = [line(each.text, left=each.points[0][0]) for each in labels]
    reading = Reading.compare(labels, read, sure=range(6))
    effort = from_reading(ANNOTATOR_OVERVIEW, reading)
    # Two texts, the decision to look them over, the search of the screen, the end of the drawing.
    assert (effort.thoughts, effort.keystrokes) == (2 + 1 + 1 + 1, 3 + 2)
    assert effort.seconds < from_reading(ANNOTATOR, reading).seconds


def test_what_is_sure_and_wrong_is_marked_and_mended_like_any_other_line() -> None:
    labels = [region("12"), region("34", 100)]
    reading = Reading.compare(labels, [line("12"), line("35", 100), line("x", 300)], sure={0, 1, 2})
    alone = Reading.compare(labels, [line("12"), line("35", 100), line("x", 300)])
    overview, by_line = from_reading(ANNOTATOR_OVERVIEW, reading), from_reading(ANNOTATOR, alone)
    assert overview.clicks == 2
    assert overview.keystrokes == by_line.keystrokes - 1 + 3  # one line is not accepted alone; the sheet's own keys
    # Three texts are compared on the sheet instead of three lines; to open it is a decision more.
    assert overview.thoughts == by_line.thoughts + 1


def test_a_box_beside_its_text_is_moved_and_not_drawn_anew() -> None:
    reading = Reading.compare([region("12")], [line("1", width=12)])
    assert (len(reading.found), reading.missed, reading.ghosts) == (1, (), ())


def test_a_box_far_from_its_text_is_a_ghost_and_the_text_is_missed() -> None:
    reading = Reading.compare([region("12")], [line("12", left=39)])
    assert (len(reading.found), len(reading.missed), len(reading.ghosts)) == (0, 1, 1)


def test_another_category_is_mended() -> None:
    reading = Reading.compare([region("12", category=Category.DIMENSION)], [line("12")])
    assert reading.found == (ReadLine("12", "12", other_category=True),)
    assert from_reading(ANNOTATOR, reading).keystrokes == 2 + 1 + 2


@pytest.mark.parametrize(
    ("old", "new", "ours", "theirs"),
    [
        ("R1O", "R10", 2, 3),  # Backspace and 0 at the end; theirs goes there first
        ("4x6.60", "4x6.6", 1, 2),
        ("0382", "⌀382", 7, 7),  # Home, Delete, \\dia and a space; or the same beside a selection
        ("ghost", "12", 4, 2),  # all is selected first, or is already
    ],
)
def test_mending_takes_the_shortest_way(old: str, new: str, ours: int, theirs: int) -> None:
    assert [strokes_to_mend(way, old, new) for way in (ANNOTATOR, PPOCRLABEL)] == [ours, theirs]


@given(TEXTS, TEXTS)
def test_mending_never_costs_more_than_typing_anew(old: str, new: str) -> None:
    assert strokes_to_mend(PPOCRLABEL, old, new) <= strokes(new)


def test_signs_and_capitals_take_more_than_one_key() -> None:
    assert (strokes("m"), strokes("M"), strokes("±"), strokes("Ⓜ"), strokes("孔")) == (1, 2, 5, 5, 4)
