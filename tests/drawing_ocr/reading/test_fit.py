from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawing_ocr.reading.fit import fit


def quad(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def letters(*lefts: int, top: int = 100, width: int = 20, height: int = 30) -> np.ndarray:
    """A white page with one black rectangle for each letter."""
    page = np.full((240, 500, 3), 255, np.uint8)
    for left in lefts:
        page[top : top + height, left : left + width] = 0
    return page


BOX = quad(190, 90, 270, 140)  # around letters at 200 and 240, with the detector's margins


def test_margins_go_from_the_answered_box_but_not_from_the_one_that_is_read() -> None:
    (fitted,) = fit(letters(200, 240), [BOX])
    assert fitted.loose == pytest.approx(BOX)
    assert fitted.tight == pytest.approx(quad(199, 99, 261, 131), abs=1.5)


def test_a_character_beside_the_box_is_taken_in() -> None:
    (fitted,) = fit(letters(160, 200, 240), [BOX])
    assert fitted.loose[:, 0].min() < 160
    assert fitted.loose[:, 0].max() == pytest.approx(270)
    assert fitted.tight[:, 0].min() == pytest.approx(159, abs=1.5)


def test_a_character_behind_the_box_is_not_taken_from_what_follows() -> None:
    (fitted,) = fit(letters(200, 240, 280), [BOX])
    assert fitted.loose == pytest.approx(BOX)


def test_a_character_of_another_box_is_not_taken_in() -> None:
    (fitted, _) = fit(letters(160, 200, 240), [BOX, quad(150, 90, 188, 140)])
    assert fitted.loose == pytest.approx(BOX)


def test_a_character_far_away_is_not_taken_in() -> None:
    (fitted,) = fit(letters(140, 200, 240), [BOX])
    assert fitted.loose == pytest.approx(BOX)


def test_lines_that_run_past_do_not_move_the_box() -> None:
    page = letters(200, 240)
    cv2.line(page, (0, 136), (499, 136), (0, 0, 0), 2)
    cv2.line(page, (180, 0), (180, 239), (0, 0, 0), 2)
    (fitted,) = fit(page, [BOX])
    assert fitted.loose == pytest.approx(BOX)
    assert fitted.tight == pytest.approx(quad(199, 99, 261, 131), abs=1.5)


def test_letters_that_touch_a_line_are_not_cut_off() -> None:
    page = letters(200, 240)
    cv2.line(page, (0, 130), (499, 130), (0, 0, 0), 2)  # both letters stand on it
    (fitted,) = fit(page, [BOX])
    assert fitted.tight == pytest.approx(BOX)


def test_a_standing_box_is_fitted_like_a_lying_one() -> None:
    turned = np.ascontiguousarray(np.rot90(letters(160, 200, 240)))
    standing = quad(90, 500 - 270, 140, 500 - 190)
    (fitted,) = fit(turned, [standing])
    assert fitted.loose[0].tolist() == [fitted.loose[:, 0].min(), fitted.loose[:, 1].min()]
    assert fitted.loose[:, 1].max() > 500 - 160
    assert fitted.tight[:, 1].min() == pytest.approx(500 - 261, abs=1.5)


def test_a_box_without_ink_stays() -> None:
    (fitted,) = fit(letters(), [BOX])
    assert fitted.loose == pytest.approx(BOX)
    assert fitted.tight == pytest.approx(BOX)


def test_boxes_at_the_edge_of_the_page_are_fitted_too() -> None:
    boxes = [quad(0, 0, 60, 30), quad(440, 210, 499, 239)]
    assert len(fit(letters(), boxes)) == 2


def test_all_paper_around_a_narrow_letter_goes() -> None:
    (fitted,) = fit(letters(230, width=4), [BOX])
    assert fitted.tight == pytest.approx(quad(229, 99, 235, 131), abs=1.5)
