from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from containers.inference import app
from containers.inference.cloudwatch import EmbeddedMetrics, Unit
from containers.inference.desk import Desk
from containers.inference.invocation import CUSTOM_ATTRIBUTES, DEADLINE, INFERENCE_ID, REQUEST_ID, Invocation
from containers.inference.metrics import Metrics
from containers.inference.settings import ServingSettings, SettingsError
from containers.inference.turn import Stage, Watched
from drawing_ocr.reading.image import Limits, load_bytes
from drawing_ocr.reading.result import ModelName, ReadingResult

LIMITS = Limits(file_bytes=1_000_000, pixels=1_000_000)


class FakeReader:
    """Decodes like the real one, then answers the size; `hold` keeps it busy."""

    model = ModelName(name="fake", version="7")

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.hold.set()
        self.started = threading.Semaphore(0)

    def read(self, page: Any) -> ReadingResult:
        return ReadingResult(width=page.shape[1], height=page.shape[0], model=self.model)

    def read_bytes(self, data: bytes) -> ReadingResult:
        pages = list(load_bytes(data, limits=LIMITS))
        self.started.release()
        assert self.hold.wait(20)
        return self.read(pages[0])


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


def serving(**variables: str) -> ServingSettings:
    return ServingSettings.from_environment(
        {"SAGEMAKER_MODEL_SERVER_WORKERS": "1", "READING_QUEUE": "1", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1", **variables}
    )


def open_desk(reader: Any, options: ServingSettings) -> Desk:
    return Desk(lambda: reader, workers=options.workers, queue=options.queue)


def build_app(desk: Desk, options: ServingSettings) -> Starlette:
    embedded = EmbeddedMetrics({"Served": "reader", "ModelVersion": "7"}, print)
    return app.build_app(desk, options, Metrics(embedded))


@pytest.fixture
def client(reader: FakeReader) -> Iterator[TestClient]:
    options = serving()
    desk = open_desk(reader, options)
    desk.open()
    with TestClient(build_app(desk, options), raise_server_exceptions=False) as test_client:
        yield test_client
    desk.close()


def png(width: int = 30, height: int = 20) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 255).save(buffer, format="PNG")
    return buffer.getvalue()


def in_json(data: bytes) -> bytes:
    return json.dumps({"image": base64.b64encode(data).decode()}).encode()


class AskingReader(FakeReader):
    """Asks the server for its state while it is warmed up."""

    def __init__(self, ping: Callable[[], int]) -> None:
        super().__init__()
        self.ping = ping
        self.heard: list[int] = []

    def read(self, page: Any) -> ReadingResult:
        self.heard.append(self.ping())
        return super().read(page)


class FailingReader(FakeReader):
    def read_bytes(self, data: bytes) -> ReadingResult:
        raise RuntimeError(f"secret path, {len(data)} bytes")


