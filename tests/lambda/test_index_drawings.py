"""Ingestion: what is in the bucket is in the index, whatever the queue brings, and in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from drawing_ocr.search.embedded.store import EmbeddedIndex
from drawing_ocr.search.store import StoreBusy
from shared.drawing_index import ALIAS
from tests.lambda_search import BUCKET, Runtime, World, functions, refusal, sheet


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with functions(World(tmp_path / "index")) as world:
        yield world


def test_a_drawing_that_is_put_is_in_the_index_with_a_thumbnail(world: World) -> None:
    assert world.index(world.put("gears/a.png", sheet(3))) == []
    assert world.indexed() == world.stored()
    small = world.s3.get_object(Bucket=BUCKET, Key="thumbnails/gears/a.png.jpg")
    assert small["Body"].read().startswith(b"\xff\xd8\xff")


def test_a_new_version_replaces_the_old_one_and_a_deletion_takes_it_away(world: World) -> None:
    world.index(world.put("a.png", sheet(3)))
    world.index(world.put("a.png", sheet(5)))
    assert world.indexed() == world.stored()
    world.index(world.delete("a.png"))
    assert world.indexed() == {}
    assert world.s3.list_objects_v2(Bucket=BUCKET, Prefix="thumbnails/")["KeyCount"] == 0


def test_what_the_reader_reads_is_in_the_document(world: World) -> None:
    def line(text: str, left: int, top: int, category: str) -> dict[str, object]:
        box = [[left, top], [left + 60, top], [left + 60, top + 10], [left, top + 10]]
        return {"box": box, "text": text, "confidence": 0.9, "category": category}

    world.runtime.texts = [
        line("Drawing No.", 300, 250, "title_block"),
        line("DX-4711", 300, 263, "title_block"),
        line("Material:  AlMg3", 300, 280, "title_block"),
        line("Date", 200, 250, "title_block"),
        line("2024-03-05", 200, 262, "title_block"),
        line("⌀120", 20, 20, "dimension"),
        line("R150", 20, 40, "dimension"),
    ]
    world.index(world.put("a.png", sheet(3)))
    document = world.store.index(ALIAS).get("a.png")
    assert document is not None
    assert (document.number, document.material, document.size_mm) == ("DX-4711", "AlMg3", 120.0)
    assert (str(document.date), document.dimensions) == ("2024-03-05", ("⌀120", "R150"))
    assert world.search(words="dx-4711").ids == ["a.png"]


def test_a_drawing_is_indexed_also_when_nobody_can_read_it(world: World) -> None:
    world.runtime.texts = None
    world.index(world.put("a.png", sheet(3)))
    assert set(world.indexed()) == {"a.png"}


def test_the_same_event_again_embeds_nothing(world: World) -> None:
    event = world.put("a.png", sheet(3))
    world.index(event, event)
    calls = len(world.runtime.calls)
    world.index(event)
    assert len(world.runtime.calls) == calls


def test_a_file_that_is_no_picture_is_put_aside_with_the_reason_and_the_others_are_indexed(world: World) -> None:
    events = [world.put("bad.png", b"no picture"), world.put("good.png", sheet(1))]
    assert world.index(*events) == []
    assert set(world.indexed()) == {"good.png"}
    reason = world.s3.get_object(Bucket=BUCKET, Key="quarantine/search/bad.png.txt")["Body"].read()
    assert reason.startswith(b"image: not a PNG")


def test_a_file_that_is_too_large_is_put_aside_unread(world: World) -> None:
    world.index(world.put("large.png", b"x" * 100_001))
    reason = world.s3.get_object(Bucket=BUCKET, Key="quarantine/search/large.png.txt")["Body"].read().decode()
    assert reason == "100,001 bytes are more than 100,000"
    assert world.runtime.calls == []


def test_what_is_no_drawing_and_what_is_no_event_is_passed_over(world: World) -> None:
    assert world.index(world.put("notes.txt", b"text"), "no json", '{"detail": 1}', "[]") == []
    assert world.store.indexes() == []


@pytest.mark.parametrize("busy", ["embedder", "store"])
def test_while_somebody_is_busy_a_drawing_waits_longer_every_time_and_never_fails(world: World, busy: str) -> None:
    world.index(world.put("first.png", sheet(9)))
    event = world.put("a.png", sheet(3))
    with mock.patch.object(EmbeddedIndex, "put", side_effect=StoreBusy("429")):
        if busy == "embedder":
            world.runtime.failure = refusal("ModelError", 503)
        with mock.patch.object(world.sqs, "send_message_batch", wraps=world.sqs.send_message_batch) as sent:
            assert world.index(event) == []
            assert world.index(event, waited=3) == []
    delays = [call.kwargs["Entries"][0]["DelaySeconds"] for call in sent.call_args_list]
    assert delays == [2, 16]
    counts = [call.kwargs["Entries"][0]["MessageAttributes"]["waited"]["StringValue"] for call in sent.call_args_list]
    assert counts == ["1", "4"]
    world.runtime.failure = None
    assert world.index(sent.call_args.kwargs["Entries"][0]["MessageBody"]) == []
    assert world.indexed() == world.stored()


def test_a_fault_of_ours_with_one_drawing_brings_back_its_messages_alone(world: World) -> None:
    events = [world.put("a.png", sheet(1)), world.put("b.png", sheet(2)), world.put("a.png", sheet(4))]
    broken = Runtime._embedded

    def fails(self: Runtime, endpoint: str, picture: bytes) -> dict[str, object]:
        if picture == sheet(4):
            raise RuntimeError("out of disk")
        return broken(self, endpoint, picture)

    with mock.patch.object(Runtime, "_embedded", fails):
        assert world.index(*events) == ["m0", "m2"]
    assert set(world.indexed()) == {"b.png"}


def test_a_name_that_no_index_takes_is_put_aside(world: World) -> None:
    name = "ä" * 300 + ".png"
    assert world.index(world.put(name, sheet(1))) == []
    reason = world.s3.get_object(Bucket=BUCKET, Key=f"quarantine/search/{name}.txt")["Body"].read().decode()
    assert "604 bytes long" in reason
