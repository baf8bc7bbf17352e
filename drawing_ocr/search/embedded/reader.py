"""Searches in one index, by one thread. Every call sees the last committed state; the files are never copied."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from drawing_ocr.search.document import DrawingDocument, DrawingRecord, IndexedRegion, RegionPlace
from drawing_ocr.search.embedded import layout
from drawing_ocr.search.embedded.codec import Codec, Floats
from drawing_ocr.search.embedded.conditions import LIVE, Condition, condition
from drawing_ocr.search.embedded.database import open_index
from drawing_ocr.search.embedded.rows import RowFile, Rows
from drawing_ocr.search.embedded.scan import Owners, closest
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.store import Hit, IndexInfo, Standing
from drawing_ocr.search.words import FIELD_WEIGHTS, query_words

CANDIDATES = 256  # rows rescored at least; 100 give recall 1.0 at 100,000 (docs/similar_drawings.md)
_CANDIDATES_PER_HIT = 4  # of 100 hits 99.9 of those that ten times as many candidates give, at 100,000
_WIDER = 8  # times as many, when too few drawings came of the candidates
_SELECTIVE = 20  # a filter that passes less than one in so many drawings is evaluated before the scan
_SHORT_WORD = 2  # characters; the beginning of a word must be this long to find it
_COMMON = 20_000  # drawings; ranking so many takes some 50 ms
_PAGE = 10_000  # drawings that `listing` holds in memory


class Reader:
    """Of one index's folder.

    Args:
        folder: Of the index.
        info: What the index is for.

    Raises:
        FileNotFoundError: The index was dropped.
    """

    def __init__(self, folder: Path, info: IndexInfo) -> None:
        self._folder = folder
        self._vectors = RowFile(layout.vectors(folder), "<f2", info.dimension)
        self._owners = RowFile(layout.owners(folder), "<i4", 1)
        self._codes: RowFile | None = None
        self._codes_name = ""
        self._codec = Codec(np.zeros(info.dimension, np.float32))
        self.database: sqlite3.Connection = open_index(folder / layout.DATABASE)

    def nearest(self, vector: Floats, k: int, filters: Filters, min_score: float) -> list[Hit]:
        """As `Index.nearest`; `vector` is float32[dimension] of length 1."""
        with self._snapshot():
            rows = self._state()
            if not rows:
                return []
            owners: Owners = self._owners.mapped(rows)[:, 0]
            among, later = self._prefiltered(filters, owners)
            wanted = max(CANDIDATES, _CANDIDATES_PER_HIT * k)
            while True:
                candidates, exhausted = self._candidates(vector, wanted, among, later, owners)
                if exhausted or len(candidates) >= wanted // 2:
                    hits, complete = self._rescored(vector, candidates, k, min_score)
                    if exhausted or complete:
                        return hits
                wanted *= _WIDER

    def words(self, query: str, k: int, filters: Filters) -> list[Hit]:
        """As `Index.words`; a word on very many drawings only decides where all words are such."""
        with self._snapshot():
            phrases = [_phrase(word) for word in query_words(query)]
            rare = [phrase for phrase in phrases if not self._is_common(phrase)]
            if not phrases:
                return []
            scores = self._ranked(rare, k, filters) if rare else self._in_titles_first(phrases, k, filters)
            found = self.database.execute(
                "SELECT id, record FROM drawings WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(scores)),),
            ).fetchall()
        return _first([Hit(_record(text), scores[number], None) for number, text in found], k)

    def get(self, drawing_id: str) -> DrawingDocument | None:
        """As `Index.get`."""
        with self._snapshot():
            found = self.database.execute(
                f"SELECT id, record FROM drawings WHERE drawing_id = ? AND {LIVE[0]}", (drawing_id,)
            ).fetchone()
            if found is None:
                return None
            return DrawingDocument.of(_record(found[1]), self._embeddings(found[0]))

    def regions(self, drawing_ids: Sequence[str]) -> dict[str, tuple[IndexedRegion, ...]]:
        """As `Index.regions`."""
        with self._snapshot():
            found = self.database.execute(
                "SELECT drawing_id, id FROM drawings"
                f" WHERE drawing_id IN (SELECT value FROM json_each(?)) AND {LIVE[0]}",
                (json.dumps(list(drawing_ids)),),
            ).fetchall()
            return {drawing_id: self._embeddings(number) for drawing_id, number in found}

    def _embeddings(self, drawing: int) -> tuple[IndexedRegion, ...]:
        """Of the drawing of that number, within a snapshot."""
        found = self.database.execute(
            "SELECT row, place FROM regions WHERE drawing = ? ORDER BY row", (drawing,)
        ).fetchall()
        vectors = self._vectors.read(np.array([row for row, _ in found], np.int64))
        return tuple(
            IndexedRegion(**json.loads(place), vector=vector.tobytes())
            for (_, place), vector in zip(found, vectors, strict=True)
        )

    def standing(self, drawing_ids: Sequence[str]) -> dict[str, Standing]:
        """As `Index.standing`."""
        found = self.database.execute(
            "SELECT drawing_id, version, sequencer, model, deleted FROM drawings"
            " WHERE drawing_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(drawing_ids)),),
        )
        return {row[0]: Standing(row[0], row[1], row[2], row[3], bool(row[4])) for row in found}

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """As `Index.listing`; pages, so that no transaction stays open while the caller works."""
        last = ""
        while True:
            page = self.database.execute(
                f"SELECT drawing_id, version, model FROM drawings WHERE drawing_id > ? AND {LIVE[0]}"
                " ORDER BY drawing_id LIMIT ?",
                (last, _PAGE),
            ).fetchall()
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1][0]

    def count(self) -> int:
        """As `Index.count`."""
        return int(self.database.execute(f"SELECT count(*) FROM drawings WHERE {LIVE[0]}").fetchone()[0])

    def close(self) -> None:
        """Let go of files and database."""
        for file in (self._vectors, self._owners, self._codes):
            if file is not None:
                file.close()
        self.database.close()

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """One state of the database for several questions."""
        self.database.execute("BEGIN")
        try:
            yield
        finally:
            self.database.rollback()

    def _is_common(self, phrase: str) -> bool:
        """Whether ranking all drawings with it would take longer than a search may."""
        (count,) = self.database.execute(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", (phrase, _COMMON + 1)
        ).fetchone()
        return int(count) > _COMMON

    def _ranked(self, phrases: Sequence[str], k: int, filters: Filters) -> dict[int, float]:
        """Scores of the k best by `drawings.id`."""
        among, values = _among(filters)
        weights = ", ".join(map(str, FIELD_WEIGHTS.values()))
        found = self.database.execute(
            f"SELECT rowid, -rank FROM words WHERE words MATCH ? AND rank MATCH 'bm25({weights})'{among}"
            " ORDER BY rank LIMIT ?",
            (" OR ".join(phrases), *values, k),
        )
        return dict(found.fetchall())

    def _in_titles_first(self, phrases: Sequence[str], k: int, filters: Filters) -> dict[int, float]:
        """Any k with all words, the ones with them in number or title with the better score."""
        among, values = _among(filters)
        match = " AND ".join(f"({phrase})" for phrase in phrases)
        scores: dict[int, float] = {}
        for place, score in ((f"{{number title}} : ({match})", 1.0), (match, 0.0)):
            found = self.database.execute(
                f"SELECT rowid FROM words WHERE words MATCH ?{among} LIMIT ?", (place, *values, k)
            )
            for (number,) in found:
                scores.setdefault(number, score)
        return scores

    def _state(self) -> int:
        """How many rows there are; makes the codes in use available."""
        rows, name = self.database.execute("SELECT rows, codes FROM state").fetchone()
        if name != self._codes_name:
            if self._codes is not None:
                self._codes.close()
            (centre,) = self.database.execute("SELECT centre FROM state").fetchone()
            self._codec = Codec(np.frombuffer(centre, "<f4"))
            self._codes = RowFile(layout.codes(self._folder, name), "u1", self._codec.width)
            self._codes_name = name
        return int(rows)

    def _candidates(
        self, vector: Floats, wanted: int, among: Rows | None, later: Condition | None, owners: Owners
    ) -> tuple[Rows, bool]:
        """Rows to rescore, and whether these are all that there are."""
        pool = wanted if later is None else wanted * _SELECTIVE
        if self._codes is None or len(owners if among is None else among) <= pool:
            rows, exhausted = (np.flatnonzero(owners) if among is None else among), True
        else:
            codes = self._codes.mapped(len(owners))
            code = self._codec.encode(vector[None])
            rows, exhausted = closest(code, codes, pool, among, owners), False
        if later is not None:
            rows = self._passing(rows, owners, later)
            if not exhausted and len(rows) > wanted:
                rows = closest(code, codes, wanted, rows, owners)
        return rows, exhausted

    def _prefiltered(self, filters: Filters, owners: Owners) -> tuple[Rows | None, Condition | None]:
        """Rows that pass a selective filter; of one that passes many, the condition to ask of the candidates."""
        if filters.is_empty:
            return None, None
        where, values = condition(filters)
        limit = max(len(owners) // _SELECTIVE, CANDIDATES)
        found = self.database.execute(f"SELECT id FROM drawings WHERE {where} LIMIT ?", (*values, limit)).fetchall()
        if len(found) == limit:
            return None, (where, values)
        allowed = np.zeros(int(owners.max(initial=0)) + 1, bool)
        ids = np.fromiter((row[0] for row in found), np.int64, len(found))
        allowed[ids[ids < len(allowed)]] = True
        return np.flatnonzero(allowed[owners]).astype(np.int64), None

    def _passing(self, rows: Rows, owners: Owners, later: Condition) -> Rows:
        where, values = later
        drawings = owners[rows]
        found = self.database.execute(
            f"SELECT id FROM drawings WHERE id IN (SELECT value FROM json_each(?)) AND {where}",
            (json.dumps(np.unique(drawings).tolist()), *values),
        )
        return rows[np.isin(drawings, [row[0] for row in found])]

    def _rescored(self, vector: Floats, rows: Rows, k: int, min_score: float) -> tuple[list[Hit], bool]:
        """The best drawings among some rows by the vectors themselves, and whether no further row can add to them."""
        vectors = self._vectors.read(rows).astype(np.float32)
        # Not with BLAS, whose threads wait for each other longer than so little work takes one of them.
        lengths = np.sqrt(np.maximum(np.einsum("ij,ij->i", vectors, vectors), np.finfo(np.float32).tiny))
        scores = (1 + np.clip(np.einsum("ij,j->i", vectors, vector) / lengths, -1, 1)) / 2
        order = np.argsort(-scores, kind="stable")
        best: dict[str, Hit] = {}
        last = 1.0
        # A row's drawing and place are asked of the database, the best rows first, until k drawings are there.
        for start in range(0, len(order), step := 2 * k):
            chosen = order[start : start + step]
            known = self._regions(rows[chosen])
            for row, score in zip(rows[chosen].tolist(), scores[chosen].tolist(), strict=True):
                # Equals are ordered by their ids, so all of them have to be seen.
                if score < min_score or (len(best) >= k and score < last):
                    return _first(best.values(), k), True
                if row in known and known[row][0] not in best:
                    drawing_id, record, place = known[row]
                    best[drawing_id] = Hit(_record(record), score, RegionPlace(**json.loads(place)))
                    last = score
        return _first(best.values(), k), len(best) >= k

    def _regions(self, rows: Rows) -> dict[int, tuple[str, str, str]]:
        """(drawing id, record, place) by row; rows that are nobody's are left out."""
        found = self.database.execute(
            "SELECT row, drawing_id, record, place FROM regions JOIN drawings ON drawings.id = regions.drawing"
            " WHERE row IN (SELECT value FROM json_each(?))",
            (json.dumps(rows.tolist()),),
        )
        return {row: (drawing_id, record, place) for row, drawing_id, record, place in found}


def _phrase(word: str) -> str:
    return f'("{word}" OR "{word}"*)' if len(word) >= _SHORT_WORD else f'"{word}"'


def _among(filters: Filters) -> Condition:
    """What to add to a search of words, and its values. Deleted drawings have no words."""
    if filters.is_empty:
        return "", []
    where, values = condition(filters)
    return f" AND +rowid IN (SELECT id FROM drawings WHERE {where})", values


def _first(hits: Iterable[Hit], k: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.drawing_id))[:k]


@lru_cache(maxsize=2_048)  # a drawing is found by several of its regions, and by the next search again
def _record(text: str) -> DrawingRecord:
    return DrawingRecord.parse(text, where="a drawing of the index")
