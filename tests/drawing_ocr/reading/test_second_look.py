from __future__ import annotations

import numpy as np

from drawing_ocr.reading.second_look import unexplained


def quad(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


LYING, STANDING, LETTER = quad(10, 10, 90, 30), quad(120, 10, 140, 90), quad(200, 10, 222, 30)


def seen(*quads: np.ndarray, surely: int = 255) -> np.ndarray:
    picture = np.zeros((120, 260), np.uint8)
    for left, top, right, bottom in (np.r_[box[0], box[2]].astype(int) for box in quads):
        picture[top:bottom, left:right] = surely
    return picture


def test_a_lying_line_needs_no_second_look() -> None:
    assert not unexplained(seen(LYING), np.array([LYING])).any()


def test_what_stands_or_may_stand_is_looked_at_again() -> None:
    left = unexplained(seen(LYING, STANDING, LETTER), np.array([LYING, STANDING, LETTER]))
    assert not left[:, :100].any()
    assert left[:, 100:].sum() == seen(STANDING, LETTER).astype(bool).sum()


def test_what_is_seen_faintly_and_has_no_box_is_looked_at_again() -> None:
    assert unexplained(seen(STANDING, surely=20), np.zeros((0, 4, 2), np.float32)).any()
    assert not unexplained(seen(STANDING, surely=5), np.zeros((0, 4, 2), np.float32)).any()


def test_the_rim_of_a_line_is_its_own() -> None:
    wider = LYING + np.array([[-2, -2], [2, -2], [2, 2], [-2, 2]], np.float32)
    assert not unexplained(seen(wider), np.array([LYING])).any()
