"""A real OpenSearch server for tests: started, killed, started again on the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
START = ROOT / "scripts" / "opensearch" / "start.sh"


def is_installed() -> bool:
    build = Path(os.environ.get("OPENSEARCH_BUILD", ROOT / ".opensearch"))
    return any(build.glob("opensearch-*/.ready"))


def require() -> None:
    """Skips the test, loudly, where no server is installed; with REQUIRE_OPENSEARCH=1, as in CI, fails it."""
    if is_installed():
        return
    reason = "no OpenSearch server: install Maven (apt-get install maven), then run `make opensearch`"
    if os.environ.get("REQUIRE_OPENSEARCH") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class Server:
    """One node; starting it does not wait until somebody asks for its address.

    Args:
        folder: For its data and logs.
        settings: Of the node, for example `-Ethread_pool.write.size=1`.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self._starting: subprocess.Popen[str] | None = None
        self._pid = 0
        self._address = ""
        self.start()

    def start(self) -> None:
        """Begin; again after a kill."""
        self._address = ""
        self._starting = subprocess.Popen([START, self._folder, *self._settings], stdout=subprocess.PIPE, text=True)

    @property
    def address(self) -> str:
        """When it serves."""
        if not self._address:
            assert self._starting is not None
            output, _ = self._starting.communicate(timeout=150)
            assert self._starting.returncode == 0, f"the server did not start: see {self._folder}"
            self._pid, port = map(int, output.split())
            self._address = f"http://127.0.0.1:{port}"
        return self._address

    def kill(self) -> None:
        """As a power cut would."""
        _ = self.address
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In order; one that does not serve yet is stopped when it does."""
        with suppress(AssertionError):
            _ = self.address
            self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)
        deadline = time.monotonic() + 20
        while _runs(self._pid) and time.monotonic() < deadline:
            time.sleep(0.02)


@contextmanager
def server(folder: Path, *settings: str) -> Iterator[Server]:
    """For as long as the context lasts."""
    started = Server(folder, *settings)
    try:
        yield started
    finally:
        started.stop()


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
