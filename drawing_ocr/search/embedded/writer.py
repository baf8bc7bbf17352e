"""Writes into one index, by the one process that holds its lock.

Order: the new rows, to the disk; then the database's transaction, which alone makes them the drawing's. Rows that a
transaction takes away are free a minute later, when no search that began before can still read them.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drawing_ocr.search.document import DrawingDocument, is_older
from drawing_ocr.search.embedded import layout
from drawing_ocr.search.embedded.codec import Codec, code_width
from drawing_ocr.search.embedded.database import open_index, transaction
from drawing_ocr.search.embedded.rows import RowFile
from drawing_ocr.search.filters import keyword
from drawing_ocr.search.store import IndexInfo, Refused
from drawing_ocr.search.words import fields

FITTED_AT = (4_096, 65_536)  # rows; below the first all vectors are read, from the second on the centre moves no more
_REST_SECONDS = 60.0  # of a freed row; a search lasts less
_LENGTH_TOLERANCE = 0.01  # as in drawing_ocr.search.vector
_ENCODED_AT_ONCE = 8_192


class Writer:
    """Of one index's folder; used inside `write_lock`.

    Args:
        folder: Of the index.
        info: What the index is for.
    """

    def __init__(self, folder: Path, info: IndexInfo) -> None:
        self._folder = folder
        self._dimension = info.dimension
        self._vectors = RowFile(layout.vectors(folder), "<f2", info.dimension, writable=True)
        self._owners = RowFile(layout.owners(folder), "<i4", 1, writable=True)
        self._database: sqlite3.Connection = open_index(folder / layout.DATABASE)
        self._codes: RowFile | None = None
        self._rows, name, self._fitted, centre = self._database.execute(
            "SELECT rows, codes, fitted, centre FROM state"
        ).fetchone()
        if name:
            self._codec = Codec(np.frombuffer(centre, "<f4"))
            self._codes = self._codes_file(name)

    def put(self, documents: Sequence[DrawingDocument]) -> list[Refused]:
        """As `Index.put`; each drawing at most once."""
        with transaction(self._database):
            known = self._known([document.drawing_id for document in documents])
            current = [
                document
                for document in documents
                if not is_older(document.sequencer, known.get(document.drawing_id, (0, ""))[1])
            ]
            accepted, vectors, refused = self._checked(current)
            self._retire()
            rows = self._allocated(len(vectors))
            self._forget([known[document.drawing_id][0] for document in accepted if document.drawing_id in known])
            owners = self._insert(accepted, rows)
            self._store(rows, vectors, owners)
        self._fit()
        return refused

    def delete(self, drawing_ids: Sequence[str], sequencer: str) -> None:
        """As `Index.delete`."""
        with transaction(self._database):
            known = self._known(drawing_ids)
            gone = [
                drawing_id
                for drawing_id in dict.fromkeys(drawing_ids)
                if not is_older(sequencer, known.get(drawing_id, (0, ""))[1])
            ]
            self._retire()
            self._forget([known[drawing_id][0] for drawing_id in gone if drawing_id in known])
            self._database.executemany(
                "INSERT INTO drawings (drawing_id, version, sequencer, model, deleted, record)"
                " VALUES (?, '', ?, '', 1, '')"
                " ON CONFLICT (drawing_id) DO UPDATE SET version = '', sequencer = excluded.sequencer, model = '',"
                " deleted = 1, category = NULL, material = NULL, revision = NULL, number = NULL, date = NULL,"
                " size_mm = NULL, record = ''",
                [(drawing_id, sequencer) for drawing_id in gone],
            )

    def tidy(self) -> None:
        """After a load: one tree of words, a short log, no codes of an earlier centre."""
        with transaction(self._database):
            self._database.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.execute("PRAGMA optimize")
        (name,) = self._database.execute("SELECT codes FROM state").fetchone()
        for path in self._folder.glob(layout.CODES):
            if path.name != name and path.stat().st_mtime < time.time() - _REST_SECONDS:
                path.unlink()

    def close(self) -> None:
        """Let go of files and database."""
        for file in (self._vectors, self._owners, self._codes):
            if file is not None:
                file.close()
        self._database.close()

    def _known(self, drawing_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """(row id of the drawing, sequencer) by drawing id."""
        found = self._database.execute(
            "SELECT drawing_id, id, sequencer FROM drawings WHERE drawing_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(drawing_ids)),),
        )
        return {drawing_id: (number, sequencer) for drawing_id, number, sequencer in found}

    def _checked(
        self, documents: Sequence[DrawingDocument]
    ) -> tuple[list[DrawingDocument], npt.NDArray[np.float16], list[Refused]]:
        """Which documents have vectors of length 1, all their vectors [n, dimension], and the others."""
        counts = [len(document.regions) for document in documents]
        joined = b"".join(region.vector for document in documents for region in document.regions)
        vectors = np.frombuffer(joined, "<f2").reshape(-1, self._dimension)
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        faults = ~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE)
        of_document = np.repeat(np.arange(len(documents)), counts)
        at_fault = set(of_document[faults].tolist())
        refused = [
            Refused(documents[i].drawing_id, "a vector is not of length 1: normalise it", retriable=False)
            for i in sorted(at_fault)
        ]
        kept = [document for i, document in enumerate(documents) if i not in at_fault]
        return kept, vectors[~np.isin(of_document, sorted(at_fault))], refused

    def _retire(self) -> None:
        """Tell the scan of rows that have become free."""
        rows = self._reusable("retired = 0")
        if rows:
            self._owners.write(rows, np.zeros(len(rows), np.int32))
            self._database.executemany("UPDATE free SET retired = 1 WHERE row = ?", [(row,) for row in rows])

    def _reusable(self, state: str, limit: int = -1) -> list[int]:
        found = self._database.execute(
            f"SELECT row FROM free WHERE {state} AND since < ? ORDER BY row LIMIT ?",
            (time.time() - _REST_SECONDS, limit),
        )
        return [row for (row,) in found]

    def _allocated(self, count: int) -> list[int]:
        """Rows to write: free ones, then new ones at the end."""
        rows = self._reusable("retired = 1", count)
        self._database.executemany("DELETE FROM free WHERE row = ?", [(row,) for row in rows])
        missing = count - len(rows)
        rows += range(self._rows, self._rows + missing)
        self._rows += missing
        self._database.execute("UPDATE state SET rows = ?", (self._rows,))
        return rows

    def _forget(self, drawings: Sequence[int]) -> None:
        """Take the regions and words of some drawings away."""
        ids = json.dumps(list(drawings))
        self._database.execute(
            "INSERT INTO free (row, since, retired) SELECT row, ?, 0 FROM regions"
            " WHERE drawing IN (SELECT value FROM json_each(?))",
            (time.time(), ids),
        )
        self._database.execute("DELETE FROM regions WHERE drawing IN (SELECT value FROM json_each(?))", (ids,))
        self._database.executemany("DELETE FROM words WHERE rowid = ?", [(drawing,) for drawing in drawings])

    def _insert(self, documents: Sequence[DrawingDocument], rows: Sequence[int]) -> list[int]:
        """The drawings with their regions and words; gives the owner of each row."""
        owners: list[int] = []
        following = iter(rows)
        for document in documents:
            (drawing,) = self._database.execute(_UPSERT, _columns(document)).fetchone()
            for region in document.regions:
                place = region.model_dump_json(exclude={"vector"})
                self._database.execute("INSERT INTO regions VALUES (?, ?, ?)", (next(following), drawing, place))
                owners.append(drawing)
            texts = fields(document)
            self._database.execute(
                f"INSERT INTO words (rowid, {', '.join(texts)}) VALUES (?{', ?' * len(texts)})",
                (drawing, *texts.values()),
            )
        return owners

    def _store(self, rows: Sequence[int], vectors: npt.NDArray[np.float16], owners: Sequence[int]) -> None:
        """Write the rows before the transaction that makes them count ends."""
        if not rows:
            return
        self._vectors.write(rows, vectors)
        self._owners.write(rows, np.array(owners, np.int32))
        self._vectors.sync()
        self._owners.sync()
        if self._codes is not None:
            self._codes.write(rows, self._codec.encode(vectors))
            self._codes.sync()

    def _fit(self) -> None:
        """Make the codes, when there are rows enough to know their centre."""
        if not any(self._fitted < threshold <= self._rows for threshold in FITTED_AT):
            return
        with transaction(self._database):
            sample = self._vectors.mapped(self._rows)
            self._codec = Codec.fitted(sample)
            name = layout.CODES.replace("*", str(self._rows))
            self._codes = self._codes_file(name)
            for first in range(0, self._rows, _ENCODED_AT_ONCE):
                part = range(first, min(self._rows, first + _ENCODED_AT_ONCE))
                self._codes.write(part, self._codec.encode(sample[part.start : part.stop]))
            self._codes.sync()
            self._fitted = self._rows
            self._database.execute(
                "UPDATE state SET codes = ?, fitted = ?, centre = ?",
                (name, self._rows, self._codec.centre.astype("<f4").tobytes()),
            )

    def _codes_file(self, name: str) -> RowFile:
        return RowFile(layout.codes(self._folder, name), "u1", code_width(self._dimension), writable=True)


_UPSERT = """
INSERT INTO drawings (drawing_id, version, sequencer, model, deleted, category, material, revision, number, date,
    size_mm, record) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (drawing_id) DO UPDATE SET version = excluded.version, sequencer = excluded.sequencer,
    model = excluded.model, deleted = 0, category = excluded.category, material = excluded.material,
    revision = excluded.revision, number = excluded.number, date = excluded.date, size_mm = excluded.size_mm,
    record = excluded.record
RETURNING id
"""


def _columns(document: DrawingDocument) -> tuple[str | float | None, ...]:
    return (
        document.drawing_id,
        document.version,
        document.sequencer,
        document.model,
        keyword(document.category),
        keyword(document.material),
        keyword(document.revision),
        keyword(document.number),
        document.date.isoformat() if document.date else None,
        document.size_mm,
        document.record().to_json(),
    )
