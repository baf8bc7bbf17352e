"""Finds similar drawings in both stores, beside an exact search with numpy over the same vectors.

    python benchmarks/search.py                                      20,000 drawings, both stores
    python benchmarks/search.py --drawings 1000000 --store embedded --folder DIR --step load       goes on where it was
    python benchmarks/search.py --drawings 1000000 --store embedded --folder DIR --step measure    within two minutes

A folder keeps the indexes, what an exact search finds, and how long loading took, stops left out; 100,000 drawings grow
to a million.

The vectors are a mixture: 1,000 clusters in 64 latent dimensions (their intrinsic dimension), spread 0.35 within a
cluster, lifted to 2,048 dimensions, with noise and a mean direction that all have in common, as embeddings have.
Isotropic vectors would flatter or damn: no embedding looks like them. One vector a drawing; queries are new draws.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drawing_ocr.search.document import DrawingDocument, IndexedRegion, RegionKind
from drawing_ocr.search.embedded import layout
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.loading import loading
from drawing_ocr.search.opening import open_store
from drawing_ocr.search.opensearch.settings import Compression, IndexSettings
from drawing_ocr.search.store import Index

ROOT = Path(__file__).resolve().parent.parent
DIMENSION, LATENT, CLUSTERS, SPREAD, NOISE, COMMON = 2048, 64, 1_000, 0.35, 0.1, 0.7
MODEL = "mixture/1"
CHUNK = 10_000
BATCH = 500
K = 10
QUERIES = 500
EXACT_QUERIES = 20  # of the peer, which takes a second for each in a million
COLD_QUERIES = 100
CATEGORIES = 10
BOX = ((0.0, 0.0), (1189.0, 0.0), (1189.0, 841.0), (0.0, 841.0))

Floats = npt.NDArray[np.float32]


@cache
def mixture() -> tuple[Floats, Floats, Floats]:
    """Centres [CLUSTERS, LATENT], lift [LATENT, DIMENSION], common part [DIMENSION]."""
    random = np.random.default_rng(7)
    return (
        random.standard_normal((CLUSTERS, LATENT), dtype=np.float32),
        random.standard_normal((LATENT, DIMENSION), dtype=np.float32) / np.float32(8),
        random.standard_normal(DIMENSION, dtype=np.float32) * np.float32(COMMON),
    )


def drawn(part: int, count: int) -> npt.NDArray[np.float16]:
    """The vectors of one part, [count, DIMENSION], always the same; part 0 is the queries."""
    random = np.random.default_rng([11, part])
    centres, lift, common = mixture()
    latent = centres[random.integers(0, CLUSTERS, count)]
    latent = latent + SPREAD * random.standard_normal(latent.shape, dtype=np.float32)
    vectors = latent @ lift + NOISE * random.standard_normal((count, DIMENSION), dtype=np.float32) + common
    unit: npt.NDArray[np.float16] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")
    return unit


def parts(drawings: int) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """(number of the first drawing, vectors)."""
    for first in range(0, drawings, CHUNK):
        yield first, drawn(1 + first // CHUNK, min(CHUNK, drawings - first))


def document(number: int, vector: npt.NDArray[np.float16]) -> DrawingDocument:
    return DrawingDocument(
        drawing_id=f"{number:07}.pdf",
        version="1",
        uri=f"s3://drawings/{number:07}.pdf",
        width=1189,
        height=841,
        number=f"DX-{number:07}",
        title=f"part {number % 977} 法兰",
        material=f"m{number % 7}",
        category=f"c{number % CATEGORIES}",
        size_mm=number % 500,
        model=MODEL,
        regions=(IndexedRegion(kind=RegionKind.SHEET, box=BOX, vector=vector.tobytes()),),
    )


@dataclass
class Truth:
    """What an exact search finds: drawing numbers [QUERIES, K], of all and of one category."""

    everything: npt.NDArray[np.int64]
    category: npt.NDArray[np.int64]


def truth(drawings: int, queries: Floats, folder: Path) -> Truth:
    """Kept in a file, because it takes minutes for a million."""
    path = folder / f"truth-{drawings}.npz"
    if not path.exists():
        best = [Best(len(queries)), Best(len(queries))]
        for first, vectors in parts(drawings):
            scores = queries @ vectors.astype(np.float32).T
            numbers = np.arange(first, first + len(vectors))
            best[0].add(scores, numbers)
            ours = numbers % CATEGORIES == 3
            best[1].add(scores[:, ours], numbers[ours])
        np.savez(path, everything=best[0].numbers, category=best[1].numbers)
    found = np.load(path)
    return Truth(found["everything"], found["category"])


class Best:
    """The K best of each query so far."""

    def __init__(self, queries: int) -> None:
        self.scores = np.full((queries, K), -np.inf, np.float32)
        self.numbers = np.full((queries, K), -1, np.int64)

    def add(self, scores: Floats, numbers: npt.NDArray[np.int64]) -> None:
        all_scores = np.concatenate([self.scores, scores], axis=1)
        all_numbers = np.concatenate([self.numbers, np.broadcast_to(numbers, scores.shape)], axis=1)
        chosen = np.argsort(-all_scores, axis=1, kind="stable")[:, :K]
        self.scores = np.take_along_axis(all_scores, chosen, axis=1)
        self.numbers = np.take_along_axis(all_numbers, chosen, axis=1)


class Load:
    """The load of one index, which may be stopped and gone on with.

    Args:
        index: Where to.
        record: The file that keeps how long it took and how many drawings were brought to the end.
    """

    def __init__(self, index: Index, record: Path) -> None:
        self._index = index
        self._record = record
        kept: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {"seconds": 0.0, "ended": 0}
        self.seconds: float = kept["seconds"]
        """Of all runs, but for the part in which one was stopped."""
        self.ended: int = kept["ended"]

    def run(self, drawings: int) -> None:
        """Put what is not there yet."""
        done = self._index.count()
        if done > drawings:
            raise SystemExit(f"the index holds {done:,} drawings already: name another --folder for {drawings:,}")
        if self.ended == drawings:
            return
        with loading(self._index):
            for first, vectors in parts(drawings):
                if first + len(vectors) > done:
                    started = time.perf_counter()
                    self._put(first, vectors)
                    self._keep(time.perf_counter() - started)
            started = time.perf_counter()
        self.ended = drawings
        self._keep(time.perf_counter() - started)

    def _put(self, first: int, vectors: npt.NDArray[np.float16]) -> None:
        for at in range(0, len(vectors), BATCH):
            refused = self._index.put(
                [document(first + at + i, vector) for i, vector in enumerate(vectors[at : at + BATCH])]
            )
            assert not refused, refused[0]

    def _keep(self, seconds: float) -> None:
        self.seconds += seconds
        self._record.write_text(json.dumps({"seconds": self.seconds, "ended": self.ended}))


def timed(search: Callable[[int], list[str]], count: int) -> tuple[list[list[str]], dict[str, float]]:
    """What `count` searches found, and percentiles in milliseconds."""
    found, milliseconds = [], []
    for i in range(count):
        started = time.perf_counter()
        found.append(search(i))
        milliseconds.append((time.perf_counter() - started) * 1000)
    return found, {"p50": float(np.percentile(milliseconds, 50)), "p99": float(np.percentile(milliseconds, 99))}


def recall(found: list[list[str]], expected: npt.NDArray[np.int64]) -> float:
    hits = [len({f"{n:07}.pdf" for n in row.tolist()} & set(ids)) for ids, row in zip(found, expected, strict=False)]
    return sum(hits) / (K * len(found))


def searches(index: Index, expected: Truth) -> dict[str, float]:
    """Recall and times of the three kinds of search."""
    queries = drawn(0, QUERIES)

    def nearest(i: int, filters: Filters) -> list[str]:
        hits = index.nearest(queries[i].tobytes(), model=MODEL, k=K, filters=filters)
        return [hit.drawing_id for hit in hits]

    timed(lambda i: nearest(i, Filters()), 20)
    found, times = timed(lambda i: nearest(i, Filters()), QUERIES)
    tenth, tenth_times = timed(lambda i: nearest(i, Filters(category=("c3",))), 100)
    _, word_times = timed(lambda i: [hit.drawing_id for hit in index.words(f"DX-{i:07} 法兰", k=K)], 50)
    return {
        "recall": recall(found, expected.everything),
        "p50": times["p50"],
        "p99": times["p99"],
        "recall_filtered": recall(tenth, expected.category),
        "p99_filtered": tenth_times["p99"],
        "p99_words": word_times["p99"],
    }


@dataclass(frozen=True)
class Steps:
    """What a run does."""

    load: bool
    measure: bool

    def check(self, load: Load, drawings: int) -> None:
        """Nothing is measured on a part of the drawings."""
        if load.ended != drawings:
            raise SystemExit(f"{load.ended:,} drawings are loaded, not {drawings:,}: run --step load first")


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process, mapped files included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} says nothing of its memory")


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def forget(path: Path) -> None:
    """Let the system drop a file from its cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_embedded(folder: Path, drawings: int) -> dict[str, float]:
    """In a process of its own, so that its memory is the store's."""
    before = resident_mb()
    for path in folder.rglob("*.*"):
        if path.is_file():
            forget(path)
    queries = drawn(0, QUERIES)
    started = time.perf_counter()
    index = open_store(str(folder / "store")).index("drawings")
    index.nearest(queries[0].tobytes(), model=MODEL, k=K)
    restart = time.perf_counter() - started
    figures = searches(index, truth(drawings, queries.astype(np.float32), folder))
    memory = resident_mb() - before
    (vectors,) = (folder / "store").glob(f"*/{layout.vectors(Path()).name}")

    def cold(i: int) -> list[str]:
        return [hit.drawing_id for hit in index.nearest(queries[i].tobytes(), model=MODEL, k=K)]

    milliseconds = []
    for i in range(COLD_QUERIES):
        forget(vectors)
        _, times = timed(lambda _, i=i: cold(i), 1)  # type: ignore[misc]
        milliseconds.append(times["p50"])
    return {
        **figures,
        "restart": restart,
        "memory": memory,
        "p99_cold": float(np.percentile(milliseconds, 99)),
        "disk": size_mb(folder / "store"),
    }


