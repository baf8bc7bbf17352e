"""Further views: what is turned or enlarged keeps its true sizes."""

import math
from random import Random

import pytest

from drawing_ocr.synthesis import further_views
from drawing_ocr.synthesis.canvas import Point
from drawing_ocr.synthesis.draughtsman import _measure
from drawing_ocr.synthesis.parts import Length, View, bushing, plate


@pytest.mark.parametrize("degrees", [15.0, -40.0, 60.0])
def test_a_turned_view_measures_what_the_view_measured(degrees: float) -> None:
    view = plate(Random(1))[0]
    turned = further_views.turned(view, degrees, "B")
    before = [_measure(feature) for feature in view.features if isinstance(feature, Length)]
    after = [_measure(feature) for feature in turned.features if isinstance(feature, Length)]
    assert after == pytest.approx(before)
    assert all(feature.axis in "at" for feature in turned.features if isinstance(feature, Length))


def test_a_view_is_turned_counter_clockwise_as_seen() -> None:
    view = View()
    view.polyline((0, 0), (10, 0))
    end = further_views.turned(view, 30, "B").outlines[0].points[1]
    assert (end.x, end.y) == pytest.approx((10 * math.cos(math.radians(30)), -5.0))


def test_a_detail_shows_what_lies_in_its_circle_and_marks_it() -> None:
    found = None
    for seed in range(20):
        view = bushing(Random(seed))[0]
        found = further_views.detail(view, Random(seed), "X", "({})")
        if found is not None:
            break
    assert found is not None
    assert found.view.magnify >= 2
    assert found.view.title == f"X\n({found.view.magnify:g}:1)"
    ring = found.circle.points
    centre = Point(sum(p.x for p in ring[:-1]) / len(ring[:-1]), sum(p.y for p in ring[:-1]) / len(ring[:-1]))
    radius = centre.distance(ring[0])
    assert all(centre.distance(p) <= 1.01 * radius for outline in found.view.outlines for p in outline.points)
    assert found.mark.tip.distance(centre) == pytest.approx(radius, rel=0.02)


def test_a_picture_carries_nothing_to_dimension() -> None:
    for seed in range(6):
        view = further_views.picture(Random(seed))
        assert view.outlines
        assert not view.features
