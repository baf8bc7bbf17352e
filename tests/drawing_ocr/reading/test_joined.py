from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drawing_ocr.reading.joined import texts_of

Map = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


def map_of(*texts: Box, bridge: Box, sure: int = 190) -> Map:
    """Sure texts (left, top, right, bottom) and something less sure that joins them."""
    found = np.zeros((160, 240), np.uint8)
    for (left, top, right, bottom), value in [(bridge, sure), *((text, 255) for text in texts)]:
        found[top:bottom, left:right] = value
    return found


def spans(probability: Map) -> list[Box]:
    contours, _ = cv2.findContours((probability > 76).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    (contour,) = contours
    found = [cv2.boundingRect(text) for text in texts_of(np.asarray(contour, np.int32), probability)]
    return sorted((left, top, left + width, top + height) for left, top, width, height in found)


CAPTIONS: tuple[Box, ...] = ((20, 20, 120, 32), (20, 60, 90, 72), (20, 100, 140, 112))


def test_rows_that_the_wall_of_a_table_joins_come_apart() -> None:
    assert spans(map_of(*CAPTIONS, bridge=(16, 20, 22, 112))) == sorted(CAPTIONS)


def test_a_size_and_the_deviation_below_its_middle_come_apart() -> None:
    size, deviation = (20, 40, 80, 60), (88, 56, 96, 66)
    assert spans(map_of(size, deviation, bridge=(78, 56, 90, 60))) == [size, deviation]


def test_a_deviation_of_one_digit_lies_level() -> None:
    probability = map_of((20, 40, 80, 60), (88, 62, 94, 68), bridge=(70, 58, 92, 64))
    contours, _ = cv2.findContours((probability > 76).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    small = min(texts_of(np.asarray(contours[0], np.int32), probability), key=cv2.contourArea)
    assert sorted(map(tuple, small.reshape(-1, 2).tolist())) == [(88, 62), (88, 67), (93, 62), (93, 67)]


@pytest.mark.parametrize("standing", [False, True])
def test_words_of_one_row_stay_together(standing: bool) -> None:
    probability = map_of((20, 40, 32, 52), (40, 40, 110, 52), bridge=(10, 30, 60, 41))
    probability = np.ascontiguousarray(probability.T) if standing else probability
    assert len(spans(probability)) == 1


def test_what_fills_its_rectangle_is_one_text_however_sure() -> None:
    whole = (20, 40, 140, 60)
    assert spans(map_of(bridge=whole, sure=100)) == [whole]


def test_what_is_as_sure_as_its_texts_stays_whole() -> None:
    probability = map_of(*CAPTIONS, bridge=(16, 20, 22, 112), sure=255)
    assert spans(probability) == [(16, 20, 140, 112)]
