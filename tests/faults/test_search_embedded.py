"""The writer of an embedded index is killed at random instants; searches and the next writer see whole states only."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from drawing_ocr.search.document import DrawingDocument
from drawing_ocr.search.embedded.store import EmbeddedStore
from drawing_ocr.search.store import Index, StoreBusy
from tests.drawing_ocr.search.world import DIMENSION, MODEL, document, unit

pytestmark = pytest.mark.fault

KILLS = 6
DRAWINGS = 40  # of a batch; each with two regions

# Puts the same drawings again and again, each time all of them with a new version; says what has returned.
WRITER = """
import sys
from pathlib import Path
from drawing_ocr.search.embedded.store import EmbeddedStore
from tests.faults.test_search_embedded import batch
index = EmbeddedStore(Path(sys.argv[1])).index("drawings")
for version in range(int(sys.argv[2]), 10_000):
    index.put(batch(version))
    print(version, flush=True)
"""


def batch(version: int) -> list[DrawingDocument]:
    """All drawings in one version; their vectors say which."""
    return [
        document(
            f"d{i}",
            unit(1_000 * version + i),
            unit(1_000 * version + i + 500),
            version=str(version),
            sequencer=f"{version:08X}",
            title=f"version{version}",
        )
        for i in range(DRAWINGS)
    ]


def write(folder: Path, first: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(first)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def whole_version(index: Index) -> int:
    """The version that all drawings have, in the database, the words and the vectors."""
    versions = {version for _, version, _ in index.listing()}
    assert len(versions) == 1, f"a mixture of {versions}"
    (version,) = map(int, versions)
    assert len(index.words(f"version{version}", k=1_000)) == DRAWINGS
    for i in (0, DRAWINGS - 1):
        for region in (0, 500):
            (hit,) = index.nearest(unit(1_000 * version + i + region), model=MODEL, k=1)
            assert (hit.drawing_id, hit.record.version) == (f"d{i}", str(version))
            assert hit.score == pytest.approx(1, abs=0.001)
    stored = index.get("d0")
    assert stored is not None
    assert [region.vector for region in stored.regions] == [unit(1_000 * version), unit(1_000 * version + 500)]
    return version


def test_a_writer_killed_at_any_instant_leaves_the_last_whole_state(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    index = store.index("drawings")
    index.put(batch(0))
    chance = random.Random(5)
    version = 0
    for _ in range(KILLS):
        process = write(tmp_path, version + 1)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        returned = [int(line) for line in process.communicate()[0].split()]
        now = whole_version(index)
        assert now >= max([version + 1, *returned]), "a put that had returned is gone"
        version = now
    index.put(batch(version + 1))
    assert whole_version(index) == version + 1


def test_searches_during_writes_see_every_drawing_in_one_version(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    index = store.index("drawings")
    index.put(batch(0))
    process = write(tmp_path, 1)
    try:
        seen = set()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            hits = index.nearest(unit(1), model=MODEL, k=DRAWINGS)
            assert len({hit.drawing_id for hit in hits}) == DRAWINGS
            assert len({hit.record.version for hit in hits}) == 1
            seen.add(hits[0].record.version)
    finally:
        process.kill()
        process.communicate()
    assert len(seen) > 1, "nothing was written meanwhile"


def test_rows_that_were_given_up_are_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drawing_ocr.search.embedded.writer._REST_SECONDS", -1.0)
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    index = store.index("drawings")
    for version in range(12):
        index.put(batch(version))
        assert whole_version(index) == version
    (vectors,) = tmp_path.glob("*/vectors.f16")
    assert vectors.stat().st_size <= 3 * DRAWINGS * 2 * DIMENSION * 2


def test_codes_are_fitted_under_a_kill_and_find_what_exact_search_finds(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    index = store.index("drawings")
    vectors = np.random.default_rng(1).standard_normal((5_000, DIMENSION))
    vectors = np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "<f2")
    documents = [document(f"d{i:04}", vector.tobytes()) for i, vector in enumerate(vectors)]
    index.put(documents[:4_000])
    script = f"""
import os, signal
from pathlib import Path
import numpy as np
from drawing_ocr.search.embedded import writer
from drawing_ocr.search.embedded.store import EmbeddedStore
from tests.drawing_ocr.search.world import document
writer.Codec.fitted = lambda sample: os.kill(os.getpid(), signal.SIGKILL)
vectors = np.frombuffer(Path({str(tmp_path / "more")!r}).read_bytes(), "<f2").reshape(-1, {DIMENSION})
EmbeddedStore(Path({str(tmp_path)!r})).index("drawings").put(
    [document(f"d{{i:04}}", vector.tobytes()) for i, vector in enumerate(vectors, 4_000)])
"""
    (tmp_path / "more").write_bytes(vectors[4_000:].tobytes())
    killed = subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert index.count() == 5_000
    assert not list(tmp_path.glob("*/codes-*"))
    index.put(documents[:1])
    assert list(tmp_path.glob("*/codes-*"))
    for seed in range(20):
        query = np.frombuffer(unit(seed), "<f2").astype(float)
        nearest = np.argsort(-(vectors.astype(float) @ query))[:5]
        hits = index.nearest(unit(seed), model=MODEL, k=5)
        assert [hit.drawing_id for hit in hits] == [f"d{i:04}" for i in nearest]


def test_two_backfills_at_once_lose_nothing(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    both = [write(tmp_path, 1), write(tmp_path, 1)]
    returned = []
    for process in both:
        assert process.stdout is not None
        returned.append(int(process.stdout.readline()))
    time.sleep(0.5)
    for process in both:
        process.kill()
        returned += map(int, process.communicate()[0].split())
    assert whole_version(store.index("drawings")) >= max(returned)


def test_a_writer_that_hangs_is_busy_for_the_others_and_no_hindrance_to_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drawing_ocr.search.embedded.lock._WAIT_SECONDS", 0.2)
    store = EmbeddedStore(tmp_path)
    store.create("drawings", DIMENSION, MODEL)
    index = store.index("drawings")
    index.put(batch(0))
    process = write(tmp_path, 1)
    assert process.stdout is not None
    try:
        for _ in range(100):
            process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            try:
                index.put([document("other", unit(1))])
            except StoreBusy:
                break
            process.send_signal(signal.SIGCONT)
        else:
            pytest.fail("never stopped inside a write")
        assert len(index.nearest(unit(1), model=MODEL, k=100)) >= DRAWINGS
    finally:
        process.kill()
        process.communicate()
    assert index.put([document("other", unit(1))]) == []
