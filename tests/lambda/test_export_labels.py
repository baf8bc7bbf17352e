"""Labels of a finished job become a batch: pictures first, the manifest last, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from export_labels.exporting import Exporting
from shared.errors import PlatformError
from tests.lambda_labelling import BUCKET, DATA, Visitor, World, api


@pytest.fixture
def world(account: None) -> Iterator[World]:  # noqa: ARG001
    with api(World()) as world:
        yield world


def exporting(world: World) -> Exporting:
    return Exporting(world.table, world.s3, BUCKET, DATA)


def label_all(world: World, job: str = "gears", **more: Any) -> None:
    world.open(job)
    ana = Visitor(world, "ana")
    while (work := ana.lease(job=job)) is not None:
        assert ana.submit(work, **more).status == 200
    world.carry_out()


def test_a_finished_job_is_a_batch_with_its_pictures(world: World) -> None:
    tasks = world.prepare(drawings=2)
    label_all(world)
    manifest = exporting(world).run("gears")
    assert manifest == f"s3://{DATA}/labels/gears/manifest.jsonl"
    content = world.s3.get_object(Bucket=DATA, Key="labels/gears/manifest.jsonl")["Body"].read().decode()
    lines = [json.loads(line) for line in content.splitlines()]
    assert [line["regions"][0]["text"] for line in lines] == ["M8", "M8"]
    assert {line["image"].split("/")[1] for line in lines} == set(tasks)
    for line in lines:
        assert world.s3.get_object(Bucket=DATA, Key=f"labels/gears/{line['image']}")["Body"].read() == b"png"
    assert world.table.job("gears")["manifest"] == manifest


def test_an_export_that_was_cut_off_goes_on_and_writes_the_same(world: World) -> None:
    world.prepare(drawings=2)
    label_all(world)
    exporting(world).run("gears")
    first = world.s3.head_object(Bucket=DATA, Key="labels/gears/manifest.jsonl")["VersionId"]
    world.table.update_job("gears", state="exporting")
    exporting(world).run("gears")
    assert world.s3.head_object(Bucket=DATA, Key="labels/gears/manifest.jsonl")["VersionId"] == first


def test_a_batch_of_that_name_is_never_written_over(world: World) -> None:
    world.prepare(drawings=1)
    label_all(world)
    world.s3.put_object(Bucket=DATA, Key="labels/gears/manifest.jsonl", Body=b"{}")
    with pytest.raises(PlatformError, match="is another batch's, and a batch is never changed"):
        exporting(world).run("gears")


def test_what_is_not_finished_skipped_or_gone_is_told(world: World) -> None:
    world.prepare(drawings=1)
    world.open()
    with pytest.raises(PlatformError, match="1 tasks are not finished"):
        exporting(world).run("gears")
    label_all(world, status="skipped", reason="upside down", regions=[])
    with pytest.raises(PlatformError, match="every drawing was skipped"):
        exporting(world).run("gears")
    world.prepare("wheels", 1)
    label_all(world, "wheels")
    world.s3.delete_object(Bucket=DATA, Key="drawings/wheels/0.png")
    with pytest.raises(PlatformError, match=r"drawings/wheels/0.png: the picture is not there any more"):
        exporting(world).run("wheels")
    assert "Contents" not in world.s3.list_objects_v2(Bucket=DATA, Prefix="labels/wheels/manifest")


def test_a_drawing_that_vanished_is_left_out_and_the_others_are_exported(world: World) -> None:
    gone, kept = sorted(world.prepare(drawings=2))
    world.s3.delete_object(Bucket=BUCKET, Key=f"jobs/gears/pyramids/{gone}.pmtiles")
    label_all(world)
    exporting(world).run("gears")
    content = world.s3.get_object(Bucket=DATA, Key="labels/gears/manifest.jsonl")["Body"].read().decode()
    assert [json.loads(line)["image"].split("/")[1] for line in content.splitlines()] == [kept]
