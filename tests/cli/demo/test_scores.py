"""A version beside the one before it: what changed, and the scores."""

from pathlib import Path

from cli.demo.scores import Readings, compared_readings
from cli.reading import FileRead
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult


def prediction(x: float, text: str) -> Prediction:
    return Prediction(box=((x, 0), (x + 50, 0), (x + 50, 20), (x, 20)), text=text, confidence=0.9)


def answer(folder: Path, *predictions: Prediction, exact: int | None = None, edits: int | None = None) -> FileRead:
    folder.mkdir()
    path = folder / "part.json"
    result = ReadingResult(predictions=predictions, width=500, height=100, model=ModelName(name="m"))
    path.write_text(result.model_dump_json())
    labelled = {} if exact is None else {"boxes": 4, "exact": exact, "edits": edits, "characters": 20}
    return FileRead(file=Path("part.png"), seconds=1, answer=path, **labelled)


def test_only_places_that_were_read_differently_are_shown(tmp_path: Path) -> None:
    before = answer(tmp_path / "v1", prediction(0, "050"), prediction(100, "R12"), prediction(200, "gone"))
    after = answer(tmp_path / "v2", prediction(3, "⌀50"), prediction(100, "R12"), prediction(300, "M8"))
    changes = compared_readings(Readings("v1", [before]), Readings("v2", [after])).changes
    assert [(change.before, change.after) for change in changes] == [("050", "⌀50"), ("", "M8"), ("gone", "")]


def test_the_rates_are_over_all_characters_not_over_drawings(tmp_path: Path) -> None:
    before = [answer(tmp_path / "a1", exact=1, edits=10), answer(tmp_path / "b1", exact=2, edits=0)]
    after = [answer(tmp_path / "a2", exact=3, edits=2), answer(tmp_path / "b2", exact=4, edits=0)]
    scores = compared_readings(Readings("v1", before), Readings("v2", after))
    assert (scores.boxes, scores.exact_before, scores.exact_after) == (8, 3, 7)
    assert (scores.cer_before, scores.cer_after) == (10 / 40, 2 / 40)


def test_without_labels_there_are_texts_and_no_scores(tmp_path: Path) -> None:
    scores = compared_readings(
        Readings("v1", [answer(tmp_path / "v1", prediction(0, "1"))]),
        Readings("v2", [answer(tmp_path / "v2", prediction(0, "2"))]),
    )
    assert scores.drawings == []
    assert len(scores.changes) == 1
