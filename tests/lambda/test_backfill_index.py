"""Back-fills: many drawings into a new index, shard by shard, whatever events, kills and other callers do meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drawing_ocr.search.store import StoreBusy
from shared import backfill
from shared.drawing_index import ALIAS, index_name, other_index_name
from shared.errors import PlatformError
from tests.lambda_search import BUCKET, ENDPOINT, MODEL, NEXT_ENDPOINT, NEXT_MODEL, World, functions, sheet

OWNER, OTHER = "operator-one", "operator-two"
CURRENT = index_name(MODEL)
NEXT = index_name(NEXT_MODEL)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Six drawings, whose events nobody has followed."""
    with functions(World(tmp_path / "index")) as world:
        for number in range(6):
            world.put(f"{number}.png", sheet(number))
        yield world


def begin(world: World, *, owner: str = OWNER, size: int = 4) -> dict[str, Any]:
    return world.backfill("begin", owner=owner, shard_size=size)


def transformed(world: World, begun: dict[str, Any], shard: int) -> dict[str, dict[str, str]]:
    """What batch transform does: keys of answers, and of readings, by drawing id."""
    planned = json.loads(content(world, f"results/batch/{begun['id']}/shards/{shard:06d}.json"))["drawings"]
    answers, readings = {}, {}
    for drawing in planned:
        picture = content(world, f"drawings/{drawing['id']}")
        if drawing["embed"]:
            answers[drawing["id"]] = key = f"results/batch/{begun['id']}/embedding/{drawing['id']}.out"
            answer = world.runtime.invoke_endpoint(EndpointName=begun["endpoint"], Body=picture)
            world.s3.put_object(Bucket=BUCKET, Key=key, Body=answer["Body"].read())
        if drawing["read"] and world.runtime.texts is not None:
            readings[drawing["id"]] = key = f"results/batch/{begun['id']}/reading/{drawing['id']}.out"
            answer = world.runtime.invoke_endpoint(EndpointName="reader", Body=picture)
            world.s3.put_object(Bucket=BUCKET, Key=key, Body=answer["Body"].read())
    return {"answers": answers, "readings": readings}


