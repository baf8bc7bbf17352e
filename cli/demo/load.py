"""Small requests without a pause: the witness that no request failed while the endpoint changed."""

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cli.endpoint import Endpoint
from cli.errors import one_line

# Two a second keep one of two cores free for what is being released.
PAUSE_SECONDS = 0.5


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
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                version = self.endpoint.read_once(self.picture).model.version or "?"
            except Exception as error:
                self.failures.append(one_line(error))
            else:
                self.answered += 1
                self.versions[version] = self.versions.get(version, 0) + 1
            self.slowest = max(self.slowest, time.monotonic() - started)
            self._stop.wait(PAUSE_SECONDS)
