from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.training.batches import BatchOrder

widths = st.lists(st.integers(8, 900), min_size=1, max_size=200)


@given(
    widths=widths,
    batch=st.integers(1, 40),
    processes=st.integers(1, 4),
    epoch=st.integers(0, 5),
    seed=st.integers(0, 9),
)
def test_all_processes_together_see_every_line_once_an_epoch(
    widths: list[int], batch: int, processes: int, epoch: int, seed: int
) -> None:
    orders = [BatchOrder(widths, batch, seed, number, processes) for number in range(processes)]
    seen = [index for order in orders for lines in order.epoch(epoch) for index in lines]
    assert sorted(seen) == list(range(len(widths)))
    for order in orders:
        assert len(order.epoch(epoch)) == order.batches_per_epoch()
        assert all(0 < len(lines) <= batch for lines in order.epoch(epoch))


@given(widths=widths, epoch=st.integers(0, 5))
def test_the_order_is_the_same_whenever_it_is_asked_for(widths: list[int], epoch: int) -> None:
    assert BatchOrder(widths, 8, 1, 0, 2).epoch(epoch) == BatchOrder(widths, 8, 1, 0, 2).epoch(epoch)


def test_lines_of_like_width_share_a_batch() -> None:
    widths = [(index * 37) % 400 + 20 for index in range(512)]
    order = BatchOrder(widths, 8, 0)
    spans = [max(widths[i] for i in lines) - min(widths[i] for i in lines) for lines in order.epoch(0)]
    assert sum(spans) / len(spans) < 60


def test_epochs_differ() -> None:
    order = BatchOrder(list(range(64)), 8, 0)
    assert order.epoch(0) != order.epoch(1)
