"""What is kept of a request and its answer."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from drawing_ocr.monitoring.baseline import Baseline, BaselineError
from drawing_ocr.monitoring.darkness import darkness
from drawing_ocr.monitoring.observation import CharacterClass, character_class, observe
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 4.0), (0.0, 4.0))
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def answer(*lines: tuple[str, float]) -> ReadingResult:
    return ReadingResult(
        predictions=tuple(Prediction(box=BOX, text=text, confidence=confidence) for text, confidence in lines),
        width=2000,
        height=1000,
        model=ModelName(name="reader", version="7"),
    )


def test_an_observation_holds_numbers_and_no_text() -> None:
    observation = observe(answer(("⌀6.6 H7", 0.9), ("材料", 0.5)), darkness=0.04, when=NOW)
    assert observation.confidences == (0.9, 0.5)
    assert observation.lengths == (7, 2)
    assert observation.megapixels == 2.0
    assert observation.version == "7"
    assert "材" not in observation.model_dump_json()
    assert observation.characters == {
        CharacterClass.SIGN: 1,
        CharacterClass.DIGIT: 3,
        CharacterClass.PUNCTUATION: 1,
        CharacterClass.LATIN: 1,
        CharacterClass.CJK: 2,
    }


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("7", CharacterClass.DIGIT),
        ("²", CharacterClass.DIGIT),
        ("Å", CharacterClass.LATIN),
        ("表", CharacterClass.CJK),
        ("Ω", CharacterClass.LETTER),
        ("(", CharacterClass.PUNCTUATION),
        ("±", CharacterClass.SIGN),
        ("⌖", CharacterClass.SIGN),
    ],
)
def test_every_character_has_a_class(character: str, kind: CharacterClass) -> None:
    assert character_class(character) is kind


def test_white_is_no_darkness_and_black_is_all() -> None:
    page = np.full((4, 4, 3), 255, np.uint8)
    assert darkness(page) == 0
    page[:2] = 0
    assert darkness(page) == pytest.approx(0.5)


def test_a_baseline_is_read_as_it_was_written() -> None:
    observations = (observe(answer(("R5", 0.9)), darkness=0.1, when=NOW),)
    baseline = Baseline(deployment="d#1", model_version="7", recorded=NOW, observations=observations)
    assert Baseline.parse(baseline.to_json(), where="here") == baseline
    assert baseline.last == NOW


def test_a_damaged_baseline_is_refused_in_one_line() -> None:
    with pytest.raises(BaselineError, match=r"^s3://b/k: observations: .*at least 1 item"):
        Baseline.parse(
            '{"schema": 1, "deployment": "d", "model_version": "1", "recorded": "2026-11-21T08:00:00Z",'
            ' "observations": []}',
            where="s3://b/k",
        )
