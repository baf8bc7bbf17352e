"""All texts of a batch as one table, in CSV and in Parquet, and the failures as another."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from drawing_ocr.reading.nominal import nominal
from drawing_ocr.reading.result import ReadingResult

TEXTS = "texts"
FAILURES = "failures"
_CORNERS = tuple(f"{axis}{corner}" for corner in range(1, 5) for axis in "xy")
_TEXT_COLUMNS = {
    "drawing": "VARCHAR",
    "page": "INTEGER",
    "text": "VARCHAR",
    "category": "VARCHAR",
    "confidence": "DOUBLE",
    "number": "DOUBLE",  # the nominal value of a dimension
    **dict.fromkeys(_CORNERS, "DOUBLE"),  # pixels of the upright page, clockwise from the text's top left
    "model_version": "VARCHAR",
}
_FAILURE_COLUMNS = {"drawing": "VARCHAR", "reason": "VARCHAR"}


def text_rows(drawing: str, result: ReadingResult) -> Iterator[dict[str, Any]]:
    """One row a text, in the order of the answer."""
    for prediction in result.predictions:
        corners = [number for point in prediction.box for number in point]
        yield {
            "drawing": drawing,
            "page": prediction.page or 1,
            "text": prediction.text,
            "category": str(prediction.category),
            "confidence": prediction.confidence,
            "number": nominal(prediction.text, prediction.category),
            **dict(zip(_CORNERS, corners, strict=True)),
            "model_version": result.model.version or result.model.name,
        }


def write_tables(out: Path, texts: Iterable[dict[str, Any]], failures: Iterable[tuple[str, str]]) -> int:
    """Writes `texts.csv`, `texts.parquet` and `failures.csv`, each whole or not at all; gives back the number of texts.

    Args:
        out: folder of the batch.
        texts: as `text_rows` makes them; they pass through a file, never through memory as a whole.
        failures: drawing and reason.
    """
    work = out / ".tables"
    shutil.rmtree(work, ignore_errors=True)  # what a killed run left
    work.mkdir(parents=True)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as database:
        count = _table(database, work, TEXTS, _TEXT_COLUMNS, texts, ("csv", "parquet"))
        rows = ({"drawing": name, "reason": reason} for name, reason in failures)
        _table(database, work, FAILURES, _FAILURE_COLUMNS, rows, ("csv",))
    for file in work.iterdir():
        if file.suffix != ".jsonl":
            os.replace(file, out / file.name)
    shutil.rmtree(work)
    return count


def _table(
    database: duckdb.DuckDBPyConnection,
    work: Path,
    name: str,
    columns: dict[str, str],
    rows: Iterable[dict[str, Any]],
    formats: tuple[str, ...],
) -> int:
    lines = work / f"{name}.jsonl"
    with lines.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    # DuckDB takes no parameters in COPY: a table in between keeps paths out of the statement.
    database.execute(
        f"CREATE TABLE {name} AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {columns!r})",
        [str(lines)],
    )
    table = database.table(name)
    for kind in formats:
        if kind == "parquet":
            table.write_parquet(str(work / f"{name}.parquet"), compression="zstd")
        else:
            table.write_csv(str(work / f"{name}.csv"), header=True)
    (count,) = database.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)
    return int(count)
