"""Which regions of several people are the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.labelling.matching import Pair, clusters, matched, overlap
from tests.drawing_ocr.labelling.people import box
from tests.drawing_ocr.labels import quadrilaterals, rectangle


def test_overlap_is_the_share_of_the_union() -> None:
    assert overlap(rectangle(0, 0, 10, 10), rectangle(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap(rectangle(0, 0, 10, 10), rectangle(10, 0, 10, 10)) == 0
    assert overlap(rectangle(0, 0, 10, 10), rectangle(0, 0, 10, 10)) == 1


def test_the_sum_of_overlaps_is_the_greatest_not_the_best_single_one() -> None:
    # The middle box of the left fits the first on the right best, but then the other two have no partner.
    left = [rectangle(0, 0, 40, 10), rectangle(0, 8, 40, 10)]
    right = [rectangle(0, 3, 40, 10), rectangle(0, -6, 40, 10)]
    greedy_takes = overlap(left[0], right[0])
    assert greedy_takes > max(overlap(left[0], right[1]), overlap(left[1], right[0]))
    pairs = matched(left, right, 0.2)
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 1), (1, 0)]
    assert sum(pair.iou for pair in pairs) > greedy_takes


def test_regions_that_hardly_touch_are_not_the_same() -> None:
    assert matched([box()], [box(dx=60)]) == []
    assert matched([], [box()]) == matched([box()], []) == []
    assert matched([box()], [box()]) == [Pair(0, 0, 1.0)]


def test_a_place_has_at_most_one_region_of_each_person() -> None:
    first = [box(), box(1)]
    second = [box(1, dx=3), box(dx=2), box(dx=-25)]  # the third overlaps the first person's box too
    third = [box(dy=2)]
    assert clusters([first, second, third]) == [{0: 0, 1: 1, 2: 0}, {0: 1, 1: 0}, {1: 2}]


def test_people_without_regions_have_no_places() -> None:
    assert clusters([]) == clusters([[], []]) == []
    assert clusters([[], [box()]]) == [{1: 0}]


@given(st.lists(st.lists(quadrilaterals(), max_size=6), max_size=4))
def test_every_region_is_in_exactly_one_place(people: list[list[tuple[tuple[float, float], ...]]]) -> None:
    members = sorted(member for place in clusters(people) for member in place.items())
    assert members == [(person, index) for person, regions in enumerate(people) for index in range(len(regions))]
