"""Scores of structure."""

from __future__ import annotations

import pytest

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.matching import Prediction as Text
from drawing_ocr.evaluation.structure import StructureScore, score_as_single_texts, score_structure, spelled
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from drawing_ocr.reading.structure.contract import Box, GroupedDimension, Structure, TitleField
from drawing_ocr.synthesis.structure import Dimension
from drawing_ocr.synthesis.structure import Structure as Truth
from drawing_ocr.synthesis.structure import TitleField as LabelledField


def box(left: float, top: float, width: float, height: float = 20) -> Box:
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


REGIONS = (
    Region(points=box(0, 0, 50), text="⌀25H7", category=Category.DIMENSION),
    Region(points=box(60, -6, 30, 12), text="+0.1", category=Category.DIMENSION),
    Region(points=box(60, 10, 10, 12), text="0", category=Category.DIMENSION),
    Region(points=box(300, 300, 60), text="SCALE: 1:2", category=Category.TITLE_BLOCK),
)
TRUTH = Truth(
    dimensions=(Dimension(regions=(0, 1, 2), text="⌀25H7 +0.1 0"),),
    fields=(LabelledField.model_validate({"name": "scale", "value": (3,), "text": "SCALE: 1:2"}),),
)


def answer(text: str, place: Box, field: str = "1:2") -> ReadingResult:
    whole = GroupedDimension(box=place, text=text, members=(0, 1, 2), confidence=0.9)
    scale = TitleField(box=box(300, 300, 60), text=field, members=(3,), name="scale", confidence=0.9)
    return ReadingResult(
        predictions=tuple(
            Prediction(box=region.points, text=region.text, confidence=0.9, category=region.category)
            for region in REGIONS
        ),
        width=400,
        height=400,
        model=ModelName(name="test"),
        structure=Structure(dimensions=(whole,), title_block=(scale,)),
    )


def test_a_part_is_right_when_it_stands_there_and_says_the_same_in_any_spelling() -> None:
    scores = score_structure(TRUTH, REGIONS, answer("⌀25 H7 (+0.1 0)", box(0, -6, 90, 28)))
    assert scores["dimensions"] == scores["stacked dimensions"] == StructureScore(1, 1, 1)
    assert scores["lines alone"] == StructureScore(1, 3, 0)
    assert scores["title block fields"].f1 == 1


@pytest.mark.parametrize(
    ("text", "place"), [("⌀25 H7 +0.2 0", box(0, -6, 90, 28)), ("⌀25 H7 +0.1 0", box(200, 200, 90, 28))]
)
def test_a_part_that_says_something_else_or_stands_elsewhere_is_wrong(text: str, place: Box) -> None:
    score = score_structure(TRUTH, REGIONS, answer(text, place, field="1:5"))
    assert score["dimensions"] == score["title block fields"] == StructureScore(1, 1, 0)


def test_a_result_without_structure_cannot_be_judged() -> None:
    result = answer("5", box(0, 0, 9)).model_copy(update={"structure": None})
    with pytest.raises(ValueError, match="no structure"):
        score_structure(TRUTH, REGIONS, result)


def test_of_a_label_with_several_pieces_one_text_counts() -> None:
    label = Region(points=box(-5, -10, 105, 40), text="⌀25H7 +0,1 0", category=Category.DIMENSION)
    lines = [Text(region.points, region.text) for region in REGIONS[:3]]
    assert score_as_single_texts([label], lines).exact == 0
    assert score_as_single_texts([label], [*lines, Text(box(0, -6, 90, 28), "⌀25 H7 +0.1 0")]).exact == 1
    assert score_as_single_texts([label], []).found == 0


def test_scores_of_several_sheets_add_up() -> None:
    total = StructureScore(4, 2, 2) + StructureScore(0, 2, 0)
    assert (total.precision, total.recall, total.f1) == (0.5, 0.5, 0.5)
    assert StructureScore().f1 is None


def test_texts_are_compared_in_the_spelling_of_the_grammar() -> None:
    assert spelled("4-φ6.6H7") == spelled("4×⌀6.6 H7") == "4×⌀6.6 H7"
    assert spelled("NOTES") == "NOTES"