def test_ping_is_503_until_the_model_has_answered_and_200_from_then_on() -> None:
    options = serving()
    reader = AskingReader(lambda: int(served.get("/ping").status_code))
    desk = open_desk(reader, options)
    served: TestClient = TestClient(build_app(desk, options))
    first = served.get("/ping")
    assert (first.status_code, first.json()["error"]["code"]) == (503, "Loading")
    assert served.post("/invocations", content=png(), headers={"content-type": "image/png"}).status_code == 503
    desk.open()
    assert reader.heard == [503]
    assert served.get("/ping").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (png(), "image/png"),
        (png(), "application/octet-stream"),
        (png(), "application/x-image"),
        (png(), "IMAGE/PNG; charset=binary"),
        (in_json(png()), "application/json"),
        (
            json.dumps({"image": "data:image/png;base64," + base64.b64encode(png()).decode()}).encode(),
            "application/json",
        ),
    ],
)
def test_an_image_is_read_however_it_is_sent(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post("/invocations", content=body, headers={"content-type": kind})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "predictions": [],
        "width": 30,
        "height": 20,
        "pages": 1,
        "model": {"name": "fake", "version": "7"},
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "image/png", 400, "EmptyBody"),
        (b"{", "application/json", 400, "InvalidJson"),
        (b"[]", "application/json", 400, "InvalidRequest"),
        (b'{"image": 5}', "application/json", 400, "InvalidRequest"),
        (b'{"image": "not base64!"}', "application/json", 400, "InvalidBase64"),
        (b'{"image": ""}', "application/json", 422, "UnreadableImage"),
        (b"[" * 100_000, "application/json", 400, "InvalidJson"),
        (b"hello", "text/plain", 415, "UnsupportedContentType"),
        (b"<svg/>", "image/svg+xml", 415, "UnsupportedImage"),
        (png()[:40], "image/png", 422, "UnreadableImage"),
        (png(2000, 1000), "image/png", 413, "ImageTooLarge"),
        (bytes(1_000_001), "image/png", 413, "BodyTooLarge"),
    ],
)
def test_the_callers_mistake_is_answered_with_a_reason(
    client: TestClient, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = client.post("/invocations", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert "\n" not in answer.json()["error"]["message"]


def test_other_paths_and_methods_are_answered_in_the_same_form(client: TestClient) -> None:
    assert client.get("/nothing").json()["error"]["code"] == "NotFound"
    assert client.get("/invocations").status_code == 405
    assert client.post("/ping").status_code == 405


def test_batch_transform_is_told_how_to_send(client: TestClient) -> None:
    assert client.get("/execution-parameters").json() == {
        "MaxConcurrentTransforms": 1,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": 1,
    }


@pytest.mark.parametrize(
    ("workers", "payload", "answer"),
    [(16, 25, (4, 25)), (2, 25, (2, 25)), (16, 6, (16, 6)), (4, 500, (1, 100)), (16, 0, (16, 0))],
)
def test_a_batch_transform_job_never_holds_more_than_sagemaker_allows(
    reader: FakeReader, workers: int, payload: int, answer: tuple[int, int]
) -> None:
    options = serving(SAGEMAKER_MODEL_SERVER_WORKERS=str(workers), SAGEMAKER_MAX_PAYLOAD_IN_MB=str(payload))
    client = TestClient(build_app(open_desk(reader, options), options))
    told = client.get("/execution-parameters").json()
    assert (told["MaxConcurrentTransforms"], told["MaxPayloadInMB"]) == answer
    assert told["MaxConcurrentTransforms"] * told["MaxPayloadInMB"] <= 100


def test_in_a_batch_a_broken_drawing_is_answered_with_its_reason_and_a_fault_of_ours_stays_a_fault() -> None:
    options = serving(READING_ERRORS_AS_ANSWERS="true")
    headers = {"content-type": "image/png"}
    for reader, status in ((FakeReader(), 200), (FailingReader(), 500)):
        desk = open_desk(reader, options)
        desk.open()
        with TestClient(build_app(desk, options), raise_server_exceptions=False) as client:
            answer = client.post("/invocations", content=png()[:40], headers=headers)
            assert answer.status_code == status
            assert answer.json()["error"]["code"] == {200: "UnreadableImage", 500: "InternalError"}[status]
            assert client.post("/invocations", content=b"", headers=headers).status_code == 200
        desk.close()


def test_a_batch_transform_job_without_a_payload_limit_is_limited_by_the_servers_own() -> None:
    assert serving(SAGEMAKER_MAX_PAYLOAD_IN_MB="0").payload_bytes == 500_000_000
    assert serving(SAGEMAKER_MAX_PAYLOAD_IN_MB="7").payload_bytes == 7_000_000


_KINDS = st.sampled_from(["image/png", "application/json", "application/pdf", "application/octet-stream", "", "a/b"])
_BODIES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=80).map(lambda text: json.dumps({"image": text}).encode()),
    st.binary(max_size=100).map(in_json),
    st.builds(lambda cut, value: png()[:cut] + value, st.integers(0, 90), st.binary(max_size=20)),
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3), max_leaves=5).map(
        lambda value: json.dumps({"image": value}).encode()
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_BODIES, _KINDS)
def test_no_body_makes_the_server_fail(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post("/invocations", content=body, headers={"content-type": kind})
    assert answer.status_code < 500
    assert answer.status_code == 200 or set(answer.json()["error"]) == {"code", "message"}


def test_a_fault_of_ours_is_500_and_tells_the_caller_nothing() -> None:
    options = serving()
    desk = open_desk(FailingReader(), options)
    desk.open()
    client = TestClient(build_app(desk, options), raise_server_exceptions=False)
    answer = client.post("/invocations", content=png(), headers={"content-type": "image/png"})
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_a_body_without_a_length_is_refused_while_it_streams(reader: FakeReader) -> None:
    options = serving()
    desk = open_desk(reader, options)
    desk.open()
    served = build_app(desk, options)
    received = []

    async def receive() -> dict[str, object]:
        received.append(1)
        return {"type": "http.request", "body": bytes(100_000), "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": [], "query_string": b""}
    asyncio.run(served(scope, receive, send))
    assert sent[0]["status"] == 413
    assert len(received) == 11


def test_more_than_the_queue_holds_is_refused_at_once_and_room_is_made_again(
    reader: FakeReader, client: TestClient
) -> None:
    reader.hold.clear()
    headers = {"content-type": "image/png"}
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(client.post, "/invocations", content=png(), headers=headers) for _ in range(2)]
        while "inference_requests_inside 2.0" not in client.get("/metrics").text:
            time.sleep(0.01)
        refused = client.post("/invocations", content=png(), headers=headers)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "Busy"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        reader.hold.set()
        assert [request.result(20).status_code for request in waiting] == [200, 200]
    assert client.post("/invocations", content=png(), headers=headers).status_code == 200