def content(world: World, key: str) -> bytes:
    return bytes(world.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def load_all(world: World, begun: dict[str, Any], owner: str = OWNER) -> list[dict[str, Any]]:
    return [
        world.backfill("load", owner=owner, shard=shard, **transformed(world, begun, shard))
        for shard in range(begun["shards"])
    ]


def end(world: World, begun: dict[str, Any]) -> None:
    """As the command ends it."""
    assert world.backfill("end", owner=OWNER)["in_order"]
    if begun["replaces"]:
        assert world.order()["missing"] == 0, "the index before is repaired no more"
    while world.order()["missing"]:
        world.drain()
    if begun["replaces"]:
        world.order("swap", index=begun["index"])
        world.order("drop", index=begun["replaces"])
    world.backfill("close", owner=OWNER)


def test_an_empty_index_is_filled_and_searched(world: World) -> None:
    box = [[0, 0], [9, 0], [9, 9], [0, 9]]
    world.runtime.texts = [{"box": box, "text": "FLANGE", "confidence": 0.9, "category": "text"}]
    begun = begin(world)
    assert (begun["index"], begun["replaces"], begun["shards"], begun["drawings"]) == (CURRENT, "", 2, 6)
    assert [each["indexed"] for each in load_all(world, begun)] == [4, 2]
    end(world, begun)
    assert world.indexed() == world.stored()
    assert world.search(sheet(3)).ids[0] == "3.png"
    assert len(world.search(words="flange").ids) == 6
    assert content(world, "thumbnails/3.png.jpg").startswith(b"\xff\xd8")
    assert begin(world)["id"] == "", "nothing is missing any more"


def test_few_that_are_missing_are_left_to_the_queue(world: World) -> None:
    assert world.backfill("begin", owner=OWNER, least=7) == {**begun_nothing(), "missing": 6}
    assert world.store.indexes() == []


def begun_nothing() -> dict[str, Any]:
    names = dict.fromkeys(("id", "index", "replaces", "model", "endpoint"), "")
    return {**names, "missing": 0, "shards": 0, "drawings": 0, "loaded": False}


def test_an_index_that_is_searched_stays_until_the_new_one_is_whole(world: World) -> None:
    world.index(world.put("old.png", sheet(40)))
    before = len(world.runtime.calls)
    begun = begin(world)
    assert (begun["index"], begun["replaces"]) == (other_index_name(CURRENT), CURRENT)
    assert world.search(sheet(40)).ids == ["old.png"]
    told = load_all(world, begun)
    assert sum(each["copied"] for each in told) == 1
    embedded = [call for call in world.runtime.calls[before:] if call == ENDPOINT]
    assert len(embedded) == 6 + 3, "six were missing; asked for the model twice, and for the search once"
    world.index(world.put("new.png", sheet(50)))
    assert world.search(sheet(50)).ids[0] == "new.png", "what comes meanwhile is found at once"
    end(world, begun)
    assert [each.name for each in world.store.indexes()] == [begun["index"]]
    assert world.indexed() == world.stored()
    world.index(world.put("later.png", sheet(60)))
    assert world.search(sheet(60)).ids[0] == "later.png"


def test_what_events_said_meanwhile_stays(world: World) -> None:
    begun = begin(world, size=6)
    answers = transformed(world, begun, 0)
    changed = world.put("1.png", sheet(99))  # its event is on its way
    world.index(world.put("2.png", sheet(88)))
    world.index(world.delete("3.png"))
    told = world.backfill("load", owner=OWNER, shard=0, **answers)
    assert (told["indexed"], told["changed"]) == (3, 3)
    world.index(changed)
    end(world, begun)
    assert world.indexed() == world.stored()


def test_a_shard_that_is_loaded_is_not_loaded_again(world: World) -> None:
    begun = begin(world)
    told = world.backfill("load", owner=OWNER, shard=0, **transformed(world, begun, 0))
    assert told["indexed"] == 4
    assert world.backfill("load", owner=OWNER, shard=0) == told


def test_a_picture_that_nobody_can_embed_is_put_aside_and_one_without_an_answer_goes_through_the_queue(
    world: World,
) -> None:
    begun = begin(world, size=6)
    order = transformed(world, begun, 0)
    told = {"error": {"code": "UnreadableImage", "message": "damaged"}}
    world.s3.put_object(Bucket=BUCKET, Key=order["answers"]["1.png"], Body=json.dumps(told).encode())
    del order["answers"]["2.png"]
    loaded = world.backfill("load", owner=OWNER, shard=0, **order)
    assert (loaded["indexed"], loaded["refused"], loaded["unanswered"]) == (4, 1, 1)
    assert content(world, "quarantine/search/1.png.txt") == b"damaged"
    end(world, begun)
    assert set(world.indexed()) == set(world.stored()) - {"1.png"}


def test_another_embedder_fills_its_own_index_and_takes_the_texts_that_are_known(world: World) -> None:
    load_all(world, first := begin(world))
    end(world, first)
    world.runtime.models[NEXT_ENDPOINT] = NEXT_MODEL
    world.runtime.texts = None
    world.endpoints.append(NEXT_ENDPOINT)
    with functions(world):
        begun = begin(world)
        assert (begun["index"], begun["replaces"], begun["model"]) == (NEXT, "", NEXT_MODEL)
        assert sum(each["indexed"] for each in load_all(world, begun)) == 6
        assert world.order("status")["indexes"][0]["searched"], "searches move when somebody says so"
        end(world, begun)
        assert world.order("swap", index=NEXT)["previous"] == CURRENT
        assert world.search(sheet(2)).body["model"] == NEXT_MODEL


def test_of_two_callers_one_is_told_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = begin(world)
    with pytest.raises(PlatformError, match=f"{OWNER} is filling {CURRENT} now: wait for it"):
        begin(world, owner=OTHER)
    with pytest.raises(PlatformError, match=f"{OWNER} is filling"):
        world.backfill("load", owner=OTHER, shard=0)
    monkeypatch.setattr(backfill, "LEASE_SECONDS", 0.0)  # the first one was killed
    assert begin(world, owner=OTHER) == begun
    with pytest.raises(PlatformError, match=f"{OTHER} is filling"):
        world.backfill("renew", owner=OWNER)


def test_a_plan_that_was_killed_is_made_again(world: World) -> None:
    fail = world.s3.meta.events
    written: list[str] = []

    def kill(params: dict[str, Any], **_: Any) -> None:
        if "/shards/" in params["Key"]:
            written.append(params["Key"])
            if len(written) == 2:
                raise KeyboardInterrupt

    fail.register("before-parameter-build.s3.PutObject", kill)
    with pytest.raises(KeyboardInterrupt):
        begin(world)
    fail.unregister("before-parameter-build.s3.PutObject", kill)
    begun = begin(world)
    assert (begun["shards"], begun["drawings"]) == (2, 6)
    load_all(world, begun)
    end(world, begun)
    assert world.indexed() == world.stored()


def test_an_index_that_has_too_much_to_do_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = begin(world)
    order = transformed(world, begun, 0)
    index = type(world.store.index(CURRENT))

    def busy(*_: Any) -> None:
        raise StoreBusy("the queue of writes is full")

    with monkeypatch.context() as patch:
        patch.setattr(index, "put", busy)
        assert world.backfill("load", owner=OWNER, shard=0, **order) == {"busy": "the queue of writes is full"}
    assert world.backfill("load", owner=OWNER, shard=0, **order)["indexed"] == 4


def test_nightly_repairs_leave_an_index_alone_that_is_being_loaded(world: World) -> None:
    begun = begin(world)
    answer = world.order()
    assert (answer["missing"], answer["ordered"], answer["left"]) == (6, 0, 6)
    load_all(world, begun)
    assert world.store.aliased(ALIAS) == CURRENT


def test_an_embedder_that_was_rejected_meanwhile_takes_its_backfill_with_it(world: World) -> None:
    world.runtime.models[NEXT_ENDPOINT] = NEXT_MODEL
    load_all(world, first := begin(world))
    end(world, first)
    world.endpoints.append(NEXT_ENDPOINT)
    with functions(world):
        assert begin(world)["model"] == NEXT_MODEL
    world.endpoints.remove(NEXT_ENDPOINT)
    with functions(world):
        assert begin(world)["id"] == ""
