from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.output.balloons import Balloon, draw_balloons, place_balloons
from drawing_ocr.reading.result import Prediction
from tests.drawing_ocr.output.world import box, text

PAPER = np.full((600, 900, 3), 255, np.uint8)


def place(items: list[Prediction], paper: np.ndarray = PAPER) -> list[Balloon]:
    return place_balloons(paper, list(enumerate(items, 1)), items)


def gap(balloon: Balloon, item: Prediction) -> float:
    """From a balloon's edge to an upright box; negative where it lies on it."""
    (left, top), _, (right, bottom), _ = item.box
    x, y = balloon.middle
    outside = math.hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))
    return outside - balloon.radius


def assert_nothing_is_hidden(balloons: list[Balloon], items: list[Prediction]) -> None:
    assert all(gap(balloon, item) >= -1 for balloon in balloons for item in items)
    assert all(math.dist(a.middle, b.middle) >= a.radius + b.radius for a, b in itertools.combinations(balloons, 2))


@given(
    st.lists(
        st.tuples(st.integers(0, 840), st.integers(0, 560), st.integers(15, 200), st.integers(12, 40)),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=15, deadline=None)
def test_no_balloon_hides_a_text_or_another_balloon(places: list[tuple[int, int, int, int]]) -> None:
    items = [text("50", box(*each)) for each in places]
    balloons = place(items)
    assert [balloon.number for balloon in balloons] == list(range(1, len(items) + 1))
    assert_nothing_is_hidden(balloons, items)


def test_a_balloon_stands_close_to_its_text_and_points_at_it() -> None:
    (balloon,) = place([text("50", box(400, 300, 60, 24))])
    assert gap(balloon, text("50", box(400, 300, 60, 24))) < 2 * balloon.radius
    x, y = balloon.target
    assert 400 <= x <= 460
    assert 300 <= y <= 324


def test_lines_of_the_drawing_are_avoided_where_there_is_room() -> None:
    paper = PAPER.copy()
    paper[:290, :] = 0  # all ink above the text
    (balloon,) = place([text("50", box(400, 300, 60, 24))], paper)
    assert balloon.middle[1] - balloon.radius > 290


def test_on_a_page_without_room_balloons_stand_beside_it() -> None:
    items = [text("50", box(0, 40 * row, 900, 38)) for row in range(15)]
    balloons = place(items)
    assert_nothing_is_hidden(balloons, items)
    assert draw_balloons(PAPER, balloons).width > 900
    assert all(balloon.middle[0] > 900 for balloon in balloons)


def test_a_large_sheet_is_looked_at_smaller_and_nothing_is_hidden_all_the_same() -> None:
    items = [text("50", box(430 * column, 680 * row, 180, 50)) for column in range(8) for row in range(5)]
    assert_nothing_is_hidden(place(items, np.full((3600, 3500, 3), 255, np.uint8)), items)


@pytest.mark.parametrize("number", [7, 42, 118])
def test_a_balloon_is_drawn_with_its_number(number: int) -> None:
    balloon = Balloon(number, (100, 100), 30, (200, 100))
    drawn = np.asarray(draw_balloons(PAPER, [balloon])).astype(int)
    red = (drawn[:, :, 0] > 150) & (drawn[:, :, 1] < 120)
    assert red[85:115, 75:125].any()  # the number
    assert red[100, 131:199].mean() > 0.9  # the pointer
    assert not red[100, 205:].any()