def test_what_takes_too_long_is_504_and_its_place_stays_taken_until_it_ends(reader: FakeReader) -> None:
    options = serving(SAGEMAKER_MODEL_SERVER_TIMEOUT="0.2", READING_QUEUE="0")
    desk = open_desk(reader, options)
    desk.open()
    reader.hold.clear()
    headers = {"content-type": "image/png"}
    with TestClient(build_app(desk, options)) as client:
        late = client.post("/invocations", content=png(), headers=headers)
        assert (late.status_code, late.json()["error"]["code"]) == (504, "TooSlow")
        assert client.post("/invocations", content=png(), headers=headers).json()["error"]["code"] == "Busy"
        reader.hold.set()
        assert any(_is_read(client) for _ in range(50))


def test_the_caller_may_ask_for_less_time_than_the_server_allows_but_not_for_more(reader: FakeReader) -> None:
    options = serving(SAGEMAKER_MODEL_SERVER_TIMEOUT="5", READING_QUEUE="4")
    desk = open_desk(reader, options)
    desk.open()
    reader.hold.clear()
    with TestClient(build_app(desk, options)) as client:
        for headers in ({DEADLINE: "0.1"}, {CUSTOM_ATTRIBUTES: "trace, deadline-seconds=0.1"}):
            begun = time.monotonic()
            late = client.post("/invocations", content=png(), headers={"content-type": "image/png", **headers})
            assert (late.status_code, time.monotonic() - begun < 3) == (504, True)
        for nonsense in ("soon", "0", "-1", "nan", "1e", "٣٫٥"):
            refused = client.post("/invocations", content=png(), headers={DEADLINE.encode(): nonsense.encode()})
            assert refused.json()["error"]["code"] == "InvalidDeadline"
        assert Invocation.of(Headers({DEADLINE: "9999"}), 5).seconds == 5
        reader.hold.set()


def test_a_request_keeps_its_id_and_gets_one_where_it_has_none(client: TestClient) -> None:
    for headers, known in (
        ({REQUEST_ID: "drawing-7/3"}, "drawing-7/3"),
        ({CUSTOM_ATTRIBUTES: "request-id=a7"}, "a7"),
        ({INFERENCE_ID: "i-1"}, "i-1"),
        ({REQUEST_ID: 'x"\tx'}, None),
        ({}, None),
    ):
        answer = client.post("/invocations", content=b"", headers=headers)
        given_back = answer.headers[REQUEST_ID]
        assert given_back == known or (known is None and uuid.UUID(given_back))
        assert answer.headers[CUSTOM_ATTRIBUTES] == f"request-id={given_back}"


def test_a_reading_ends_with_the_next_call_of_a_network_when_the_client_has_left() -> None:
    calls = []

    def network(images: Any) -> Any:
        calls.append(1)
        time.sleep(0.02)
        return images

    class PatientReader(FakeReader):
        watched = Watched(network, Stage.DETECTION)

        def read_bytes(self, data: bytes) -> ReadingResult:
            self.started.release()
            for _ in range(1000):
                self.watched(np.zeros(1, np.float32))
            raise AssertionError(f"nobody waits for these {len(data)} bytes")

    reader = PatientReader()
    options = serving()
    desk = open_desk(reader, options)
    desk.open()
    served = build_app(desk, options)
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": png(), "more_body": False}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        while not reader.started.acquire(blocking=False):
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": [], "query_string": b""}
    asyncio.run(served(scope, receive, send))
    assert sent[0]["status"] == 499
    latest = time.monotonic() + 10
    while desk.inside:
        assert time.monotonic() < latest
        time.sleep(0.01)
    assert 1 <= len(calls) < 100


