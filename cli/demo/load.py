"""Small requests without a pause: the witness that no request failed while the endpoint changed."""

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cli.endpoint import Endpoint
from cli.errors import one_line

# Two people who ask without a pause worth the name: dozens of requests while one version replaces another.
SENDERS = 2
PAUSE_SECONDS = 0.05


@dataclass
class Load:
    """Sends `picture` to the endpoint again and again, from `with` to the end of the block.

    No request is repeated: one that fails counts as failed, whatever the next one does.
    """

    endpoint: Endpoint
    picture: bytes
    answered: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._counts = threading.Lock()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                answer: str | Exception = self.endpoint.read_once(self.picture).model.version or "?"
            except Exception as error:
                answer = error
            self._count(answer, time.monotonic() - started)
            self._stop.wait(PAUSE_SECONDS)

    def _count(self, answer: str | Exception, seconds: float) -> None:
        """`answer` is the version that answered, or what went wrong."""
        with self._counts:
            if isinstance(answer, Exception):
                self.failures.append(one_line(answer))
            else:
                self.answered += 1
                self.versions[answer] = self.versions.get(answer, 0) + 1
            self.slowest = max(self.slowest, seconds)
