"""A constant load on the endpoint: so many requests a second, none repeated, each counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class ConstantLoad:
    """Asks from `with` to the end of the block.

    Attributes:
        answers: moment, seconds and version of each answer.
        failures: moment and message of each request that failed.
    """

    def __init__(self, ask: Callable[[], str], *, per_second: float, senders: int) -> None:
        self._ask, self._pause, self._senders = ask, senders / per_second, senders
        self._stop = threading.Event()
        self._counts = threading.Lock()
        self.answers: list[tuple[float, float, str]] = []
        self.failures: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        self._threads = [
            threading.Thread(target=self._send, args=(self._pause * index / self._senders,), daemon=True)
            for index in range(self._senders)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, delay: float) -> None:
        due = time.monotonic() + delay
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            started = time.monotonic()
            try:
                version = self._ask()
            except Exception as error:
                with self._counts:
                    self.failures.append((started, str(error)))
            else:
                with self._counts:
                    self.answers.append((started, time.monotonic() - started, version))
            # One that takes longer than its turn is followed at once by the next: the load does not sink.
            due = max(due + self._pause, time.monotonic() - self._pause)

    @property
    def versions(self) -> set[str]:
        """That have answered."""
        return {version for _, _, version in self.answers}
