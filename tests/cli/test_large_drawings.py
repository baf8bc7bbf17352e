"""A drawing goes to the endpoint that can take it, and who asked is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from cli import large_drawings
from cli.endpoint import Endpoint
from cli.environment import Environment
from cli.errors import OperatorError
from cli.large_drawings import EndpointSource
from drawing_ocr.reading.result import ModelName, ReadingResult
from tests.cli.world import BUCKET, ENDPOINT, World

ANSWER = ReadingResult(width=1, height=1, model=ModelName(name="test", version="2"))
FAILURE = (
    'ClientError: Received client error (422) from model with message "{"error":{"code":"UnreadableImage",'
    '"message":"image: damaged or truncated: fetch it again"}}". See https://console for more information.'
)


class Runtime:
    """Answers InvokeEndpointAsync as SageMaker: at once with two addresses, later with one of the two objects."""

    def __init__(self, world: World, *, answer: bytes | None = None, failure: str | None = None) -> None:
        self._world, self._answer, self._failure = world, answer, failure
        self.orders: list[dict[str, Any]] = []

    def invoke_endpoint_async(self, **order: Any) -> dict[str, str]:
        self.orders.append(order)
        for key, body in (("answers/1.out", self._answer), ("failures/1.out", self._failure)):
            if body is not None:
                self._world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return {"OutputLocation": f"s3://{BUCKET}/answers/1.out", "FailureLocation": f"s3://{BUCKET}/failures/1.out"}


class Refuses:
    def __init__(self, code: str, message: str) -> None:
        self._error = ClientError({"Error": {"Code": code, "Message": message}}, "InvokeEndpointAsync")

    def invoke_endpoint_async(self, **_: Any) -> None:
        raise self._error


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The drawings that the real-time endpoint is asked for; polls do not wait."""
    asked: list[str] = []

    def read(_: Endpoint, __: bytes, name: str) -> ReadingResult:
        asked.append(Path(name).name)
        return ANSWER

    monkeypatch.setattr(Endpoint, "read", read)
    monkeypatch.setattr(large_drawings, "POLL_SECONDS", 0.0)
    return asked


def asynchronous(world: World, runtime: Any, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> EndpointSource:
    real = Environment.client
    monkeypatch.setattr(
        Environment, "client", lambda self, name: runtime if name == "sagemaker-runtime" else real(self, name)
    )
    return EndpointSource(world.environment, said.append)


def drawing(folder: Path, width: int, height: int, name: str = "a0 sheet.png", pages: int = 1) -> Path:
    file = folder / name
    page = Image.new("1", (width, height), 1)
    page.save(file, save_all=True, append_images=[page] * (pages - 1)) if pages > 1 else page.save(file)
    return file


def test_a_sheet_of_common_size_is_read_in_real_time(
    world: World, real_time: list[str], said: list[str], tmp_path: Path
) -> None:
    EndpointSource(world.environment, said.append).read(drawing(tmp_path, 4961, 3508))
    assert (real_time, said) == (["a0 sheet.png"], [])


@pytest.mark.parametrize(
    ("width", "height", "name", "pages"),
    [(9362, 6622, "a0 sheet.png", 1), (3508, 2480, "documents.tif", 6), (2339, 1654, "documents.pdf", 20)],
)
def test_an_a0_sheet_and_a_long_document_are_read_asynchronously_and_that_is_said(
    world: World,
    real_time: list[str],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    height: int,
    name: str,
    pages: int,
) -> None:
    runtime = Runtime(world, answer=ANSWER.model_dump_json().encode())
    source = asynchronous(world, runtime, monkeypatch, said)
    assert source.read(drawing(tmp_path, width, height, name, pages)) == ANSWER
    assert real_time == []
    (sentence,) = said
    assert "megapixels, in real time at most 50: read by drawing-reading-dev-async" in sentence
    (order,) = runtime.orders
    assert order["EndpointName"] == f"{ENDPOINT}-async"
    assert order["InvocationTimeoutSeconds"] == 900
    key = order["InputLocation"].removeprefix(f"s3://{BUCKET}/")
    assert key.startswith("results/asynchronous/requests/")
    assert " " not in key
    assert world.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"] > 0


def test_a_file_of_many_bytes_is_read_asynchronously_whatever_it_holds(
    world: World, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(world, answer=ANSWER.model_dump_json().encode())
    file = tmp_path / "noise.png"
    file.write_bytes(bytes(26_000_000))
    assert asynchronous(world, runtime, monkeypatch, said).read(file) == ANSWER
    assert said[0].startswith("noise.png: 26.0 MB, in real time at most 25: read by")


def test_a_refusal_is_said_in_the_containers_words(
    world: World, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = asynchronous(world, Runtime(world, failure=FAILURE), monkeypatch, said)
    with pytest.raises(OperatorError, match=r"a0 sheet\.png: image: damaged or truncated: fetch it again$"):
        source.read(drawing(tmp_path, 9362, 6622))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("ValidationError", "Endpoint x of account 1 not found.", "there is no endpoint .*-async yet"),
        ("ServiceUnavailable", "later", r"-async refused it \(ServiceUnavailable\): later"),
    ],
)
def test_an_endpoint_that_does_not_take_it_is_one_line(
    world: World,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    message: str,
    expected: str,
) -> None:
    source = asynchronous(world, Refuses(code, message), monkeypatch, said)
    with pytest.raises(OperatorError, match=expected) as caught:
        source.read(drawing(tmp_path, 9362, 6622))
    assert "\n" not in str(caught.value)


def test_nobody_waits_for_ever(world: World, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_drawings, "WAKE_SECONDS", -900)
    source = asynchronous(world, Runtime(world), monkeypatch, said)
    with pytest.raises(OperatorError, match="no answer from drawing-reading-dev-async within 0 min"):
        source.read(drawing(tmp_path, 9362, 6622))


def test_without_an_asynchronous_endpoint_the_way_out_is_named(world: World, said: list[str], tmp_path: Path) -> None:
    without = json.dumps({"real_time_bytes": 4_000_000})  # as CDK writes it: without what is None
    names = world.environment.names.model_copy(update={"large_drawings": without})
    environment = dataclasses.replace(world.environment, names=names)
    file = tmp_path / "noise.png"
    file.write_bytes(bytes(4_000_001))
    with pytest.raises(OperatorError, match=r"4\.0 MB, in real time at most 4, and environment dev has no"):
        EndpointSource(environment, said.append).read(file)


def test_what_is_no_picture_goes_to_the_endpoint_that_says_why(
    world: World, real_time: list[str], said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7 nothing follows")
    (tmp_path / "x.png").write_bytes(b"hello")
    source = EndpointSource(world.environment, said.append)
    for name in ("x.pdf", "x.png"):
        source.read(tmp_path / name)
    assert real_time == ["x.pdf", "x.png"]
