"""The tables of one index, and of a folder of indexes. SQLite's word is the truth; the row files only serve it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drawing_ocr.search.store import StoreBusy, StoreError
from drawing_ocr.search.words import FIELD_WEIGHTS

_WAIT_SECONDS = 10.0  # for another process's transaction

_CATALOG = """
CREATE TABLE IF NOT EXISTS indexes (
    name TEXT PRIMARY KEY, dimension INTEGER NOT NULL, model TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS aliases (alias TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES indexes(name)) STRICT;
"""

# `state` has one row: how many rows the files hold, and where the codes are and what they were made with.
_INDEX = f"""
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), rows INTEGER NOT NULL, codes TEXT NOT NULL, fitted INTEGER NOT NULL,
    centre BLOB NOT NULL) STRICT;
INSERT OR IGNORE INTO state VALUES (1, 0, '', 0, x'');
CREATE TABLE IF NOT EXISTS drawings (
    id INTEGER PRIMARY KEY, drawing_id TEXT NOT NULL UNIQUE, version TEXT NOT NULL, sequencer TEXT NOT NULL,
    model TEXT NOT NULL, deleted INTEGER NOT NULL, category TEXT, material TEXT, revision TEXT, number TEXT,
    date TEXT, size_mm REAL, record TEXT NOT NULL) STRICT;
{
    " ".join(
        f"CREATE INDEX IF NOT EXISTS by_{c} ON drawings({c}) WHERE deleted = 0;"
        for c in ("category", "material", "revision", "number", "date", "size_mm")
    )
}
CREATE TABLE IF NOT EXISTS regions (
    row INTEGER PRIMARY KEY, drawing INTEGER NOT NULL REFERENCES drawings(id), place TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS by_drawing ON regions(drawing, row);
CREATE TABLE IF NOT EXISTS free (row INTEGER PRIMARY KEY, since REAL NOT NULL, retired INTEGER NOT NULL) STRICT;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    {", ".join(FIELD_WEIGHTS)}, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'");
"""


def open_catalog(path: Path) -> sqlite3.Connection:
    """Of the folder's indexes and aliases."""
    return _opened(path, _CATALOG)


def open_index(path: Path) -> sqlite3.Connection:
    """Of one index."""
    return _opened(path, _INDEX)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone among writers.

    Raises:
        StoreBusy: Another process writes for longer than ten seconds.
    """
    with translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors in the words of stores."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusy("another process writes into the index: try again") from error
        raise StoreError(f"the index's database cannot be used ({error}): look at its folder and disk") from error


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    with translated():
        # Connections stay with their thread but for the end, when whoever closes the store closes all of them.
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        # Readers never wait for the writer, and what was committed is on the disk.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")
        return connection
