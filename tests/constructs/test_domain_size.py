"""The machines of the domain follow from the settings: how many drawings, how many zones, how many embedders."""

from __future__ import annotations

from drawing_ocr.search import sizing
from drawing_platform.domain_size import domain_size
from drawing_platform.settings import SearchSettings, load_settings


def test_the_machines_of_production_are_those_of_the_formula() -> None:
    search = load_settings("prod").search
    wanted = sizing.domain_size(search.drawings, replicas=1, zones=2)
    size = domain_size(search)
    assert (size.instance_type, size.instances, size.volume_gib) == (
        wanted.instance_type,
        wanted.data_nodes,
        wanted.volume_gib,
    )
    assert (size.shards, size.replicas) == (wanted.shards, 1)


def test_one_zone_has_one_copy_and_named_machines_are_taken() -> None:
    size = domain_size(SearchSettings(drawings=10_000, zones=1, domain_instance="t3.small.search"))
    assert (size.instance_type, size.instances, size.replicas, size.master_type) == ("t3.small.search", 1, 0, None)


def test_a_second_embedder_has_room_for_its_index() -> None:
    alone = domain_size(SearchSettings(drawings=1_000_000, zones=2))
    package = "s3://bucket/models/embedder/model.tar.gz"
    both = domain_size(SearchSettings(drawings=1_000_000, zones=2, embedders=("shipped", package)))
    assert both.volume_gib * both.instances >= 2 * alone.volume_gib * alone.instances - both.instances
    assert both.shards == alone.shards


def test_many_machines_get_masters_of_their_own() -> None:
    assert domain_size(SearchSettings(drawings=20_000_000, zones=2)).master_type == "m7g.large.search"
