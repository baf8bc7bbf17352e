"""The tables hold what was read, letter by letter, in both forms."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.batch.tables import text_rows, write_tables
from drawing_ocr.annotation import Category
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

BOX = ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0))
# Whatever a model could read; JSON has no lone surrogates and Parquet's text no NUL.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


def reading(*texts: str, category: Category = Category.TEXT) -> ReadingResult:
    predictions = tuple(Prediction(box=BOX, text=text, confidence=0.5, category=category) for text in texts)
    return ReadingResult(predictions=predictions, width=10, height=10, model=ModelName(name="n", version="4"))


def test_a_row_is_a_text_with_its_box_its_number_and_its_version() -> None:
    (row,) = text_rows("a/b.png", reading("4×⌀6.6", category=Category.DIMENSION))
    assert row == {
        "drawing": "a/b.png",
        "page": 1,
        "text": "4×⌀6.6",
        "category": "dimension",
        "confidence": 0.5,
        "number": 6.6,
        "x1": 1.0,
        "y1": 2.0,
        "x2": 3.0,
        "y2": 4.0,
        "x3": 5.0,
        "y3": 6.0,
        "x4": 7.0,
        "y4": 8.0,
        "model_version": "4",
    }


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_every_text_comes_back_from_both_tables(tmp_path_factory: object, texts: list[str]) -> None:
    out = tmp_path_factory.mktemp("tables")  # type: ignore[attr-defined]
    assert write_tables(out, text_rows("x.png", reading(*texts)), [("y.png", 'torn, "twice"')]) == len(texts)
    with (out / "texts.csv").open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == texts
    parquet = duckdb.execute(f"SELECT text, number FROM '{out}/texts.parquet'").fetchall()
    assert parquet == [(text, None) for text in texts]
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{"drawing": "y.png", "reason": 'torn, "twice"'}]


def test_a_batch_without_any_text_has_tables_with_their_columns(tmp_path: Path) -> None:
    assert write_tables(tmp_path, [], []) == 0
    columns = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/texts.parquet'").fetchall()]
    assert columns[:6] == ["drawing", "page", "text", "category", "confidence", "number"]
    assert (tmp_path / "failures.csv").read_text().strip() == "drawing,reason"


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".tables").mkdir()
    (tmp_path / ".tables" / "texts.csv").write_text("half")
    assert write_tables(tmp_path, text_rows("x.png", reading("A")), []) == 1
    assert not (tmp_path / ".tables").exists()
