"""Reconciliation: every difference between bucket and index is found and repaired; the alias moves as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.drawing_index import ALIAS, index_name
from shared.drawings import StoredDrawing
from shared.errors import PlatformError
from shared.index_differences import Difference, Kind, differences
from tests.lambda_search import ENDPOINT, MODEL, NEXT_ENDPOINT, NEXT_MODEL, World, functions, sheet

CURRENT, NEXT = index_name(MODEL), index_name(NEXT_MODEL)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with functions(World(tmp_path / "index")) as world:
        world.index(*(world.put(f"{number}.png", sheet(number)) for number in (1, 2, 3, 4)))
        yield world


def test_lists_are_compared_side_by_side() -> None:
    stored = [StoredDrawing(name, version, 1) for name, version in (("b", "1"), ("c", "2"), ("e", "1"))]
    indexed = [("a", "1", "m"), ("b", "1", "m"), ("c", "1", "m"), ("d", "1", "m"), ("f", "1", "m")]
    found = [(each.drawing_id, each.kind) for each in differences(stored, indexed)]
    assert found == [
        ("a", Kind.ORPHAN),
        ("c", Kind.STALE),
        ("d", Kind.ORPHAN),
        ("e", Kind.MISSING),
        ("f", Kind.ORPHAN),
    ]
    assert list(differences([], [])) == []
    assert isinstance(next(differences(stored, [])), Difference)


def test_an_index_that_is_as_the_bucket_needs_nothing(world: World) -> None:
    answer = world.order()
    assert (answer["drawings"], answer["missing"], answer["ordered"]) == (4, 0, 0)


def test_planted_differences_of_every_kind_are_repaired(world: World) -> None:
    world.put("new.png", sheet(9))  # its event is lost
    world.put("2.png", sheet(8))  # so is that of a new version
    world.delete("3.png")  # and that of a deletion
    world.index(world.delete("4.png"))
    world.put("4.png", sheet(4))  # put again after a deletion that the index knows
    answer = world.order()
    assert {kind: answer[kind] for kind in ("missing", "stale", "orphans", "ordered")} == {
        "missing": 2,
        "stale": 1,
        "orphans": 1,
        "ordered": 4,
    }
    assert world.drain() == 4
    assert world.indexed() == world.stored()
    assert world.order()["ordered"] == 0


def test_what_nobody_can_index_is_counted_and_not_ordered_every_night(world: World) -> None:
    world.index(world.put("bad.png", b"no picture"))
    answer = world.order()
    assert (answer["refused"], answer["missing"], answer["ordered"]) == (1, 0, 0)
    world.put("bad.png", sheet(5))  # mended, and the event was lost
    assert world.order()["missing"] == 1
    world.drain()
    assert world.indexed() == world.stored()


def test_more_differences_than_one_call_orders_are_left_for_the_next_ones(world: World) -> None:
    for number in range(10, 15):
        world.put(f"{number}.png", sheet(number))
    ordered = [world.order(limit=2) for _ in range(1)]
    assert [(each["ordered"], each["left"]) for each in ordered] == [(2, 3)]
    while world.order(limit=2)["ordered"]:
        world.drain()
    assert world.indexed() == world.stored()


def test_a_new_embedder_fills_an_index_of_its_own_which_is_searched_when_it_is_whole(world: World) -> None:
    world.runtime.models[NEXT_ENDPOINT] = NEXT_MODEL
    world.endpoints.append(NEXT_ENDPOINT)
    with functions(world):
        world.order(limit=2)
        world.drain()
        with pytest.raises(PlatformError, match="differs from the bucket in 2 drawings"):
            world.order("swap", index=NEXT)
        assert world.search(sheet(1)).body["model"] == MODEL
        world.order()
        world.drain()
        assert world.order("swap", index=NEXT) == {"index": NEXT, "previous": CURRENT}
        answer = world.search(sheet(3))
        assert (answer.body["model"], answer.ids[0]) == (NEXT_MODEL, "3.png")
        states = {each["name"]: each for each in world.order("status")["indexes"]}
        assert (states[NEXT]["searched"], states[CURRENT]["drawings"]) == (True, 4)

        # A drawing that comes is in both, so that the way back loses nothing.
        world.index(world.put("5.png", sheet(5)), world.delete("1.png"))
        assert world.order("rollback") == {"index": CURRENT, "previous": NEXT}
        assert world.indexed() == world.stored()
        assert world.search(sheet(5)).body["model"] == MODEL


def test_an_index_that_nobody_embeds_for_is_not_searched(world: World) -> None:
    world.store.create("drawings-old", 1024, "old/1")
    with pytest.raises(PlatformError, match="no endpoint embeds with old/1"):
        world.order("swap", index="drawings-old")
    with pytest.raises(PlatformError, match="there is no index 'nothing'"):
        world.order("swap", index="nothing")
    with pytest.raises(PlatformError, match="nothing to go back to"):
        world.order("rollback")
    assert world.store.aliased(ALIAS) == CURRENT
    assert world.runtime.models == {ENDPOINT: MODEL}


def test_an_order_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(PlatformError, match="order: action"):
        world.order("forget")
