"""The inference server under broken requests and pictures of every size: it answers all and grows by none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fuzzing import fuzz, server_settings
from benchmarks.memory import ask_sizes
from benchmarks.served import Served, serve
from tests.drawing_ocr.reading.world import write_package

pytestmark = pytest.mark.fault

REQUESTS = 40  # `python -m benchmarks.fuzzing` sends 10,000
SIZES = 6  # `python -m benchmarks.memory` sends 2,000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    base: Path = tmp_path_factory.mktemp("ml")
    write_package(base / "model")
    with serve(base, server_settings()) as served:
        yield served


def test_broken_requests_are_refused_in_time_and_kill_nothing(server: Served) -> None:
    outcomes = fuzz(server, range(1_000_000, 1_000_000 + REQUESTS), clients=2)
    assert [f"{each.case.number}: {each.problem}" for each in outcomes if each.problem] == []
    assert {200, 422} <= {each.status for each in outcomes}
    assert server.process.poll() is None
    assert server.ping() == 200


def test_memory_does_not_follow_the_sizes_of_pictures(server: Served) -> None:
    first, second = (sum(ask_sizes(server, SIZES, seed=5)) for _ in range(2))
    # So few are loose: a leak of a tenth in six pictures is told, one of a twentieth in 2,000 by the benchmark.
    assert second <= 1.1 * first