def measure_exact(drawings: int) -> dict[str, float]:
    """The peer: every vector in memory as float32, one matrix product a query."""
    vectors = np.empty((drawings, DIMENSION), np.float32)
    for first, part in parts(drawings):
        vectors[first : first + len(part)] = part
    queries = drawn(0, QUERIES).astype(np.float32)
    _, times = timed(lambda i: np.argpartition(-(vectors @ queries[i]), K)[:K].tolist(), EXACT_QUERIES)
    return {"recall": 1.0, **times, "memory": vectors.nbytes / 2**20}


def in_own_process(*arguments: str) -> dict[str, float]:
    output = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(output.stdout.splitlines()[-1])
    return figures


def embedded(folder: Path, drawings: int, steps: Steps) -> dict[str, float]:
    store = open_store(str(folder / "store"))
    store.create("drawings", DIMENSION, MODEL)
    load = Load(store.index("drawings"), folder / "load-embedded.json")
    if steps.load:
        load.run(drawings)
        truth(drawings, drawn(0, QUERIES).astype(np.float32), folder)
    store.close()
    steps.check(load, drawings)
    if not steps.measure:
        return {"load": load.seconds}
    return {
        "load": load.seconds,
        **in_own_process("--measure", "embedded", "--folder", str(folder), "--drawings", str(drawings)),
    }


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, str]]:
    """(process, address) of a node with a heap of 1 GiB."""
    start = ROOT / "scripts" / "opensearch" / "start.sh"
    environment = {**os.environ, "OPENSEARCH_HEAP": "1g"}
    output = subprocess.run([start, folder], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    pid, port = map(int, output.stdout.split())
    try:
        yield pid, f"http://127.0.0.1:{port}"
    finally:
        os.kill(pid, 15)


def opensearch(folder: Path, drawings: int, compression: Compression, steps: Steps) -> dict[str, float]:
    data = folder / f"opensearch-{compression}"
    started = time.perf_counter()
    with server(data) as (pid, address):
        restart = time.perf_counter() - started
        settings = IndexSettings(engine="lucene", compression=compression, replicas=0)
        store = open_store(address, settings=settings)
        store.create("drawings", DIMENSION, MODEL)
        index = store.index("drawings")
        load = Load(index, folder / f"load-opensearch-{compression}.json")
        expected = truth(drawings, drawn(0, QUERIES).astype(np.float32), folder)
        if steps.load:
            load.run(drawings)
        steps.check(load, drawings)
        if not steps.measure:
            return {"load": load.seconds}
        return {
            "load": load.seconds,
            **searches(index, expected),
            "restart": restart,
            "memory": resident_mb(pid),
            "disk": size_mb(data / "data"),
        }


COLUMNS = {
    "recall": "recall@10",
    "p50": "p50 ms",
    "p99": "p99 ms",
    "p99_cold": "p99 ms, cold disk",
    "recall_filtered": "recall@10, filter 10 %",
    "p99_filtered": "p99 ms, filter 10 %",
    "p99_words": "p99 ms, words",
    "memory": "memory MB",
    "disk": "disk MB",
    "load": "load s",
    "restart": "restart s",
}


def show(drawings: int, rows: dict[str, dict[str, float]]) -> None:
    print(f"\n{drawings:,} x {DIMENSION}, {LATENT} intrinsic dimensions, {CLUSTERS:,} clusters, {os.cpu_count()} cores")
    print("| store | " + " | ".join(COLUMNS.values()) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, figures in rows.items():
        cells = [_cell(column, figures[column]) if column in figures else "" for column in COLUMNS]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def _cell(column: str, value: float) -> str:
    return f"{value:.4f}" if column.startswith("recall") else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=20_000)
    parser.add_argument("--store", choices=["embedded", "opensearch", "both"], default="both")
    parser.add_argument("--compression", choices=["1x", "4x"], nargs="+", default=["1x", "4x"], help="of OpenSearch")
    parser.add_argument("--step", choices=["load", "measure", "both"], default="both", help="with --folder")
    parser.add_argument("--folder", type=Path, help="keeps the index and what is exact; default: a temporary one")
    parser.add_argument("--measure", choices=["embedded", "exact"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    drawings: int = arguments.drawings
    if arguments.measure == "embedded":
        print(json.dumps(measure_embedded(arguments.folder, drawings)))
        return
    if arguments.measure == "exact":
        print(json.dumps(measure_exact(drawings)))
        return
    steps = Steps(load=arguments.step != "measure", measure=arguments.step != "load")
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows: dict[str, dict[str, float]] = {}
        if arguments.store != "opensearch":
            rows["embedded"] = embedded(folder, drawings, steps)
        if arguments.store != "embedded" and not any(ROOT.glob(".opensearch/opensearch-*/.ready")):
            print("OpenSearch is left out: no server: run `make opensearch`")
        elif arguments.store != "embedded":
            for compression in arguments.compression:
                rows[f"OpenSearch, Lucene {compression}"] = opensearch(folder, drawings, compression, steps)
        if steps.measure and drawings * DIMENSION * 4 < _available_bytes() / 2:
            rows["exact, numpy float32"] = in_own_process("--measure", "exact", "--drawings", str(drawings))
        show(drawings, rows)


def _available_bytes() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
