"""Which machines of OpenSearch hold how many drawings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drawing_platform.settings import SearchSettings

# Memory of an instance type in GiB, smallest first; a fourth of it is for vectors: half is the JVM's, and k-NN takes
# half of the rest.
MACHINES = {
    "t3.small.search": 2,
    "r7g.large.search": 16,
    "r7g.xlarge.search": 32,
    "r7g.2xlarge.search": 64,
    "r7g.4xlarge.search": 128,
}
SHARE_FOR_VECTORS = 0.25


@dataclass(frozen=True)
class DomainSize:
    """A domain.

    Attributes:
        instance_type, instances: of the data nodes.
        master_type: of three dedicated masters; None = the data nodes elect one.
        volume_gib: of each data node.
    """

    instance_type: str
    instances: int
    master_type: str | None
    volume_gib: int


REGIONS = 4  # a drawing: its sheet and three views
VECTOR_GIB = 1.1 * (2048 / 8 + 8 * 16) / 2**30  # compressed to a bit a value, with its links in the graph
DISK_GIB = 2.6 * 2048 * 4 / 2**30  # in full, and what merging needs beside it
LEAST_DISK = 20


def domain_size(search: SearchSettings) -> DomainSize:
    """The smallest domain that holds the drawings, with a replica in another zone where there are several."""
    copies = 2 if search.zones > 1 else 1
    vectors = search.drawings * REGIONS * copies
    memory, disk = vectors * VECTOR_GIB, vectors * DISK_GIB
    least = search.zones
    for name, gib in MACHINES.items():
        if search.domain_instance in (None, name) and memory <= gib * SHARE_FOR_VECTORS * least:
            break
    else:
        name, gib = search.domain_instance or name, MACHINES.get(search.domain_instance or name, gib)
    instances = math.ceil(max(memory / (gib * SHARE_FOR_VECTORS), least) / least) * least
    masters = "m7g.large.search" if instances > 2 * search.zones else None
    return DomainSize(name, instances, masters, max(LEAST_DISK, math.ceil(disk / instances)))
