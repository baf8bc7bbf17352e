"""The same tasks and answers become the same training data, whichever backend asked people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from export_labels.exporting import Exporting
from tests.lambda_ground_truth import ground_truth
from tests.lambda_labelling import BUCKET, DATA, Visitor, World, api

PEOPLE = ("ana", "ben", "carl")
TYPED = {"ana": "⌀12 H7", "ben": "Ø12 H7", "carl": "⌀12 H7"}


@pytest.fixture
def prepared(account: None) -> tuple[World, list[str]]:  # noqa: ARG001
    world = World()
    return world, world.prepare(drawings=5, annotators=3)


def answer(world: World, tasks: list[str], person: str, task: str) -> dict[str, Any]:
    """Five kinds of drawing: agreed on, typed differently, in dispute, skipped by all, with a text one overlooked."""
    said = world.answer("gears", task, TYPED[person])
    (region,) = said["regions"]
    match tasks.index(task):
        case 1:
            move = {"ana": 0.0, "ben": 0.4, "carl": 1.3}[person]
            said["regions"] = [region | {"points": [[x + move, y] for x, y in region["points"]]}]
        case 2:
            said["regions"] = [region | {"text": {"ana": "M8", "ben": "R5", "carl": "45°"}[person]}]
        case 3:
            said |= {"status": "skipped", "reason": "nothing on it", "regions": []}
        case 4:
            second = region | {"id": "r2", "points": [[x, y + 100] for x, y in region["points"]], "text": "Ra 3,2"}
            said["regions"] = [region, second] if person != "ben" else [region]
    return said


def review(world: World, task: str) -> dict[str, Any]:
    return world.answer("gears", task, "M8×1")


def by_our_own_desk(world: World, tasks: list[str]) -> None:
    with api(world):
        world.open()
        for name in PEOPLE:
            visitor = Visitor(world, name)
            while work := visitor.lease(round="label"):
                given = answer(world, tasks, name, work["task"]["task"])
                assert visitor.on(work, "answer", answer=given).status == 200
                world.carry_out()
        rita = Visitor(world, "rita", ("reviewer",))
        while work := rita.lease(round="review"):
            assert rita.on(work, "answer", answer=review(world, work["task"]["task"])).status == 200


def by_ground_truth(world: World, tasks: list[str]) -> None:
    with ground_truth(world) as service:
        opened = service.rounds().first("gears")
        workers = {f"private.eu-central-1.{name}": name for name in PEOPLE}
        service.hand_out(
            opened,
            {
                worker: lambda task, name=name: answer(world, tasks, name, task["task"])  # type: ignore[misc]
                for worker, name in workers.items()
            },
        )
        follow = service.closed(opened["name"])
        assert follow["step"] == "open"
        service.hand_out(follow, {"private.eu-central-1.rita": lambda task: review(world, task["task"])})
        assert service.closed(follow["name"])["step"] == "export"


def exported(world: World) -> dict[str, bytes]:
    """What training gets, by key."""
    Exporting(world.table, world.s3, BUCKET, DATA).run("gears")
    found = world.s3.list_objects_v2(Bucket=DATA, Prefix="labels/gears/")["Contents"]
    return {item["Key"]: world.s3.get_object(Bucket=DATA, Key=item["Key"])["Body"].read() for item in found}


def forget(world: World) -> None:
    """Everything that people said, and what became of it."""
    for bucket, prefixes in ((BUCKET, ("answers", "consensus", "reviews", "reviewed")), (DATA, ("labels",))):
        for prefix in prefixes:
            where = f"{prefix}/gears/" if bucket == DATA else f"jobs/gears/{prefix}/"
            for item in world.s3.list_objects_v2(Bucket=bucket, Prefix=where).get("Contents", []):
                world.s3.delete_object(Bucket=bucket, Key=item["Key"])
    for item in world.resource.scan()["Items"]:
        world.resource.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_both_backends_give_training_the_same_bytes(prepared: tuple[World, list[str]]) -> None:
    world, tasks = prepared
    backends: list[Callable[[World, list[str]], None]] = [by_our_own_desk, by_ground_truth]
    results = []
    for backend in backends:
        backend(world, tasks)
        results.append(exported(world))
        forget(world)
    ours, theirs = results
    assert ours == theirs
    manifest = ours["labels/gears/manifest.jsonl"].decode()
    assert len(manifest.splitlines()) == 4  # what all skipped is left out
    assert "M8×1" in manifest  # what the reviewer said
    assert "⌀12 H7" in manifest
    assert "Ra 3,2" in manifest
    assert len(ours) == 5
