"""Dynamic batching: lines of several requests in one call of the network, where that is faster (a GPU).

No timer and no thread of its own: while a call runs, what comes meanwhile gathers; the next of the waiting threads
takes the oldest and all that has its width, up to the batch, and hands out what it read. Who is alone waits for nobody.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.session import Network

Images = npt.NDArray[np.float32]


@dataclass(eq=False)
class _Order:
    """Lines of one request, [n, 3, 48, width], and what came of them."""

    images: Images
    output: Images | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.output is not None or self.error is not None


class SharedNetwork:
    """A network that many threads call, and which runs in few calls of many images.

    What a line reads is the same in every company, to the last bit: images of one call have one shape, and a line is
    never alone, because networks multiply the matrices of one image in another order than those of several
    (`tests/containers/inference/test_batching.py`).
    """

    def __init__(self, network: Network, *, batch: int, calls: int = 1) -> None:
        """A shared network.

        Args:
            network: Takes images of one shape.
            batch: Most images in one call. An order of more is a call of its own.
            calls: Calls that run at the same time.
        """
        self._network = network
        self._batch = batch
        self._calls = calls
        self._changed = threading.Condition()
        self._waiting: list[_Order] = []
        self._running = 0

    def __call__(self, images: Images) -> Images:
        """The output for images, [n, ...]."""
        order = _Order(images)
        with self._changed:
            self._waiting.append(order)
            while not order.done:
                if self._running < self._calls and self._waiting:
                    self._run_oldest()
                else:
                    self._changed.wait()
        if order.error is not None:
            raise order.error
        assert order.output is not None
        return order.output

    def _run_oldest(self) -> None:
        """Runs the oldest order and what fits to it; the lock is held before and after, not during the call."""
        orders = self._take()
        self._running += 1
        self._changed.release()
        try:
            outputs = self._outputs([order.images for order in orders])
            error = None
        except BaseException as raised:
            outputs, error = [], raised
        finally:
            self._changed.acquire()
            self._running -= 1
        for index, order in enumerate(orders):
            order.output, order.error = (None, error) if error else (outputs[index], None)
        self._changed.notify_all()

    def _outputs(self, parts: list[Images]) -> list[Images]:
        images = np.concatenate(parts)
        count = len(images)
        output = self._network(np.repeat(images, 2, axis=0) if count == 1 else images)[:count]
        return np.split(output, np.cumsum([len(part) for part in parts])[:-1])

    def _take(self) -> list[_Order]:
        oldest = self._waiting[0]
        taken, count = [oldest], len(oldest.images)
        for order in self._waiting[1:]:
            if order.images.shape[1:] == oldest.images.shape[1:] and count + len(order.images) <= self._batch:
                taken.append(order)
                count += len(order.images)
        self._waiting = [order for order in self._waiting if order not in taken]
        return taken
