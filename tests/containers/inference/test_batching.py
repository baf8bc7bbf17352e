"""Lines of several requests in one call of the network."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containers.inference.batching import Images, SharedNetwork
from drawing_ocr.reading.session import Session
from tests.drawing_ocr.reading.world import RECOGNISER


class Held:
    """A network that doubles its images, remembers the shapes of its calls, and waits in each for `go`."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, images: Images) -> Images:
        self.calls.append(images.shape)
        self.entered.release()
        assert self.go.wait(20)
        return images * 2


def lines(count: int, width: int, value: float = 1.0) -> Images:
    return np.full((count, 3, 2, width), value, np.float32)


def test_what_gathers_during_a_call_goes_together_by_width_up_to_the_batch() -> None:
    network = Held()
    shared = SharedNetwork(network, batch=6)
    orders = [lines(3, 8, 1), lines(2, 8, 2), lines(2, 16, 3), lines(4, 8, 4), lines(3, 8, 5)]
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(shared, lines(1, 8, 9))
        assert network.entered.acquire(timeout=20)
        later = []
        for order in orders:
            later.append(threads.submit(shared, order))
            while len(shared._waiting) < len(later):
                pass
        network.go.set()
        assert np.array_equal(first.result(20), lines(1, 8, 18))
        for order, answer in zip(orders, later, strict=True):
            assert np.array_equal(answer.result(20), order * 2)
    assert [shape[0] for shape in network.calls] == [2, 5, 2, 4, 3]
    assert [shape[3] for shape in network.calls] == [8, 8, 16, 8, 8]


def test_an_order_that_fails_fails_for_those_in_its_call_and_for_nobody_else() -> None:
    def broken(images: Images) -> Images:
        if images.shape[3] == 8:
            raise RuntimeError("broken")
        return images

    shared = SharedNetwork(broken, batch=4)
    with pytest.raises(RuntimeError, match="broken"):
        shared(lines(1, 8))
    assert shared(lines(2, 16)).shape == (2, 3, 2, 16)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([8, 16])), min_size=1, max_size=12), st.integers(1, 3))
def test_each_order_gets_its_own_lines_however_they_meet(orders: list[tuple[int, int]], calls: int) -> None:
    shared = SharedNetwork(lambda images: images * 2, batch=6, calls=calls)
    given_images = [lines(count, width, number) for number, (count, width) in enumerate(orders)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(shared, given_images, timeout=20))
    assert all(np.array_equal(answer, each * 2) for answer, each in zip(answers, given_images, strict=True))


def test_a_line_reads_the_same_in_every_company_to_the_last_bit() -> None:
    session = Session(RECOGNISER, threads=1)
    images = np.random.default_rng(3).standard_normal((5, 3, 48, 160)).astype(np.float32)
    together = SharedNetwork(session, batch=5)(images)
    shared = SharedNetwork(session, batch=4)
    with ThreadPoolExecutor(5) as threads:
        alone = list(threads.map(shared, np.split(images, 5)))
    assert np.array_equal(np.concatenate(alone), together)
