from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.reading.fit import Fitted
from drawing_ocr.reading.unread_cells import unread_cells

Page = npt.NDArray[np.uint8]
LETTERS = 24  # pixels


def quad(left: int, top: int, right: int, bottom: int) -> Fitted:
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return Fitted(corners, corners)


def sheet(rows: int = 1) -> tuple[Page, list[Fitted]]:
    """A tolerance frame of `rows` equal rows: a cross, a value, a letter; the boxes of the values and the letters.

    Four more boxes on the sheet say how high its lettering is.
    """
    page = np.full((600, 900, 3), 255, np.uint8)
    boxes = []
    for number in range(rows):
        top = 200 + 50 * number
        for left, right in ((300, 350), (350, 450), (450, 500)):
            cv2.rectangle(page, (left, top), (right, top + 50), (0, 0, 0), 2)
        cv2.line(page, (315, top + 25), (335, top + 25), (0, 0, 0), 2)
        cv2.line(page, (325, top + 13), (325, top + 37), (0, 0, 0), 2)
        cv2.putText(page, "0.05", (360, top + 36), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
        cv2.putText(page, "A", (465, top + 36), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
        boxes += [quad(360, top + 13, 435, top + 37), quad(465, top + 13, 485, top + 37)]
    boxes += [quad(100 + 150 * place, 500, 180 + 150 * place, 500 + LETTERS) for place in range(4)]
    return page, boxes


def test_the_sign_in_the_first_cell_of_a_tolerance_frame_gets_a_box_around_its_ink() -> None:
    page, boxes = sheet()
    (found,) = unread_cells(page, boxes)
    assert found.tight.min(axis=0) == pytest.approx([314, 212], abs=3)
    assert found.tight.max(axis=0) == pytest.approx([337, 39 + 200], abs=3)
    assert (found.loose.min(axis=0) < found.tight.min(axis=0)).all()


def test_a_frame_of_two_rows_is_looked_into_and_a_table_is_not() -> None:
    assert len(unread_cells(*sheet(rows=2))) == 2
    assert unread_cells(*sheet(rows=5)) == []


def test_a_cell_that_has_a_box_or_nothing_in_it_gets_none() -> None:
    page, boxes = sheet()
    assert unread_cells(page, [*boxes, quad(314, 212, 337, 239)]) == []
    page[205:245, 305:345] = 255
    assert unread_cells(page, boxes) == []


def test_a_frame_of_which_nothing_was_found_is_left_alone() -> None:
    page, boxes = sheet()
    assert unread_cells(page, boxes[2:]) == []


def test_without_text_on_the_sheet_nothing_is_known() -> None:
    page, boxes = sheet()
    assert unread_cells(page, boxes[:3]) == []
