"""Pydantic's errors in one line."""

import pytest
from pydantic import BaseModel, ValidationError

from drawing_ocr.validation import first_reason


class Inner(BaseModel):
    count: int


class Outer(BaseModel):
    items: list[Inner]
    name: str = ""


def reason(data: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return first_reason(caught.value)


def test_the_place_and_the_offending_value_are_named() -> None:
    told = reason({"items": [{"count": 1}, {"count": "many"}]})
    assert told.startswith("items[1].count: Input should be a valid integer")
    assert told.endswith("(got 'many')")


def test_a_long_value_is_shortened_to_one_line() -> None:
    told = reason({"items": [], "name": ["x\n" * 500]})
    assert "\n" not in told
    assert len(told) < 150


def test_further_errors_are_counted() -> None:
    assert reason({"items": [{}, {}]}) == "items[0].count: Field required (and 1 more)"
