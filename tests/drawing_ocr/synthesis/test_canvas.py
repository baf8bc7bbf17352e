"""Canvas: the polygon of a text holds all of its ink and nothing else, however it is turned."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, polygon_fault
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Plan, Point, Stroke, direction
from drawing_ocr.synthesis.fonts import DEJAVU
from drawing_ocr.synthesis.lettering import Lettering, letter

MIDDLE = Point(200, 200)
texts = st.sampled_from(("4×⌀6.6", "R12.5", "45°", "0", "(35.00)", "⌖ ⌀0.05Ⓜ A B", "技术要求", "Ygj,"))
degrees = st.one_of(st.sampled_from((0.0, 90.0, -90.0, 180.0, 45.0)), st.floats(-180, 180))


def placed(text: str, degrees: float = 0.0, centre: Point = MIDDLE, size: int = 30) -> PlacedText:
    return PlacedText(letter(text, Lettering(DEJAVU, size)), centre, degrees, text, Category.DIMENSION)


def filled(polygon: np.ndarray, grown: float = 0.0) -> np.ndarray:
    """Pixels of a 400 × 400 page whose centre lies in the polygon, grown by some pixels."""
    y, x = np.mgrid[:400, :400] + 0.5
    inside = np.ones((400, 400), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        length = math.hypot(bx - ax, by - ay)
        inside &= ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length >= -grown
    return inside


@settings(max_examples=80, deadline=None)
@given(text=texts, turned=degrees, x=st.floats(190, 210), y=st.floats(190, 210))
def test_all_ink_lies_inside_the_polygon_and_the_polygon_is_tight(text: str, turned: float, x: float, y: float) -> None:
    canvas = Canvas(400, 400, clearance=0)
    canvas.write(placed(text, turned, Point(x, y)))
    polygon = canvas.texts[0].polygon()
    assert polygon_fault(polygon.tolist()) is None
    # Half a pixel of anti-aliasing along slanted sides is not ink of its own.
    assert not canvas.ink[~filled(polygon, grown=1.0)].any()
    assert not (canvas.ink[~filled(polygon, grown=0.5)] > 160).any()
    # No side could move inwards by two pixels without cutting ink.
    for i in range(4):
        a, b = polygon[i], polygon[(i + 1) % 4]
        inwards = np.array([-(b - a)[1], (b - a)[0]]) / np.linalg.norm(b - a) * 2
        moved = polygon.copy()
        moved[i] += inwards
        moved[(i + 1) % 4] += inwards
        assert canvas.ink[~filled(moved)].any()


@settings(max_examples=60, deadline=None)
@given(text=texts, turned=degrees)
def test_the_polygon_rectified_reads_upright(text: str, turned: float) -> None:
    """The polygon's first corner is the text's own top left: straightened, it is the ink that was lettered."""
    canvas = Canvas(400, 400, clearance=0)
    canvas.write(placed(text, turned))
    ink = canvas.texts[0].ink
    corners = np.array([[0, 0], [ink.width, 0], [ink.width, ink.height], [0, ink.height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform((canvas.texts[0].polygon() - 0.5).astype(np.float32), corners)
    upright = cv2.warpPerspective(canvas.ink, matrix, (ink.width, ink.height))
    likeness = np.corrcoef(upright.ravel().astype(float), ink.mask.ravel().astype(float))[0, 1]
    assert likeness > 0.85
    if ink.width > 8:  # a lone 0 looks the same upside down
        assert likeness > np.corrcoef(upright[::-1, ::-1].ravel(), ink.mask.ravel())[0, 1]


def test_vertical_text_runs_upwards_with_its_top_to_the_left() -> None:
    a, b, c, _ = placed("35.00", 90.0).snapped().polygon()
    assert b[1] < a[1]
    assert a[0] == b[0]
    assert c[0] > b[0]


@pytest.mark.parametrize(("turned", "expected"), [(0, (1, 0)), (90, (0, -1)), (180, (-1, 0)), (-90, (0, 1))])
def test_directions_count_counter_clockwise_as_seen(turned: float, expected: tuple[float, float]) -> None:
    assert direction(turned) == pytest.approx(expected)


def test_a_text_over_a_text_is_refused_and_leaves_nothing() -> None:
    canvas = Canvas(400, 400, clearance=3)
    assert canvas.add(Plan(texts=[placed("4×⌀6.6")]))
    before = canvas.ink.copy()
    assert not canvas.add(Plan([Stroke((Point(10, 10), Point(90, 10)))], [placed("R5", 30.0, Point(215, 205))]))
    assert np.array_equal(canvas.ink, before)
    assert [text.text for text in canvas.texts] == ["4×⌀6.6"]


def test_a_text_over_a_line_and_a_line_through_a_text_are_refused() -> None:
    canvas = Canvas(400, 400, clearance=3)
    canvas.draw([Stroke((Point(0, 300), Point(400, 300)))])
    assert not canvas.add(Plan(texts=[placed("R5", centre=Point(100, 300))]))
    assert canvas.add(Plan(texts=[placed("R5", centre=Point(200, 200))]))
    assert not canvas.add(Plan([Stroke((Point(200, 100), Point(200, 280)))]))


def test_a_plan_whose_own_line_runs_through_its_text_is_refused() -> None:
    canvas = Canvas(400, 400, clearance=3)
    assert not canvas.add(Plan([Stroke((Point(100, 200), Point(300, 200)))], [placed("R5")]))


def test_a_plan_outside_its_area_is_refused() -> None:
    canvas = Canvas(400, 400, clearance=3)
    assert not canvas.add(Plan(texts=[placed("4×⌀6.6", centre=Point(390, 200))]))
    assert not canvas.add(Plan(texts=[placed("R5")]), within=(0, 0, 190, 400))


def test_lines_of_plans_cross_only_as_often_as_allowed() -> None:
    canvas = Canvas(400, 400, clearance=3)
    assert canvas.add(Plan([Stroke((Point(50, 200), Point(350, 200)))]))
    across = Plan([Stroke((Point(100, 100), Point(100, 300)))])
    assert not canvas.add(across, crossings=0)
    assert canvas.add(across, crossings=20)
