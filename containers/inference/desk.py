"""The desk: a bounded queue before a fixed number of worker threads that share one reader, or one embedder."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

import cv2
import numpy as np

from containers.inference.turn import Stage, Turn, TurnOver
from drawing_ocr.reading.image import ImageError, Page
from drawing_ocr.reading.result import ModelName

_log = logging.getLogger(__name__)

# A worker whose turn is over ends with its next call of a network, a second at most. One that has not after this long
# hangs; when all do, nothing will ever be answered again.
_HANGS_AFTER: Final = 30.0
_LONGEST_RETRY: Final = 60
_PACE_MEMORY: Final = 0.8  # of the running mean of seconds a reading

T = TypeVar("T")


class Answer(Protocol):
    """What was found in an image file; `counts` is for the log."""

    @property
    def counts(self) -> dict[str, int]: ...

    def model_dump_json(self) -> str: ...


class Reader(Protocol):
    """What the desk asks: a reader of texts or an embedder."""

    @property
    def model(self) -> ModelName: ...

    def read(self, page: Page, /) -> Answer: ...

    def read_bytes(self, data: bytes, /) -> Answer: ...


class DeskClosed(RuntimeError):
    """Nothing can be read yet."""


class DeskFull(RuntimeError):
    """As many requests are inside as may; `retry_after` are the seconds until there will be room."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeskOverdue(RuntimeError):
    """The answer did not come in time."""


class Refused(Exception):
    """What a request asks for cannot be done; no fault of the reader. Work that is given to `Place.read` raises it."""


class Desk:
    """Opens a reader in the background, then does work with it in threads.

    Threads, not processes: networks take 85 % of a sheet's time and OpenCV some of the rest, both without Python's
    lock, and one copy of the weights serves all (docs/serving.md).
    """

    def __init__(self, open_reader: Callable[[], Reader], *, workers: int, queue: int) -> None:
        """A desk that is closed until `open` has run.

        Args:
            open_reader: Loads the model; called once, in the thread that calls `open`.
            workers: Files read at the same time.
            queue: Requests that may wait.
        """
        self._open_reader = open_reader
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="reader")
        self._workers = workers
        self._capacity = workers + queue
        self._lock = threading.Lock()
        self._inside = 0
        self._running: set[Turn] = set()
        self._pace = 1.0  # seconds a reading
        self._reader: Reader | None = None
        self._sound = True
        self._proof: Future[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether an answer is possible: the model is loaded, its last proof succeeded, and not every worker hangs.

        While it is unsound, each call has it proved again.
        """
        if self._reader is None:
            return False
        if not self._sound:
            self._prove()
        return self._sound and not self._all_hang()

    @property
    def inside(self) -> int:
        """Requests that arrive, wait or are read."""
        return self._inside

    def open(self) -> None:
        """Loads the model and reads a small sheet, so that the first caller does not wait for either. Blocks."""
        started = time.perf_counter()
        reader = self._open_reader()
        reader.read(_proof_sheet())
        self._reader = reader
        _log.info(
            "ready",
            extra={"seconds": round(time.perf_counter() - started, 3), "model": reader.model.model_dump()},
        )

    @contextmanager
    def place(self, seconds: float) -> Iterator[Place]:
        """A place inside, taken before the body of a request is read, so that bodies are bounded with the requests.

        It stays taken until its thread is free, also when the client has gone or was told that it took too long.

        Args:
            seconds: From now to the answer.

        Raises:
            DeskClosed, DeskFull: see there.
        """
        reader = self._reader
        if reader is None:
            raise DeskClosed("the model is being loaded: try again in a few seconds")
        with self._lock:
            if self._inside >= self._capacity:
                raise self._full()
            self._inside += 1
        place = Place(self, reader, seconds)
        try:
            yield place
        finally:
            place.leave()

    def close(self) -> None:
        """Drops what waits; what is being read goes on until the process ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def submit(self, turn: Turn, work: Callable[[], T]) -> Future[T]:
        """Does the work in a worker thread when its turn has come."""
        return self._threads.submit(self._do, turn, work, time.perf_counter())

    def gone(self) -> None:
        """A place is free again."""
        with self._lock:
            self._inside -= 1

    def _full(self) -> DeskFull:
        wait = math.ceil(self._pace * self._inside / self._workers)
        return DeskFull(
            f"{self._inside} drawings are being read or wait: try again later",
            retry_after=min(max(1, wait), _LONGEST_RETRY),
        )

    def _do(self, turn: Turn, work: Callable[[], T], since: float) -> T:
        begun = time.perf_counter()
        turn.seconds[Stage.QUEUE] += begun - since
        turn.check()
        with self._lock:
            self._running.add(turn)
        try:
            with turn.taken():
                return work()
        except (ImageError, Refused, TurnOver):
            raise
        except Exception:
            self._prove()
            raise
        finally:
            with self._lock:
                self._running.discard(turn)
                self._pace = _PACE_MEMORY * self._pace + (1 - _PACE_MEMORY) * (time.perf_counter() - begun)

    def _prove(self) -> None:
        """After a fault of ours: has a worker read the sheet of the start again; at most one does."""
        with self._lock:
            if self._proof is None or self._proof.done():
                self._proof = self._threads.submit(self._read_proof)

    def _read_proof(self) -> None:
        assert self._reader is not None
        try:
            self._reader.read(_proof_sheet())
        except Exception as error:
            self._sound = False
            _log.error("the model does not answer any more", exc_info=error)
        else:
            self._sound = True

    def _all_hang(self) -> bool:
        overdue = time.monotonic() - _HANGS_AFTER
        with self._lock:
            return len(self._running) == self._workers and all(turn.latest < overdue for turn in self._running)


class Place:
    """One request inside: its turn, and the work that is done for it."""

    def __init__(self, desk: Desk, reader: Reader, seconds: float) -> None:
        self.turn = Turn(time.monotonic() + seconds)
        self._desk = desk
        self._reader = reader
        self._seconds = seconds
        self._future: Future[Any] | None = None

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.turn.latest - time.monotonic())

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Does work with the reader, in a worker thread. To be called once; cancelling it ends the reading.

        Raises:
            DeskOverdue: see there; what the work raises.
        """
        future = self._desk.submit(self.turn, lambda: work(self._reader))
        self._future = future
        waiting = asyncio.wrap_future(future)
        # Of a reading that nobody waits for any more nobody asks how it ended.
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(self.seconds_left):
                return await asyncio.shield(waiting)
        except (TimeoutError, TurnOver) as error:
            raise DeskOverdue(
                f"not read within {self._seconds:g} s: send a smaller drawing, or less at the same time"
            ) from error

    def leave(self) -> None:
        """Frees the place, at the latest when the thread that works for it is free."""
        self.turn.abandon()
        if self._future is None:
            self._desk.gone()
            return
        self._future.cancel()
        self._future.add_done_callback(lambda _: self._desk.gone())


def _proof_sheet() -> Page:
    sheet = np.full((256, 256, 3), 255, np.uint8)  # a larger one would only cost start-up time
    cv2.putText(sheet, "R12.5", (50, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    return sheet
