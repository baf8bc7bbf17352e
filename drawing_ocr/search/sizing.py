"""How large an OpenSearch domain must be for so many drawings.

Memory of a graph: 1.1 x (4 d / compression + 8 m) bytes a vector (OpenSearch's documentation of k-NN, "memory
estimation"). A node gives it half of what its heap leaves; the heap is half of the memory, at most 32 GiB.

Light: the standard library only.
"""

import math
from dataclasses import dataclass
from itertools import count

REGIONS_PER_DRAWING = 4.0  # the sheet and three views
GRAPH_LINKS = 16  # m of HNSW

_GIB = 2**30
_OVERHEAD = 1.1
_MOST_HEAP_GIB = 32.0
_FREE_OF_HEAP = 0.5
_RECORD_BYTES = 6_000  # of a drawing, its texts stored and cut into words
_MERGE_PEAK = 2.6  # disk while a shard is merged into one segment, measured (docs/similar_drawings.md)
_USABLE_DISK = 0.8  # the service keeps the rest for itself
_SHARD_GIB = 30.0  # AWS: 10 to 30 GiB where answers must come fast
_LEAST_VOLUME_GIB = 10
_MOST_VOLUME_GIB = 1024  # of one node; every type below takes it

# Memory-optimised machines (Graviton 2): memory a dollar is what an index of vectors buys.
INSTANCE_MEMORY_GIB = {
    "r6g.large.search": 16,
    "r6g.xlarge.search": 32,
    "r6g.2xlarge.search": 64,
    "r6g.4xlarge.search": 128,
    "r6g.8xlarge.search": 256,
    "r6g.12xlarge.search": 384,
}


class SizingError(ValueError):
    """Figures of which no domain can be made; its text is one line with the reason."""


@dataclass(frozen=True)
class DomainSize:
    """A domain that holds an index.

    Attributes:
        instance_type: Of the data nodes.
        data_nodes: How many; a multiple of the zones.
        volume_gib: Of each node.
        shards: Of the index, without copies.
        graph_gib: Memory of all graphs, copies included.
        disk_gib: What lies on all nodes, copies included, merged.
    """

    instance_type: str
    data_nodes: int
    volume_gib: int
    shards: int
    graph_gib: float
    disk_gib: float


def graph_bytes(vectors: float, dimension: int, compression: int, links: int = GRAPH_LINKS) -> float:
    """Memory of one copy of the graphs.

    >>> round(graph_bytes(1e6, 2048, 1) / 1e9, 2), round(graph_bytes(1e6, 2048, 32) / 1e9, 2)
    (9.15, 0.42)
    """
    return _OVERHEAD * vectors * (4 * dimension / compression + 8 * links)


def graph_memory_gib(instance_type: str) -> float:
    """What one node gives to graphs.

    >>> graph_memory_gib("r6g.large.search"), graph_memory_gib("r6g.4xlarge.search")
    (4.0, 48.0)
    """
    memory = INSTANCE_MEMORY_GIB[instance_type]
    return _FREE_OF_HEAP * (memory - min(memory / 2, _MOST_HEAP_GIB))


def domain_size(
    drawings: int,
    *,
    regions_per_drawing: float = REGIONS_PER_DRAWING,
    dimension: int = 2048,
    compression: int = 32,
    replicas: int = 1,
    zones: int = 2,
) -> DomainSize:
    """The domain with the least memory in all that is enough; of equals the one with fewer nodes.

    Args:
        drawings: How many shall be indexed.
        regions_per_drawing: Vectors of each.
        dimension: Values of a vector.
        compression: Of the vectors in memory, 1 to 32.
        replicas: Copies beside the first.
        zones: Over which the nodes are spread evenly.

    Raises:
        SizingError: A figure is out of its range.
    """
    if drawings < 1 or regions_per_drawing <= 0 or dimension < 1:
        raise SizingError(f"{drawings} drawings of {regions_per_drawing:g} x {dimension} values: give positive figures")
    if not 1 <= compression <= 32 or replicas < 0 or zones not in (1, 2, 3):
        raise SizingError(f"compression {compression}, {replicas} replicas, {zones} zones: use 1 to 32, from 0, 1 to 3")
    vectors = drawings * regions_per_drawing
    graphs = graph_bytes(vectors, dimension, compression) * (1 + replicas)
    full = 4 * dimension * vectors
    compressed = full / compression if compression > 1 else 0
    one_copy = full + compressed + 8 * GRAPH_LINKS * vectors + _RECORD_BYTES * drawings
    stored = one_copy * (1 + replicas)
    shards = max(1, math.ceil(one_copy / _GIB / _SHARD_GIB))
    volumes = stored * _MERGE_PEAK / _USABLE_DISK / _GIB

    def nodes(instance_type: str) -> int:
        needed = max(
            graphs / _GIB / graph_memory_gib(instance_type),
            volumes / _MOST_VOLUME_GIB,
            1 + replicas,  # copies of a shard lie on different nodes
        )
        return next(number for number in count(zones, zones) if number >= needed)

    chosen = min(INSTANCE_MEMORY_GIB, key=lambda name: (nodes(name) * INSTANCE_MEMORY_GIB[name], nodes(name)))
    return DomainSize(
        instance_type=chosen,
        data_nodes=nodes(chosen),
        volume_gib=max(_LEAST_VOLUME_GIB, math.ceil(volumes / nodes(chosen))),
        shards=shards,
        graph_gib=graphs / _GIB,
        disk_gib=stored / _GIB,
    )
