from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from drawing_ocr.reading.overlap import one_of_each, without_doubles


def quad(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


LYING, STANDING = quad(0, 0, 60, 20), quad(100, 0, 120, 60)


def test_a_lying_box_is_read_from_the_upright_and_a_standing_one_from_the_turned_sheet() -> None:
    assert one_of_each([LYING, STANDING], [LYING + 1, STANDING + 1]) == ([0], [1])


def test_a_part_of_a_lying_line_that_the_second_look_cut_is_not_read() -> None:
    assert one_of_each([LYING], [quad(30, 0, 60, 20)]) == ([0], [])


def test_what_only_one_pass_found_stays() -> None:
    assert one_of_each([LYING], [STANDING]) == ([0], [0])
    assert one_of_each([], [STANDING]) == ([], [0])
    assert one_of_each([LYING], []) == ([0], [])


def test_of_two_readings_of_one_place_the_worthier_stays() -> None:
    assert without_doubles([LYING, LYING + 2, STANDING], [3.0, 4.0, 1.0]) == [1, 2]


def test_a_box_across_two_lines_goes_when_the_lines_are_worth_more() -> None:
    first, second, across = quad(0, 0, 20, 60), quad(22, 0, 42, 60), quad(0, 40, 42, 58)
    assert without_doubles([first, second, across], [4.0, 4.0, 2.0]) == [0, 1]


def test_neighbours_that_touch_stay() -> None:
    assert without_doubles([quad(0, 0, 50, 20), quad(50, 0, 99, 20), quad(0, 18, 99, 40)], [1.0, 2.0, 3.0]) == [2, 1, 0]


_boxes = st.lists(
    st.builds(
        lambda x, y, w, h: quad(x, y, x + w, y + h),
        st.integers(0, 50),
        st.integers(0, 50),
        st.integers(4, 40),
        st.integers(4, 40),
    ),
    max_size=12,
)


@given(_boxes, st.data())
def test_no_two_boxes_that_stay_are_half_in_each_other_and_the_best_stays(
    boxes: list[np.ndarray], data: st.DataObject
) -> None:
    worth = data.draw(st.lists(st.floats(0, 10), min_size=len(boxes), max_size=len(boxes)))
    kept = without_doubles(boxes, worth)
    assert not boxes or max(worth) == worth[kept[0]]
    shapes = [Polygon(boxes[index]) for index in kept]
    for place, one in enumerate(shapes):
        for other in shapes[:place]:
            assert one.intersection(other).area < 0.5 * min(one.area, other.area)
