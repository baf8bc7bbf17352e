"""Readings of real drawings against LabelMe labels, scored as `score_drawings.py` beside the drawings scores them."""

import importlib.util
import json
import random
import re
from pathlib import Path
from types import ModuleType

import pytest

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.drawing_labels import DrawingScore, best_reading, comparable, score_labelme
from drawing_ocr.evaluation.matching import Prediction
from drawing_ocr.formats.labelme import read_labelme
from tests.drawing_ocr.labels import rectangle, region

DRAWINGS = Path(__file__).resolve().parents[4] / "shared" / "drawings"


def test_pieces_of_a_stacked_tolerance_are_taken_together() -> None:
    box = rectangle(100, 100, 100, 40)
    pieces = [
        Prediction(rectangle(102, 112, 50, 20), "Ø16,5"),
        Prediction(rectangle(155, 102, 40, 16), "+0.1"),
        Prediction(rectangle(155, 122, 40, 16), "0"),
        Prediction(rectangle(400, 100, 50, 20), "not labelled"),
    ]
    score = score_labelme([region("⌀16.5 +0.1 0", box)], pieces)
    assert score == DrawingScore(boxes=1, found=1, exact=1, characters=10, characters_read=10, edits=0)
    assert (score.cer, score.character_recall) == (0, 1)


def test_the_reading_of_a_box_is_its_label_where_all_its_characters_were_read_and_else_the_nearest_order() -> None:
    box = region("⌀16.5 +0.1 0", rectangle(100, 100, 100, 40))
    stacked = [
        Prediction(rectangle(102, 112, 50, 20), "Ø16,5"),
        Prediction(rectangle(155, 102, 40, 16), "+0.1"),
        Prediction(rectangle(155, 122, 40, 16), "0"),
    ]
    assert best_reading(box, stacked) == comparable(box.text)
    assert best_reading(box, stacked[:2]) == "⌀16.5+0.1"
    assert best_reading(box, [Prediction(rectangle(400, 100, 50, 20), "elsewhere")]) == ""


def test_pieces_in_two_rows_are_read_row_by_row() -> None:
    rows = [("1.", 0, 4), ("REV", 40, 7), ("2.", 0, 15), ("A4", 40, 15)]  # bands of 12 pixels
    pieces = [Prediction(rectangle(left, top, 30, 8), text) for text, left, top in rows]
    assert score_labelme([region("1. REV 2. A4", rectangle(0, 0, 80, 40))], pieces).edits == 0


def test_a_label_that_nobody_read_costs_all_its_characters() -> None:
    score = score_labelme([region("12.5", rectangle(0, 0, 60, 20))], [])
    assert score == DrawingScore(boxes=1, found=0, exact=0, characters=4, characters_read=0, edits=4)
    assert score.cer == 1


def test_a_piece_counts_when_half_of_it_is_inside() -> None:
    label = region("5", rectangle(0, 0, 20, 20))
    assert score_labelme([label], [Prediction(rectangle(10, 0, 20, 20), "5")]).exact == 1
    assert score_labelme([label], [Prediction(rectangle(11, 0, 20, 20), "5")]).found == 0


def test_untranscribed_labels_are_passed_over_and_scores_add_up() -> None:
    hidden = Region.model_validate({"points": rectangle(0, 0, 9, 9), "text": "", "ignore": True})
    assert score_labelme([hidden], []) == DrawingScore()
    assert DrawingScore().cer is None
    one = score_labelme([region("1", rectangle(0, 0, 9, 9))], [Prediction(rectangle(0, 0, 9, 9), "1")])
    assert (one + one).boxes == (one + one).exact == 2


@pytest.mark.skipif(not DRAWINGS.is_dir(), reason="the real drawings are not beside the repository")
@pytest.mark.parametrize("seed", range(12))
def test_the_score_is_the_published_one(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total = DrawingScore()
    for path in sorted(DRAWINGS.glob("*.json")):
        annotation = read_labelme(path)
        predictions = corrupted(annotation.regions, random.Random(f"{seed} {path.stem}"))
        answer = {"predictions": [{"box": each.points, "text": each.text, "confidence": 1.0} for each in predictions]}
        (tmp_path / path.name).write_text(json.dumps(answer), encoding="utf-8")
        total += score_labelme(annotation.regions, predictions)
    published_script().main(DRAWINGS, tmp_path)
    said = capsys.readouterr().out.splitlines()[-1]
    numbers = [float(number) for number in re.findall(r"[\d.]+", said)]
    assert numbers == [
        total.boxes,
        round(total.found / total.boxes, 3),
        round(total.exact / total.boxes, 3),
        round(total.character_recall or 0, 3),
        round(total.cer or 0, 3),
    ]


def corrupted(regions: tuple[Region, ...], generator: random.Random) -> list[Prediction]:
    """What a middling reader would say: pieces, shifted boxes, misread signs, crossed corners, inventions."""
    predictions = []
    for each in regions:
        pieces = (each.text or "A3").split()
        (x, y), width = each.points[0], 30.0
        for piece in pieces:
            fate = generator.random()
            if fate < 0.2:
                continue
            text = (
                piece
                if fate < 0.7
                else piece.translate(str.maketrans("⌀,5×", "Ø.Sx")) + generator.choice(["", "−", " º"])
            )
            left, top = (
                (x + generator.uniform(-20, 40), y + generator.uniform(-20, 40)) if fate > 0.4 else middle(each.points)
            )
            box = rectangle(left, top, width, generator.uniform(5, 20))
            predictions.append(Prediction(box if fate < 0.95 else (box[0], box[2], box[1], box[3]), text))
    return predictions


def middle(points: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    return sum(x for x, _ in points) / 4 - 10, sum(y for _, y in points) / 4 - 5


def published_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_drawings", DRAWINGS / "score_drawings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not DRAWINGS.is_dir(), reason="the real drawings are not beside the repository")
def test_texts_are_compared_as_the_published_script_compares_them() -> None:
    canon = published_script().canon
    characters = [chr(code) for code in range(0x20, 0x10000) if not 0xD800 <= code < 0xE000]
    assert [c for c in characters if comparable(f"1{c}2") != canon(f"1{c}2")] == []
