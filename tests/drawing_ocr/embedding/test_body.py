from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawing_ocr.embedding.body import body_of

View = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
BODY = (300, 300, 301, 201)  # left, top, width, height


def view() -> View:
    """A plate of 300 × 200 with a hole, on a page of 1200 pixels."""
    ink = np.zeros((850, 1200), np.uint8)
    cv2.rectangle(ink, (300, 300), (600, 500), (255,), 1)
    cv2.circle(ink, (400, 400), 40, (255,), 1)
    return ink


def dimensioned() -> View:
    """Two chains below it, which enclose cells, one beside it, a leader at the hole, a note."""
    ink = view()
    for x, far in ((300, 600), (420, 560), (600, 600)):
        cv2.line(ink, (x, 504), (x, far), (255,), 1)
    for y, right in ((555, 420), (590, 600)):
        cv2.line(ink, (300, y), (right, y), (255,), 1)
    cv2.line(ink, (604, 300), (700, 300), (255,), 1)
    cv2.line(ink, (604, 500), (700, 500), (255,), 1)
    cv2.line(ink, (690, 300), (690, 500), (255,), 1)
    cv2.line(ink, (428, 372), (500, 250), (255,), 1)
    cv2.putText(ink, "2 x 45", (500, 245), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,), 1)
    return ink


def test_dimensions_and_notes_beside_a_body_are_left_out() -> None:
    body = body_of(dimensioned(), 1200)
    assert np.abs(np.subtract(cv2.boundingRect(body), BODY)).max() <= 8
    assert cv2.countNonZero(body & view()) == cv2.countNonZero(view())


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_how_the_page_lies_does_not_matter(quarters: int) -> None:
    turned = body_of(np.ascontiguousarray(np.rot90(dimensioned(), quarters)), 1200)
    upright = body_of(dimensioned(), 1200)
    assert cv2.countNonZero(turned ^ np.rot90(upright, quarters)) <= 0.02 * cv2.countNonZero(upright)


def test_a_body_that_the_edge_of_the_page_cuts_is_kept() -> None:
    cut = np.ascontiguousarray(view()[:, 350:])
    assert cv2.countNonZero(body_of(cut, 1200)) == cv2.countNonZero(cut)


def test_lines_that_enclose_nothing_stay_as_they_are() -> None:
    ink = np.zeros((300, 300), np.uint8)
    cv2.line(ink, (50, 50), (200, 250), (255,), 1)
    np.testing.assert_array_equal(body_of(ink, 1200), ink)
