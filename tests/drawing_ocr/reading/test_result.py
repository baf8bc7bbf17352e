from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from drawing_ocr.annotation import Category
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

BOX = ((1.0, 2.0), (11.0, 2.0), (11.0, 7.0), (1.0, 7.0))


def test_the_json_of_a_result_is_the_contract() -> None:
    result = ReadingResult(
        predictions=(Prediction(box=BOX, text="⌀5", confidence=0.98765, category=Category.DIMENSION),),
        width=100,
        height=50,
        model=ModelName(name="official", version="3"),
    )
    assert json.loads(result.model_dump_json()) == {
        "predictions": [
            {
                "box": [[1, 2], [11, 2], [11, 7], [1, 7]],
                "text": "⌀5",
                "confidence": 0.98765,
                "category": "dimension",
            }
        ],
        "width": 100,
        "height": 50,
        "pages": 1,
        "model": {"name": "official", "version": "3"},
        "warnings": [],
    }


def test_a_page_number_is_there_where_there_are_several_pages() -> None:
    assert json.loads(Prediction(box=BOX, text="5", confidence=1, page=2).model_dump_json())["page"] == 2


def test_what_is_written_can_be_read_again() -> None:
    result = ReadingResult(
        predictions=(Prediction(box=BOX, text="5", confidence=1, page=2),),
        width=1,
        height=1,
        pages=2,
        model=ModelName(name="x"),
    )
    assert ReadingResult.model_validate_json(result.model_dump_json()) == result


def test_a_confidence_above_one_is_refused() -> None:
    with pytest.raises(ValidationError):
        Prediction(box=BOX, text="5", confidence=1.1)
