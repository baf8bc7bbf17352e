from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.reading.fit import Fitted
from drawing_ocr.reading.stacked import take_apart

Page = npt.NDArray[np.uint8]
Rows = list[tuple[str, int, int, float]]

ALONE: Rows = [("35.5", 50, 80, 1.0)]
WITH_DEVIATIONS: Rows = [("35.5", 50, 80, 1.0), ("+0.2", 140, 62, 0.6), ("-0.1", 140, 88, 0.6)]
LIMITS: Rows = [("35.52", 50, 62, 0.8), ("35.48", 50, 92, 0.8)]


def page_of(rows: Rows) -> Page:
    page = np.full((140, 260, 3), 255, np.uint8)
    for text, x, y, size in rows:
        cv2.putText(page, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1 + round(size))
    return page


def box(left: int, top: int, right: int, bottom: int) -> Fitted:
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return Fitted(quad, quad)


AROUND = box(44, 36, 196, 102)


def spans(parts: list[Fitted]) -> list[tuple[float, float, float, float]]:
    return [(*part.tight.min(axis=0).tolist(), *part.tight.max(axis=0).tolist()) for part in parts]


def test_a_size_with_its_deviations_becomes_three_boxes_in_reading_order() -> None:
    size, upper, lower = spans(take_apart(page_of(WITH_DEVIATIONS), [AROUND]))
    assert size[2] < upper[0]
    assert upper[3] < lower[1]
    assert (size[0], size[2]) == pytest.approx((51, 122), abs=6)
    assert size[1] < upper[3]
    assert size[3] > lower[1], "the size stands across both rows"


def test_limits_one_above_the_other_become_two_boxes() -> None:
    upper, lower = spans(take_apart(page_of(LIMITS), [AROUND]))
    assert upper[3] < lower[1]
    assert (upper[0], upper[2]) == pytest.approx((lower[0], lower[2]), abs=4)


@pytest.mark.parametrize(
    "rows",
    [ALONE, [("35.5 =", 50, 80, 1.0)], [("+0.2", 50, 80, 0.8)], [("i:j%", 50, 80, 1.0)]],
    ids=["size", "sign of two strokes", "deviation", "dots above and below"],
)
def test_one_row_stays_one_box(rows: Rows) -> None:
    assert take_apart(page_of(rows), [AROUND]) == [AROUND]


def test_a_line_under_or_through_the_text_makes_no_second_row() -> None:
    page = page_of(ALONE)
    cv2.line(page, (0, 95), (259, 95), (0, 0, 0), 2)
    assert take_apart(page, [AROUND]) == [AROUND]


def test_two_digits_one_above_the_other_are_a_number_that_stands() -> None:
    page = np.full((140, 140, 3), 255, np.uint8)
    for text, y in (("2", 55), ("5", 95)):
        cv2.putText(page, text, (50, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
    square = box(30, 25, 90, 105)
    assert take_apart(page, [square]) == [square]


def test_names_of_two_holes_become_two_boxes_at_any_gap_wider_than_a_space() -> None:
    first, second = spans(take_apart(page_of([("C4", 50, 80, 1.0), ("C5", 130, 80, 1.0)]), [AROUND]))
    assert first[2] < 110 < 125 < second[0]


@pytest.mark.parametrize("rows", [[("4x M6", 50, 80, 1.0)], [("R4", 50, 80, 0.8), ("THRU", 112, 80, 0.8)]])
def test_words_of_one_text_stay_one_box(rows: Rows) -> None:
    assert take_apart(page_of(rows), [AROUND]) == [AROUND]


def test_a_dimension_line_that_ends_at_its_text_is_left_out() -> None:
    page = page_of(ALONE)
    cv2.line(page, (0, 70), (46, 70), (0, 0, 0), 2)
    cv2.line(page, (128, 70), (259, 70), (0, 0, 0), 2)
    (part,) = take_apart(page, [box(36, 50, 140, 88)])
    left, top, right, bottom = spans([part])[0]
    assert (left, right) == pytest.approx((51, 121), abs=3)
    assert 46 <= part.loose[:, 0].min() < left
    assert right < part.loose[:, 0].max() < 128
    assert (part.loose[:, 1].min(), part.loose[:, 1].max()) == (50, 88), "as high as the detector's box"
    assert 50 < top < bottom < 88


def test_a_minus_sign_is_no_line() -> None:
    assert take_apart(page_of([("-0.2", 50, 80, 1.0)]), [AROUND]) == [AROUND]


def test_the_sign_of_straightness_is_no_line_though_the_box_cuts_it() -> None:
    page = page_of([("0.02", 80, 80, 1.0)])
    cv2.line(page, (34, 70), (62, 70), (0, 0, 0), 2)
    cut = box(42, 46, 170, 96)
    assert take_apart(page, [cut]) == [cut]


def test_a_tolerance_frame_keeps_its_cells_together() -> None:
    page = page_of([("0.1", 50, 80, 0.8), ("A", 122, 80, 0.8)])
    cv2.rectangle(page, (40, 52), (150, 92), (0, 0, 0), 2)
    cv2.line(page, (110, 52), (110, 92), (0, 0, 0), 2)
    whole = box(36, 48, 154, 96)
    assert take_apart(page, [whole]) == [whole]


def test_the_rectangle_of_a_basic_size_belongs_to_no_character() -> None:
    page = page_of(ALONE)
    cv2.rectangle(page, (44, 50), (128, 90), (0, 0, 0), 2)
    (part,) = take_apart(page, [box(38, 44, 134, 96)])
    assert spans([part])[0] == pytest.approx((50, 58, 122, 82), abs=3)
    assert (part.loose.min(axis=0) > (44, 50)).all()
    assert (part.loose.max(axis=0) < (128, 90)).all()


def test_the_ring_of_a_modifier_is_no_rectangle() -> None:
    page = page_of([("M", 60, 80, 0.8)])
    cv2.circle(page, (69, 72), 18, (0, 0, 0), 2)
    ring = box(44, 48, 94, 96)
    assert take_apart(page, [ring]) == [ring]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_it_is_the_same_however_the_sheet_lies(quarters: int) -> None:
    page = np.ascontiguousarray(np.rot90(page_of(WITH_DEVIATIONS), quarters))
    height, width = 140, 260
    left, top, right, bottom = 44, 36, 196, 102
    turned = {
        1: box(top, width - right, bottom, width - left),
        2: box(width - right, height - bottom, width - left, height - top),
        3: box(height - bottom, left, height - top, right),
    }[quarters]
    parts = take_apart(page, [turned])
    assert len(parts) == 3
    for part in parts:
        # Corners in the order of the box: its first side lies where the box's first side lies.
        assert np.argmin(part.tight.sum(axis=1)) == np.argmin(turned.tight.sum(axis=1))


def test_boxes_too_small_for_two_rows_and_empty_ones_are_left_alone() -> None:
    small, empty = box(50, 60, 90, 72), box(200, 10, 250, 60)
    assert take_apart(page_of(ALONE), [small, empty]) == [small, empty]