def test_metrics_tell_of_requests_and_of_what_was_found(client: TestClient) -> None:
    client.post("/invocations", content=png(), headers={"content-type": "image/png"})
    client.post("/invocations", content=b"", headers={"content-type": "image/png"})
    told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=")
    families = {each.name: each for each in text_string_to_metric_families(told.text)}
    counts = {
        (each.labels["status"], each.labels["code"]): each.value
        for each in families["inference_requests"].samples
        if each.name.endswith("_total")
    }
    assert counts == {("200", ""): 1, ("400", "EmptyBody"): 1}
    stages = {each.labels["stage"] for each in families["inference_stage_seconds"].samples}
    assert stages == {"body", "queue", "rest"}
    for name, value in (("inference_requests_inside", 0), ("inference_ready", 1)):
        assert families[name].samples[0].value == value


def test_embedded_metrics_are_lines_that_cloudwatch_takes_apart() -> None:
    lines: list[str] = []
    embedded = EmbeddedMetrics({"Served": "reader", "ModelVersion": "7"}, lines.append)
    for number in range(150):
        embedded.add("Regions", number, Unit.COUNT)
    embedded.add("Seconds", 0.25, Unit.SECONDS)
    embedded.flush()
    embedded.flush()
    first, second = map(json.loads, lines)
    assert [len(first["Regions"]), len(second["Regions"]), second["Seconds"]] == [100, 50, [0.25]]
    (about,) = second["_aws"]["CloudWatchMetrics"]
    assert about["Dimensions"] == [["Served", "ModelVersion"]]
    assert about["Metrics"] == [{"Name": "Regions", "Unit": "Count"}, {"Name": "Seconds", "Unit": "Seconds"}]
    assert (second["Served"], second["ModelVersion"]) == ("reader", "7")


def test_the_server_describes_itself(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    validate(document)
    assert {"/invocations", "/ping"} <= set(document["paths"])
    assert set(document["paths"]["/invocations"]["post"]["responses"]) >= {"200", "413", "429", "504"}
    page = client.get("/docs").text
    assert "POST /invocations" in page
    assert "<script" not in page
    assert "//" not in page.replace("http://localhost:8080", "")


def test_a_model_that_stopped_answering_is_no_longer_announced_and_is_announced_again_when_it_answers() -> None:
    class Sick(FakeReader):
        sick = False

        def read(self, page: Any) -> ReadingResult:
            if self.sick:
                raise RuntimeError("the device is gone")
            return super().read(page)

    reader = Sick()
    options = serving()
    desk = open_desk(reader, options)
    desk.open()
    with TestClient(build_app(desk, options)) as client:
        for sick, status in ((True, 503), (False, 200)):
            reader.sick = sick
            client.post("/invocations", content=png(), headers={"content-type": "image/png"})
            latest = time.monotonic() + 10
            while client.get("/ping").status_code != status:
                assert time.monotonic() < latest
                time.sleep(0.01)


def _is_read(client: TestClient) -> bool:
    time.sleep(0.02)
    return client.post("/invocations", content=png(), headers={"content-type": "image/png"}).status_code == 200


def test_variables_of_sagemaker_are_honoured() -> None:
    options = ServingSettings.from_environment(
        {"SAGEMAKER_BIND_TO_PORT": "1234", "SAGEMAKER_BASE_DIR": "/tmp/x", "MODEL_PACKAGE_VERSION": "3", "HOME": "/"}
    )
    assert (options.port, str(options.base), options.model_version) == (1234, "/tmp/x", "3")
    assert ServingSettings.from_environment({}).port == 8080


@pytest.mark.parametrize(("name", "value"), [("SAGEMAKER_BIND_TO_PORT", "http"), ("READING_QUEUE", "-1")])
def test_a_variable_that_cannot_be_used_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}='{value}'"):
        ServingSettings.from_environment({name: value})
