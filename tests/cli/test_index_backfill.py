"""A back-fill as the command leads it: each shard loaded once, with its answers, whatever was killed or is busy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import index_backfill
from cli.errors import OperatorError
from cli.index_backfill import Begun, Filling, Function, Order, Watcher
from tests.cli.batch.machine import LOST, Machine, answer_of
from tests.cli.world import BUCKET, World

ID = "index-20261121-120000-abcd"
CONFIG = "drawing-reading-dev-v1-0123abcd"
BEGUN = Begun(
    id=ID, index="drawings-a", replaces="", model="a/1", endpoint="embedder", shards=3, drawings=5, loaded=False
)
ORDER = Order(least=1, shard_size=2, instances=2, parallel=2)
SILENT = Watcher(found=lambda *_: None, loaded=lambda _: None, state=lambda *_: None, busy=lambda _: None)


class Loads:
    """The function: what it was asked for, and what it answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
        self.orders: list[dict[str, Any]] = []
        self.busy = 0
        self.world = world
        monkeypatch.setattr(Function, "ask", lambda _, action, **order: self.ask(action, order))

    def ask(self, action: str, order: dict[str, Any]) -> dict[str, Any]:
        if action == "load":
            if self.busy:
                self.busy -= 1
                return {"busy": "too much to do"}
            self.orders.append(order)
            key = f"results/batch/{ID}/loaded/{order['shard']:06d}.json"
            self.world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"{}")
            return {"indexed": len(order["answers"])}
        return {"in_order": True}


@pytest.fixture
def machine(world: World, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Five planned drawings in three shards, one of them with vectors that are known; nobody reads."""
    monkeypatch.setattr(index_backfill, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(index_backfill, "FIRST_PAUSE_SECONDS", 0.01)
    world.deploy(1, CONFIG)
    sagemaker = world.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="embedder", EndpointConfigName=CONFIG)
    sagemaker.delete_endpoint(EndpointName=world.environment.names.endpoint_name)
    names = [["a.png", "b.png"], ["sub/a.png", "known.png"], ["c.png"]]
    for number, shard in enumerate(names):
        drawings = [
            {"id": name, "version": "1", "size": 9, "embed": name != "known.png", "read": name != "known.png"}
            for name in shard
        ]
        put(world, f"results/batch/{ID}/shards/{number:06d}.json", json.dumps({"drawings": drawings}).encode())
        for name in shard:
            put(world, f"drawings/{name}", name.encode())
    made = Machine(world)
    made.watch()
    return made


def put(world: World, key: str, content: bytes) -> None:
    world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)


def filling(world: World) -> Filling:
    return Filling(world.environment, Function(world.environment, 2), BEGUN, ORDER, SILENT)


@pytest.fixture
def loads(world: World, monkeypatch: pytest.MonkeyPatch) -> Loads:
    return Loads(monkeypatch, world)


def test_every_shard_is_loaded_with_the_answers_to_its_drawings(world: World, machine: Machine, loads: Loads) -> None:
    made = filling(world)
    made.load()
    assert [sorted(read) for read in machine.read] == [
        ["drawings/a.png", "drawings/b.png", "drawings/c.png", "drawings/sub/a.png"]
    ]
    assert machine.requests[0]["TransformResources"]["InstanceCount"] == 2
    by_shard = {order["shard"]: set(order["answers"]) for order in loads.orders}
    assert by_shard == {0: {"a.png", "b.png"}, 1: {"sub/a.png"}, 2: {"c.png"}}
    (folder,) = {key.rsplit("embedding/", 1)[0] for order in loads.orders for key in order["answers"].values()}
    assert folder == f"results/batch/{ID}/"
    assert made.counted["indexed"] == 4
    made.put_in_order()


def test_the_version_that_serves_reads_what_nobody_has_read(world: World, machine: Machine, loads: Loads) -> None:
    world.register("Approved")
    world.client("sagemaker").create_endpoint(
        EndpointName=world.environment.names.endpoint_name, EndpointConfigName=CONFIG
    )
    filling(world).load()
    assert len(machine.read) == 2
    assert sorted(name for order in loads.orders for name in order["readings"]) == [
        "a.png",
        "b.png",
        "c.png",
        "sub/a.png",
    ]


def test_what_was_loaded_before_a_kill_is_not_embedded_again(world: World, machine: Machine, loads: Loads) -> None:
    put(world, f"results/batch/{ID}/loaded/000000.json", b"{}")
    filling(world).load()
    assert [sorted(read) for read in machine.read] == [["drawings/c.png", "drawings/sub/a.png"]]
    assert sorted(order["shard"] for order in loads.orders) == [1, 2]
    filling(world).load()
    assert len(machine.read) == 1


@pytest.mark.usefixtures("machine")
def test_an_index_that_takes_nothing_is_asked_again_until_it_does(world: World, loads: Loads) -> None:
    loads.busy = 4
    filling(world).load()
    assert sorted(order["shard"] for order in loads.orders) == [0, 1, 2]


def test_drawings_that_a_job_did_not_answer_do_not_keep_the_others(
    world: World, machine: Machine, loads: Loads
) -> None:
    put(world, "drawings/b.png", LOST)
    machine.status, machine.reason = "Failed", "one drawing"
    filling(world).load()
    assert {order["shard"]: set(order["answers"]) for order in loads.orders}[0] == {"a.png"}


def test_a_job_that_answers_nothing_is_told_and_the_next_run_begins_another(
    world: World, machine: Machine, loads: Loads
) -> None:
    machine.answer, machine.status, machine.reason = (lambda _: None), "Failed", "no machine"
    with pytest.raises(OperatorError, match="answered 0 of 4 drawings"):
        filling(world).load()
    assert loads.orders == []
    machine.answer, machine.status = answer_of, "Completed"
    filling(world).load()
    assert len(loads.orders) == 3
    assert len({request["TransformJobName"] for request in machine.requests}) == 2
