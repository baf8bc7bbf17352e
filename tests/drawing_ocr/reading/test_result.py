from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from drawing_ocr.annotation import Category
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from drawing_ocr.reading.structure.contract import GroupedDimension, Structure

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


def test_a_corrected_text_keeps_what_was_read() -> None:
    corrected = Prediction(box=BOX, text="⌀42", confidence=0.8, raw="042")
    assert json.loads(corrected.model_dump_json())["raw"] == "042"
    assert Prediction.model_validate_json(corrected.model_dump_json()) == corrected


def test_structure_comes_after_all_other_fields_and_pages_are_counted_through() -> None:
    def page(text: str) -> Structure:
        return Structure(dimensions=(GroupedDimension(box=BOX, text=text, members=(0, 1), confidence=1),))

    structure = Structure.of_pages([page("5"), Structure(), page("6")], [2, 3, 2])
    result = ReadingResult(width=1, height=1, pages=3, model=ModelName(name="x"), structure=structure)
    told = json.loads(result.model_dump_json())
    assert list(told)[-1] == "structure"
    assert [(each["page"], each["members"]) for each in told["structure"]["dimensions"]] == [(1, [0, 1]), (3, [5, 6])]
    assert ReadingResult.model_validate_json(result.model_dump_json()) == result
    (alone,) = Structure.of_pages([page("5")], [2]).dimensions
    assert "page" not in alone.model_dump()


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
