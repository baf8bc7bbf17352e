"""A request's turn at the reader: until when, whether somebody still waits, and where the time went."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.session import Network


class Stage(StrEnum):
    """Where the seconds of a request go."""

    BODY = "body"  # until its last byte had come
    QUEUE = "queue"  # until a thread was free
    DETECTION = "detection"
    RECOGNITION = "recognition"
    REST = "rest"  # decoding, boxes, layout, the answer's JSON


class TurnOver(RuntimeError):
    """Nobody waits for this reading any more."""


class Turn:
    """One request from its arrival on. `latest` is a moment of `time.monotonic`."""

    def __init__(self, latest: float) -> None:
        self.latest = latest
        self.seconds: defaultdict[Stage, float] = defaultdict(float)
        self._abandoned = threading.Event()

    def abandon(self) -> None:
        """The client has gone, or was told that it took too long."""
        self._abandoned.set()

    def check(self) -> None:
        """Raises `TurnOver` when the reading is for nobody."""
        if self._abandoned.is_set():
            raise TurnOver("nobody waits for it")
        if time.monotonic() > self.latest:
            raise TurnOver("its time is over")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Makes it the turn of the calling thread; what its networks do not take is `Stage.REST`."""
        token = _current.set(self)
        begun, before = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            _current.reset(token)
            networks = sum(self.seconds.values()) - before
            self.seconds[Stage.REST] += time.perf_counter() - begun - networks


_current: Final[ContextVar[Turn | None]] = ContextVar("turn", default=None)


class Watched:
    """A network between whose calls a reading can end, and whose time is counted for the turn of the calling thread.

    A call takes about a third of a second (a tile of two megapixels): so long may a reading outlast its client.
    """

    def __init__(self, network: Network, stage: Stage) -> None:
        self._network = network
        self._stage = stage

    def __call__(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        turn = _current.get()
        if turn is None:  # the reading that proves that the model answers
            return self._network(images)
        turn.check()
        begun = time.perf_counter()
        try:
            return self._network(images)
        finally:
            turn.seconds[self._stage] += time.perf_counter() - begun
