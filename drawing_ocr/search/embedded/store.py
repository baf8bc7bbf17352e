"""A folder of indexes on a disk of this machine; no server."""

import contextlib
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from drawing_ocr.search.checks import check_documents, check_hits, check_name, check_new_index, check_query, newest
from drawing_ocr.search.document import DrawingDocument, IndexedRegion
from drawing_ocr.search.embedded import layout
from drawing_ocr.search.embedded.database import open_catalog, open_index, transaction, translated
from drawing_ocr.search.embedded.local_disk import check_local
from drawing_ocr.search.embedded.lock import write_lock
from drawing_ocr.search.embedded.reader import Reader
from drawing_ocr.search.embedded.writer import Writer
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.store import (
    NO_FILTERS,
    Hit,
    IndexInfo,
    IndexMissing,
    Refused,
    Standing,
    StoreError,
)
from drawing_ocr.search.vector import Vector, fault


class EmbeddedStore:
    """A `Store` in a folder.

    Args:
        folder: Made when it is not there.

    Raises:
        StoreError: It is on a network file system.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        check_local(folder)
        self._folder = folder
        self._threads = threading.local()
        self._opened: list[sqlite3.Connection | Reader] = []

    def create(self, index: str, dimension: int, model: str) -> None:
        """As `Store.create`."""
        info = IndexInfo(index, dimension, model)
        check_new_index(info)
        # Its files are there before the catalogue names it; of a kill in between a folder that nobody names is left.
        name = f"{index}.{uuid.uuid4().hex[:12]}"
        with transaction(self._catalog):
            if self._catalog.execute("SELECT 1 FROM aliases WHERE alias = ?", (index,)).fetchone():
                raise StoreError(f"index {index}: an alias has this name: use another one")
            known = self._catalog.execute("SELECT dimension, model FROM indexes WHERE name = ?", (index,)).fetchone()
            if known == (dimension, model):
                return
            if known:
                raise StoreError(f"index {index} is there with {known[0]} values of {known[1]}: use another name")
            folder = self._folder / name
            folder.mkdir()
            layout.vectors(folder).touch()
            layout.owners(folder).touch()
            open_index(folder / layout.DATABASE).close()
            self._catalog.execute("INSERT INTO indexes VALUES (?, ?, ?, ?)", (index, dimension, model, name))

    def index(self, name: str) -> "EmbeddedIndex":
        """As `Store.index`."""
        return EmbeddedIndex(self, name)

    def indexes(self) -> list[IndexInfo]:
        """As `Store.indexes`."""
        with translated():
            found = self._catalog.execute("SELECT name, dimension, model FROM indexes ORDER BY name")
            return [IndexInfo(*row) for row in found]

    def swap(self, alias: str, index: str) -> str | None:
        """As `Store.swap`."""
        check_name(alias)
        with transaction(self._catalog):
            names = {name for (name,) in self._catalog.execute("SELECT name FROM indexes")}
            if alias in names:
                raise StoreError(f"alias {alias}: an index has this name: use another one")
            if index not in names:
                raise IndexMissing(f"index {index} is not there: create and fill it before the alias is swapped")
            before = self.aliased(alias)
            self._catalog.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (alias, index))
            return before

    def aliased(self, alias: str) -> str | None:
        """As `Store.aliased`."""
        with translated():
            found = self._catalog.execute("SELECT name FROM aliases WHERE alias = ?", (alias,)).fetchone()
            return found[0] if found else None

    def drop(self, index: str) -> None:
        """As `Store.drop`."""
        with transaction(self._catalog):
            found = self._catalog.execute("SELECT folder FROM indexes WHERE name = ?", (index,)).fetchone()
            alias = self._catalog.execute("SELECT alias FROM aliases WHERE name = ?", (index,)).fetchone()
            if alias:
                raise StoreError(f"index {index}: the alias {alias[0]} names it: swap that first")
            self._catalog.execute("DELETE FROM indexes WHERE name = ?", (index,))
        if found:
            shutil.rmtree(self._folder / found[0], ignore_errors=True)

    def close(self) -> None:
        """As `Store.close`."""
        while self._opened:
            self._opened.pop().close()
        self._threads = threading.local()

    def resolved(self, name: str) -> tuple[IndexInfo, Path]:
        """What an index or alias names now, and its folder.

        Raises:
            IndexMissing: Neither.
        """
        with translated():
            found = self._catalog.execute(
                "SELECT name, dimension, model, folder FROM indexes WHERE name = ?"
                " OR name = (SELECT name FROM aliases WHERE alias = ?)",
                (name, name),
            ).fetchone()
        if found is None:
            raise IndexMissing(f"index {name} is not there: create it, or let the alias name one")
        return IndexInfo(*found[:3]), self._folder / found[3]

    def reader(self, folder: Path, info: IndexInfo) -> Reader:
        """Of this thread; stays open."""
        readers: dict[Path, Reader] = self._threads.__dict__.setdefault("readers", {})
        if folder not in readers:
            for gone in [path for path in readers if not path.exists()]:
                readers.pop(gone).close()
            readers[folder] = Reader(folder, info)
            self._opened.append(readers[folder])
        return readers[folder]

    @property
    def _catalog(self) -> sqlite3.Connection:
        if not hasattr(self._threads, "catalog"):
            path = self._folder / layout.CATALOG
            # Two processes that make the same database at once would find it locked in the middle.
            with contextlib.nullcontext() if path.exists() else write_lock(self._folder):
                self._threads.catalog = open_catalog(path)
            self._opened.append(self._threads.catalog)
        connection: sqlite3.Connection = self._threads.catalog
        return connection


class EmbeddedIndex:
    """An `Index` of a folder.

    Args:
        store: Whose.
        name: Of the index or an alias.
    """

    def __init__(self, store: EmbeddedStore, name: str) -> None:
        self._store = store
        self._name = name

    def info(self) -> IndexInfo:
        """As `Index.info`."""
        return self._store.resolved(self._name)[0]

    def put(self, documents: Sequence[DrawingDocument]) -> list[Refused]:
        """As `Index.put`."""
        with self._writing() as (info, writer):
            check_documents(info, documents)
            return writer.put(newest(documents))

    def delete(self, drawing_ids: Sequence[str], sequencer: str) -> list[Refused]:
        """As `Index.delete`."""
        with self._writing() as (_, writer):
            writer.delete(drawing_ids, sequencer)
            return []

    def nearest(
        self, vector: Vector, *, model: str, k: int, filters: Filters = NO_FILTERS, min_score: float = 0.0
    ) -> list[Hit]:
        """As `Index.nearest`."""
        with self._reading() as (info, reader):
            check_query(info, vector, model, k, min_score)
            if reason := fault(vector):
                raise StoreError(f"the query {reason}: normalise it")
            values = np.frombuffer(vector, "<f2").astype(np.float32)
            return reader.nearest(values / np.linalg.norm(values), k, filters, min_score)

    def words(self, query: str, *, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """As `Index.words`."""
        check_hits(k)
        with self._reading() as (_, reader):
            return reader.words(query, k, filters)

    def get(self, drawing_id: str) -> DrawingDocument | None:
        """As `Index.get`."""
        with self._reading() as (_, reader):
            return reader.get(drawing_id)

    def regions(self, drawing_ids: Sequence[str]) -> dict[str, tuple[IndexedRegion, ...]]:
        """As `Index.regions`."""
        with self._reading() as (_, reader):
            return reader.regions(drawing_ids)

    def standing(self, drawing_ids: Sequence[str]) -> dict[str, Standing]:
        """As `Index.standing`."""
        with self._reading() as (_, reader):
            return reader.standing(drawing_ids)

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """As `Index.listing`."""
        with self._reading() as (_, reader):
            yield from reader.listing()

    def count(self) -> int:
        """As `Index.count`."""
        with self._reading() as (_, reader):
            return reader.count()

    def refresh(self) -> None:
        """As `Index.refresh`: what was put is found at once."""
        self.info()

    def begin_load(self) -> None:
        """As `Index.begin_load`: a write leaves nothing for later here."""
        self.info()

    def end_load(self, ticket: str = "") -> str:  # noqa: ARG002  (OpenSearch's)
        """As `Index.end_load`."""
        with self._writing() as (_, writer):
            writer.tidy()
        return ""

    @contextlib.contextmanager
    def _reading(self) -> Iterator[tuple[IndexInfo, Reader]]:
        info, folder = self._store.resolved(self._name)
        with translated(), self._while_it_is_there():
            yield info, self._store.reader(folder, info)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[IndexInfo, Writer]]:
        info, folder = self._store.resolved(self._name)
        with translated(), self._while_it_is_there(), write_lock(folder):
            writer = Writer(folder, info)
            try:
                yield info, writer
            finally:
                writer.close()

    @contextlib.contextmanager
    def _while_it_is_there(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise IndexMissing(f"index {self._name} was dropped meanwhile: use another one") from error
