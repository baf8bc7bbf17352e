"""The desk: a bounded queue before a fixed number of worker threads that share one reader, or one embedder."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import cv2
import numpy as np

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.result import ModelName

_log = logging.getLogger(__name__)


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
    """As many requests wait as may."""


class DeskOverdue(RuntimeError):
    """The answer did not come in time."""


class Desk:
    """Opens a reader in the background, then reads images in worker threads.

    Threads, not processes: nearly all of the time is spent in ONNX Runtime and OpenCV, which release Python's lock, and
    one copy of the weights serves all (benchmarks/serving.py).
    """

    def __init__(self, open_reader: Callable[[], Reader], *, workers: int, queue: int, deadline: float) -> None:
        """A desk that is closed until `open` has run.

        Args:
            open_reader: Loads the model; called once, in a thread of its own.
            workers: Images read at the same time.
            queue: Images that may wait.
            deadline: Seconds until a caller is told that it took too long.
        """
        self._open_reader = open_reader
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="reader")
        self._capacity = workers + queue
        self._deadline = deadline
        self._taken = 0
        self._reader: Reader | None = None
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and has answered once."""
        return self._reader is not None

    def open(self) -> None:
        """Loads the model and reads a small sheet, so that the first caller does not wait for either. Blocks."""
        started = time.perf_counter()
        reader = self._open_reader()
        reader.read(_warm_up_sheet())
        self._reader = reader
        _log.info(
            "ready",
            extra={"seconds": round(time.perf_counter() - started, 3), "model": reader.model.model_dump()},
        )

    async def read(self, data: bytes) -> Answer:
        """Reads an image file's content.

        Raises:
            DeskClosed, DeskFull, DeskOverdue: see there.
            drawing_ocr.reading.image.ImageError: the caller's mistake.
        """
        reader = self._reader
        if reader is None:
            raise DeskClosed("the model is being loaded: try again in a few seconds")
        with self._lock:
            if self._taken >= self._capacity:
                raise DeskFull(f"{self._taken} drawings are being read or wait: try again in a few seconds")
            self._taken += 1
        latest = time.monotonic() + self._deadline
        future = self._workers.submit(self._read_before, reader, data, latest)
        # A place is taken until its thread is free, also when the caller has gone or was told that it took too long.
        future.add_done_callback(lambda _: self._leave())
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + self._deadline):
                return await asyncio.shield(asyncio.wrap_future(future))
        except TimeoutError as error:
            future.cancel()
            raise DeskOverdue(
                f"not read within {self._deadline:g} s: send a smaller drawing, or less at the same time"
            ) from error

    def close(self) -> None:
        """Drops what waits; what is being read goes on until the process ends."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1

    @staticmethod
    def _read_before(reader: Reader, data: bytes, latest: float) -> Answer:
        if time.monotonic() > latest:
            raise DeskOverdue("waited too long for a worker")
        return reader.read_bytes(data)


def _warm_up_sheet() -> Page:
    sheet = np.full((256, 512, 3), 255, np.uint8)
    cv2.putText(sheet, "R12.5", (160, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    return sheet
