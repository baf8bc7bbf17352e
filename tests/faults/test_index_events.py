"""The index against an unfriendly queue: lost, doubled, reordered, late events, busy stores, broken drawings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from moto import mock_aws

from cli import dead_letters
from drawing_ocr.search.embedded.store import EmbeddedIndex
from drawing_ocr.search.store import StoreBusy
from shared.drawing_index import ALIAS
from tests.lambda_search import ENDPOINT, NEXT_MODEL, Runtime, World, functions, refusal, sheet

pytestmark = pytest.mark.fault


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"core": {"reset_boto3_session": False}}), functions(World(tmp_path / "index")) as world:
        yield world


def batches(events: list[dict[str, Any]], chance: random.Random) -> Iterator[list[dict[str, Any]]]:
    """The events in batches of one to six."""
    while events:
        size = chance.randint(1, 6)
        yield events[:size]
        events = events[size:]


@pytest.mark.parametrize("seed", range(2))
def test_doubled_reordered_and_late_events_end_where_the_bucket_is(world: World, seed: int) -> None:
    chance = random.Random(seed)
    events: list[dict[str, Any]] = []
    for step in range(25):
        name = f"{chance.randrange(8)}.png"
        gone = name in world.stored() and chance.random() < 0.3
        events.append(world.delete(name) if gone else world.put(name, sheet(step + 1)))
        if chance.random() < 0.3:  # some are told while the bucket changes on
            world.index(*events[-2:])
    told = [*events, *chance.sample(events, 8)]
    chance.shuffle(told)
    for batch in batches(told, chance):
        assert world.index(*batch) == []
    world.drain()
    assert world.indexed() == world.stored()
    assert world.order()["ordered"] == 0


def test_lost_events_are_found_by_the_reconciliation(world: World) -> None:
    chance = random.Random(7)
    for step in range(30):
        name = f"{chance.randrange(10)}.png"
        event = world.delete(name) if step % 5 == 4 else world.put(name, sheet(step + 1))
        if chance.random() < 0.5:
            world.index(event)
    found = world.order()
    assert found["ordered"] > 0
    world.drain()
    assert world.indexed() == world.stored()


def test_one_broken_drawing_among_a_thousand_keeps_no_other_from_the_index(world: World) -> None:
    pictures = [sheet(number, size=(96, 64)) for number in range(251)]
    events = [world.put(f"{number:04d}.png", pictures[number % 251]) for number in range(1000)]
    events.insert(500, world.put("broken.png", b"\x89PNG broken"))
    for first in range(0, len(events), 250):
        assert world.index(*events[first : first + 250]) == []
    assert len(world.indexed()) == 1000
    assert set(world.stored()) - set(world.indexed()) == {"broken.png"}
    assert world.order()["refused"] == 1


def test_a_store_that_refuses_every_second_write_gets_everything_in_the_end(world: World) -> None:
    world.index(world.put("first.png", sheet(200)))
    put, calls = EmbeddedIndex.put, iter(range(1_000_000))

    def sometimes(self: EmbeddedIndex, documents: Any) -> Any:
        if next(calls) % 2 == 0:
            raise StoreBusy("429")
        return put(self, documents)

    with (
        mock.patch.object(EmbeddedIndex, "put", sometimes),
        mock.patch("index_drawings.queue.FIRST_DELAY_SECONDS", 0),  # nobody waits here
    ):
        for number in range(20):
            assert world.index(world.put(f"{number}.png", sheet(number + 1))) == []
        world.drain()
    assert world.indexed() == world.stored()


def test_a_kill_between_the_index_and_the_answer_does_no_harm(world: World) -> None:
    event = world.put("a.png", sheet(1))
    with (
        mock.patch("index_drawings.handler.ChangeQueue.put_back", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        world.index(event)
    assert world.index(event) == []
    assert world.indexed() == world.stored()


def test_what_failed_is_indexed_when_the_dead_letters_are_replayed(world: World) -> None:
    letters = world.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    event = world.put("a.png", sheet(1))
    with mock.patch.object(Runtime, "_embedded", side_effect=RuntimeError("a fault of ours")):
        assert world.index(event) == ["m0"]
    # What SQS does after five failures.
    world.sqs.send_message(QueueUrl=letters, MessageBody=json.dumps(event))
    assert dead_letters.move(world.sqs, letters, world.queue_url) == 1
    assert world.drain() == 1
    assert world.indexed() == world.stored()
    assert dead_letters.move(world.sqs, letters, world.queue_url) == 0


def test_an_embedder_of_another_version_never_writes_into_the_index_that_is_searched(world: World) -> None:
    world.index(world.put("a.png", sheet(1)))
    world.runtime.models = {ENDPOINT: NEXT_MODEL}
    world.index(world.put("b.png", sheet(2)))
    assert set(world.indexed()) == {"a.png"}
    models = {
        index.name: {model for *_, model in world.store.index(index.name).listing()} for index in world.store.indexes()
    }
    assert sorted(len(found) for found in models.values()) == [1, 1]
    assert {model for found in models.values() for model in found} == {"fake/1", NEXT_MODEL}


def test_an_endpoint_that_is_made_anew_keeps_drawings_waiting_and_loses_none(world: World) -> None:
    world.index(world.put("first.png", sheet(9)))
    world.runtime.failure = refusal("ValidationError", 0)
    with mock.patch("index_drawings.queue.FIRST_DELAY_SECONDS", 0):
        assert world.index(world.put("a.png", sheet(1)), world.delete("first.png")) == []
    world.runtime.failure = None
    world.drain()
    assert world.store.index(ALIAS).count() == 1
    assert world.indexed() == world.stored()
