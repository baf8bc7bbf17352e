"""What a detector is taught: the official map where it is right, the labels' cores elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from drawing_ocr.training.detector_targets import core, target_of

SIZE = 120


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def said(*places: tuple[int, int, int, int], how: float = 0.9) -> np.ndarray:
    """A map on which the network says so much at some places (left, top, right, bottom)."""
    found = np.zeros((SIZE, SIZE), np.float32)
    for left, top, right, bottom in places:
        found[top:bottom, left:right] = how
    return found


def test_the_core_of_a_text_lies_inside_it_at_the_same_angle() -> None:
    upright = core(box(10, 10, 90, 30))
    assert upright == pytest.approx(box(13, 13, 87, 27))
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert core(box(10, 10, 90, 30) @ turn) == pytest.approx(upright @ turn, abs=1e-4)


def test_a_core_is_never_narrower_than_the_network_can_draw() -> None:
    assert np.ptp(core(box(50, 50, 53, 62))[:, 0]) == pytest.approx(4)


def test_a_text_that_is_found_alone_and_whole_keeps_what_the_official_network_says() -> None:
    official = said((14, 14, 86, 27))
    target = target_of(official, [box(10, 10, 90, 30)], threshold=0.3)
    assert np.array_equal(target.probability, official)


def test_a_text_that_is_missed_gets_its_core() -> None:
    target = target_of(said(), [box(10, 10, 90, 30)], threshold=0.3)
    assert target.probability[20, 50] == 1
    assert target.probability[11, 50] == 0


def test_what_is_found_where_nothing_is_written_goes() -> None:
    assert not target_of(said((40, 40, 60, 60)), [], threshold=0.3).probability.any()


def test_texts_that_are_found_in_one_piece_get_a_core_each_and_what_lies_between_counts_more() -> None:
    upper, lower = box(20, 20, 60, 32), box(20, 34, 60, 46)
    target = target_of(said((22, 22, 58, 44)), [upper, lower], threshold=0.3)
    assert target.probability[26, 40] == 1
    assert target.probability[33, 40] == 0
    assert target.probability[40, 40] == 1
    assert target.weight[33, 40] > target.weight[10, 40]


def test_a_text_that_is_found_in_two_pieces_gets_one_core() -> None:
    target = target_of(said((12, 12, 40, 28), (60, 12, 88, 28)), [box(10, 10, 90, 30)], threshold=0.3)
    assert target.probability[20, 50] == 1


def test_what_nobody_could_read_does_not_count() -> None:
    target = target_of(said(), [], [box(40, 40, 60, 60)], threshold=0.3)
    assert not target.weight[45:55, 45:55].any()
    assert target.weight[10, 10] > 0


def test_a_pixel_of_a_small_text_counts_more_than_one_of_a_long_text() -> None:
    target = target_of(said(), [box(10, 10, 18, 22), box(30, 30, 115, 60)], threshold=0.3)
    assert target.weight[16, 14] > target.weight[45, 70]
