"""Release of embedders: by approval, step by step, each version with an endpoint and an index, searches moved once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_embedder.endpoints import EmbedderEndpoints, EndpointSettings
from release_embedder.releasing import EmbedderRelease, Progress
from shared.drawing_index import index_name
from shared.errors import PlatformError
from shared.released_embedders import ReleasedEmbedders
from tests.lambda_search import BUCKET, MODEL, World, functions, sheet

GROUP = "embedders"
DRAWINGS = 3


@dataclass
class SageMaker:
    """Versions by number, and what is made of them; an endpoint is in service when it is asked for again."""

    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)

    def register(self, number: int, model: str, *, state: str = "Approved", run_id: str = "run") -> None:
        self.versions[number] = {"model": model, "state": state, "run_id": run_id}

    def get_paginator(self, _: str) -> SageMaker:
        return self

    def paginate(self, *, ModelPackageGroupName: str, ModelApprovalStatus: str) -> list[dict[str, Any]]:
        assert ModelPackageGroupName == GROUP
        found = [number for number, each in self.versions.items() if each["state"] == ModelApprovalStatus]
        return [{"ModelPackageSummaryList": [{"ModelPackageArn": arn(number)} for number in found]}]

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        number = int(ModelPackageName.rsplit("/", 1)[1])
        version = self.versions[number]
        return {
            "ModelPackageArn": ModelPackageName,
            "ModelPackageGroupName": GROUP,
            "ModelPackageVersion": number,
            "ModelApprovalStatus": version["state"],
            "InferenceSpecification": {"Containers": [{"Image": "serving", "ModelDataUrl": f"s3://data/{number}"}]},
            "CustomerMetadataProperties": {"embedder": version["model"], "run_id": version["run_id"]},
            "CreationTime": datetime.now(UTC),
        }

    def create_model(self, *, ModelName: str, **_: Any) -> None:
        if ModelName in self.models:
            raise refused("Cannot create already existing model")
        self.models.add(ModelName)

    def create_endpoint_config(self, *, EndpointConfigName: str, **arguments: Any) -> None:
        self.configs[EndpointConfigName] = arguments

    def create_endpoint(self, *, EndpointName: str, EndpointConfigName: str) -> None:
        assert EndpointConfigName in self.configs
        self.endpoints[EndpointName] = "Creating"

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, str]:
        if EndpointName not in self.endpoints:
            raise refused("Could not find endpoint")
        return {"EndpointStatus": self.endpoints[EndpointName]}

    def delete_endpoint(self, *, EndpointName: str) -> None:
        del self.endpoints[EndpointName]

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> None:
        del self.configs[EndpointConfigName]

    def delete_model(self, *, ModelName: str) -> None:
        self.models.remove(ModelName)


def refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "X")


def arn(number: int) -> str:
    return f"arn:aws:sagemaker:eu-central-1:123456789012:model-package/{GROUP}/{number}"


class Releasing:
    """A world of similar drawings with a registry of embedders."""

    def __init__(self, world: World) -> None:
        self.world, self.sagemaker = world, SageMaker()
        self.sagemaker.register(1, MODEL, run_id="shipped")
        self.asked: list[str] = []
        settings = EndpointSettings(
            prefix="embedder",
            variant="embedder",
            role_arn="role",
            environment={"SERVED_MODEL": "embedder"},
            instance_type="ml.m5.large",
            instances=1,
            startup_seconds=300,
        )
        self.endpoints = EmbedderEndpoints(self.sagemaker, settings)

    def advance(self) -> Progress:
        return EmbedderRelease(
            sagemaker=self.sagemaker,
            group=GROUP,
            endpoints=self.endpoints,
            released=ReleasedEmbedders(self.world.s3, BUCKET),
            has_shipped=True,
            ask=self._ask,
            waiting=lambda: 0,
        ).advance()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(order["action"])
        return self.world.order(**order)

    def come_to_rest(self) -> None:
        """What is being made answers from now on."""
        for name in self.sagemaker.endpoints:
            number = int(name.split("-v")[1].split("-")[0])
            self.sagemaker.endpoints[name] = "InService"
            self.world.runtime.models[name] = self.sagemaker.versions[number]["model"]

    def release(self, number: int, model: str) -> None:
        """A version, from its approval to the swap."""
        self.sagemaker.register(number, model)
        assert self.advance().state == "starting"
        self.come_to_rest()
        while (progress := self.advance()).state == "filling":
            self.world.drain()
        assert progress.state == "swapped"

    @property
    def searched(self) -> str:
        return str(self.world.search(sheet(1)).body["model"])


@pytest.fixture
def releasing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releasing]:
    monkeypatch.setattr("shared.released_embedders._FRESH_SECONDS", 1e-9)
    with functions(World(tmp_path / "index")) as world:
        world.index(*(world.put(f"{number}.png", sheet(number)) for number in range(DRAWINGS)))
        yield Releasing(world)


def test_the_shipped_embedder_needs_nothing(releasing: Releasing) -> None:
    assert releasing.advance().state == "serving"
    assert (releasing.sagemaker.endpoints, releasing.asked) == ({}, [])


def test_an_approved_version_is_searched_with_when_its_index_is_complete_and_not_before(releasing: Releasing) -> None:
    world = releasing.world
    releasing.sagemaker.register(2, "fake/2")
    assert releasing.advance().state == "starting"
    assert releasing.advance().state == "starting"
    releasing.come_to_rest()
    assert (progress := releasing.advance()).state == "filling"
    assert (progress.version, progress.model, progress.left) == ("v2", "fake/2", DRAWINGS)
    assert releasing.searched == MODEL
    world.index(world.put("new.png", sheet(9)))  # comes meanwhile, and is in both
    world.drain()
    assert releasing.searched == MODEL
    assert releasing.advance().state == "swapped"
    assert releasing.searched == "fake/2"
    assert world.indexed() == world.stored()
    world.runtime.calls.clear()
    assert releasing.searched == "fake/2"
    assert len(world.runtime.calls) == 1  # nobody asks the embedder of another index
    releasing.asked.clear()
    assert releasing.advance().state == "serving"
    assert releasing.asked == []


def test_what_people_moved_back_stays_where_it_is(releasing: Releasing) -> None:
    releasing.release(2, "fake/2")
    releasing.world.order("rollback")
    assert releasing.advance().state == "serving"
    assert releasing.searched == MODEL


def test_a_version_that_is_rejected_goes_and_searches_go_back(releasing: Releasing) -> None:
    releasing.release(2, "fake/2")
    releasing.sagemaker.versions[2]["state"] = "Rejected"
    assert releasing.advance().state == "swapped"
    assert releasing.searched == MODEL
    assert (releasing.sagemaker.endpoints, releasing.sagemaker.configs, releasing.sagemaker.models) == ({}, {}, set())
    assert [each.name for each in releasing.world.store.indexes()] == [index_name(MODEL)]


def test_no_search_fails_while_a_version_comes_and_goes(releasing: Releasing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.released_embedders._FRESH_SECONDS", 3600.0)  # searches know the list of before
    world, asked, seen = releasing.world, releasing._ask, []

    def searching(call: Callable[..., Any]) -> Callable[..., Any]:
        def around(*arguments: Any, **named: Any) -> Any:
            seen.append(releasing.searched)
            answer = call(*arguments, **named)
            seen.append(releasing.searched)
            return answer

        return around

    def delete_endpoint(*, EndpointName: str) -> None:
        del releasing.sagemaker.endpoints[EndpointName]
        del world.runtime.models[EndpointName]

    monkeypatch.setattr(releasing.sagemaker, "delete_endpoint", delete_endpoint)
    monkeypatch.setattr(releasing, "_ask", searching(asked))
    for step in ("delete_endpoint", "delete_endpoint_config", "delete_model", "create_endpoint"):
        monkeypatch.setattr(releasing.sagemaker, step, searching(getattr(releasing.sagemaker, step)))
    monkeypatch.setattr(world.s3, "put_object", searching(world.s3.put_object))
    releasing.release(2, "fake/2")
    assert releasing.searched == "fake/2"
    releasing.sagemaker.versions[2]["state"] = "Rejected"
    assert releasing.advance().state == "swapped"
    assert releasing.searched == MODEL
    moves = [model for model, before in pairwise([*seen, ""]) if model != before]
    assert moves == [MODEL, "fake/2", MODEL]
    assert index_name("fake/2") not in [each.name for each in world.store.indexes()]


def test_a_search_whose_index_is_left_and_removed_meanwhile_begins_again(
    releasing: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    releasing.release(2, "fake/2")
    runtime = releasing.world.runtime
    real = runtime.invoke_endpoint

    def rejected(**arguments: Any) -> Any:
        """Between its question to the embedder and its question to the index."""
        answer = real(**arguments)
        if releasing.sagemaker.versions[2]["state"] == "Approved":
            releasing.sagemaker.versions[2]["state"] = "Rejected"
            assert releasing.advance().state == "swapped"
        return answer

    monkeypatch.setattr(runtime, "invoke_endpoint", rejected)
    assert releasing.searched == MODEL


def test_the_version_before_stays_to_go_back_to_and_older_ones_go(releasing: Releasing) -> None:
    for number in (2, 3, 4):
        releasing.release(number, f"fake/{number}")
    releasing.advance()
    assert {name.split("-")[1] for name in releasing.sagemaker.endpoints} == {"v3", "v4"}
    assert {each.model for each in releasing.world.store.indexes()} == {MODEL, "fake/3", "fake/4"}
    releasing.world.order("rollback")
    assert releasing.searched == "fake/3"


def test_a_kill_at_any_step_is_made_good_by_the_next_look(
    releasing: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    releasing.sagemaker.register(2, "fake/2")
    real = releasing.sagemaker.create_endpoint_config
    monkeypatch.setattr(releasing.sagemaker, "create_endpoint_config", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        releasing.advance()
    monkeypatch.setattr(releasing.sagemaker, "create_endpoint_config", real)
    releasing.release(2, "fake/2")

    # Killed after the index of a rejected version is gone and before its endpoint is.
    releasing.sagemaker.versions[2]["state"] = "Rejected"
    monkeypatch.setattr(releasing.sagemaker, "delete_endpoint", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        releasing.advance()
    assert releasing.searched == MODEL
    monkeypatch.undo()
    assert releasing.advance().state == "serving"
    assert releasing.sagemaker.endpoints == {}


def test_an_endpoint_that_failed_is_named_with_what_to_do(releasing: Releasing) -> None:
    releasing.sagemaker.register(2, "fake/2")
    releasing.advance()
    (name,) = releasing.sagemaker.endpoints
    releasing.sagemaker.endpoints[name] = "Failed"
    with pytest.raises(PlatformError, match=f"endpoint {name} failed: reject v2, or delete the endpoint"):
        releasing.advance()
