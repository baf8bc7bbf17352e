"""The machines of the domain, by the settings: the formula is drawing_ocr/search/sizing.py."""

from __future__ import annotations

from dataclasses import dataclass

from drawing_ocr.search import sizing
from drawing_platform.settings import SearchSettings

MASTER = "m7g.large.search"


@dataclass(frozen=True)
class DomainSize:
    """A domain.

    Attributes:
        instance_type, instances: of the data nodes.
        master_type: of three dedicated masters; None = the data nodes elect one.
        volume_gib: of each data node.
        shards, replicas: of an index.
    """

    instance_type: str
    instances: int
    master_type: str | None
    volume_gib: int
    shards: int
    replicas: int


def domain_size(search: SearchSettings) -> DomainSize:
    """The smallest domain that holds the drawings, or the named machines; a replica where there are several zones.

    While a second embedder fills its index there are two of them: for so long there are twice as many drawings.
    """
    replicas = 1 if search.zones > 1 else 0
    of_one = sizing.domain_size(search.drawings, replicas=replicas, zones=search.zones)
    size = sizing.domain_size(search.drawings * len(search.embedders), replicas=replicas, zones=search.zones)
    return DomainSize(
        instance_type=search.domain_instance or size.instance_type,
        instances=size.data_nodes,
        # Few nodes elect a master among themselves.
        master_type=MASTER if size.data_nodes > 2 * search.zones else None,
        volume_gib=size.volume_gib,
        shards=of_one.shards,
        replicas=replicas,
    )
