"""Tests of drawing_ocr/search/sizing.py against OpenSearch's own worked figures."""

from __future__ import annotations

import pytest

from drawing_ocr.search.sizing import INSTANCE_MEMORY_GIB, SizingError, domain_size, graph_bytes, graph_memory_gib


@pytest.mark.parametrize(
    ("compression", "gigabytes"), [(1, 9.15), (2, 4.65), (4, 2.39), (8, 1.27), (16, 0.70), (32, 0.42)]
)
def test_a_million_vectors_take_the_memory_that_the_formula_says(compression: int, gigabytes: float) -> None:
    assert graph_bytes(1e6, 2048, compression) / 1e9 == pytest.approx(gigabytes, abs=0.01)


@pytest.mark.parametrize("drawings", [1, 10_000, 1_000_000, 20_000_000])
@pytest.mark.parametrize("zones", [2, 3])
def test_a_domain_holds_its_graphs_and_spreads_over_its_zones(drawings: int, zones: int) -> None:
    size = domain_size(drawings, zones=zones)
    assert size.data_nodes * graph_memory_gib(size.instance_type) >= size.graph_gib
    assert size.data_nodes % zones == 0
    assert size.data_nodes * size.volume_gib * 0.8 >= size.disk_gib * 2.6
    assert size.instance_type in INSTANCE_MEMORY_GIB


def test_more_drawings_never_need_less() -> None:
    sizes = [domain_size(10**exponent) for exponent in range(2, 8)]
    memory = [size.data_nodes * INSTANCE_MEMORY_GIB[size.instance_type] for size in sizes]
    assert memory == sorted(memory)


def test_figures_of_which_no_domain_can_be_made_are_refused() -> None:
    with pytest.raises(SizingError, match="positive"):
        domain_size(0)
    with pytest.raises(SizingError, match="compression 64"):
        domain_size(10, compression=64)
