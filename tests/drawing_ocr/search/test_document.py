"""Tests of drawing_ocr/search/document.py, vector.py and filters.py."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.search.document import DocumentError, DrawingDocument, is_older
from drawing_ocr.search.filters import FilterError, Filters
from drawing_ocr.search.vector import VectorError, decode, encode, fault
from tests.drawing_ocr.search.world import document, unit

Sequencers = st.text("0123456789ABCDEFabcdef", max_size=20)


def test_a_document_survives_json_with_its_vectors() -> None:
    whole = document("法兰.pdf", unit(1), unit(2), date="2024-05-01", dimensions=("⌀50",), size_mm=50.0)
    assert DrawingDocument.parse(whole.to_json(), where="here") == whole


def test_vectors_of_two_dimensions_are_no_document() -> None:
    with pytest.raises(ValueError, match="embed all regions with one model"):
        document("a", unit(1), unit(1, 8))


def test_an_id_that_no_index_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="an index takes 512"):
        document("图" * 200, unit(1))
    with pytest.raises(DocumentError, match=r"^line 3: drawing_id: Field required"):
        DrawingDocument.parse(document("a", unit(1)).model_dump(exclude={"drawing_id"}), where="line 3")


@given(Sequencers, Sequencers)
def test_of_two_sequencers_at_most_one_is_older(left: str, right: str) -> None:
    assert not (is_older(left, right) and is_older(right, left))


@given(Sequencers)
def test_no_sequencer_is_older_than_itself_or_than_none(sequencer: str) -> None:
    assert not is_older(sequencer, sequencer)
    assert not is_older(sequencer, "")


@given(st.lists(st.floats(-1, 1, width=16), max_size=20))
def test_float16_values_come_back_as_they_were(values: list[float]) -> None:
    assert list(decode(encode(values))) == values


def test_a_vector_that_gives_no_cosines_is_named() -> None:
    assert fault(unit(1)) == ""
    assert fault(encode([0.5, 0.5])) == "is of length 0.707, not 1"
    assert "no numbers" in fault(encode([float("nan")] * 8))
    with pytest.raises(VectorError, match="two bytes a value"):
        decode(b"abc")


def test_a_range_that_holds_nothing_is_refused() -> None:
    with pytest.raises(FilterError, match="least_mm 5 is above most_mm 1"):
        Filters.parse({"least_mm": 5, "most_mm": 1}, where="query")
    with pytest.raises(FilterError, match="is after"):
        Filters.parse({"first_date": datetime.date(2024, 1, 2), "last_date": datetime.date(2024, 1, 1)}, where="query")
    assert Filters().is_empty
