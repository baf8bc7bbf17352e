"""A real OpenSearch server is killed, overloaded, and half swapped; nothing that was acknowledged is lost."""

from __future__ import annotations

import datetime
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import pytest
from botocore.credentials import Credentials

from drawing_ocr.search.document import DrawingDocument
from drawing_ocr.search.loading import loading
from drawing_ocr.search.opening import open_store
from drawing_ocr.search.opensearch import bulk
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.opensearch.store import OpenSearchIndex, OpenSearchStore
from drawing_ocr.search.store import AliasSplit, StoreBusy, StoreError
from search_access.handler import ROLES
from shared.drawing_index import PATTERN
from tests.drawing_ocr.search.world import DIMENSION, MODEL, document, towards, unit
from tests.opensearch_server import Server, require, server

pytestmark = pytest.mark.fault

SETTINGS = IndexSettings(engine="lucene", compression="4x", replicas=0, refresh_seconds=60)
SMALL_QUEUE = ("-Ethread_pool.write.size=1", "-Ethread_pool.write.queue_size=1")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require()
    with server(tmp_path_factory.mktemp("opensearch"), *SMALL_QUEUE) as started:
        yield started


@pytest.fixture
def store(node: Server) -> Iterator[OpenSearchStore]:
    opened = OpenSearchStore(node.address, SETTINGS)
    yield opened
    opened.close()


@pytest.fixture
def index(store: OpenSearchStore) -> OpenSearchIndex:
    name = f"drawings-{uuid.uuid4().hex[:12]}"
    store.create(name, DIMENSION, MODEL)
    return store.index(name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_FIRST_PAUSE", 0.001)


@contextmanager
def cluster_setting(store: OpenSearchStore, name: str, value: object) -> Iterator[None]:
    store.client.cluster.put_settings(body={"transient": {name: value}})
    try:
        yield
    finally:
        store.client.cluster.put_settings(body={"transient": {name: None}})


@contextmanager
def index_block(store: OpenSearchStore, index: OpenSearchIndex) -> Iterator[None]:
    name = index.info().name
    store.client.indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": True})
    try:
        yield
    finally:
        store.client.indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": None})


def batch(number: int, size: int = 20) -> list[DrawingDocument]:
    return [document(f"b{number:04}-{i:02}", unit(number), towards(number, 0.5)) for i in range(size)]


def until_taken(index: OpenSearchIndex, documents: list[DrawingDocument]) -> None:
    """As the queue does: what was refused for now is told again."""
    left = documents
    while left:
        try:
            again = {refused.drawing_id for refused in index.put(left) if refused.retriable}
        except StoreBusy:
            continue
        left = [each for each in left if each.drawing_id in again]


def test_a_server_killed_during_bulk_and_search_loses_nothing_acknowledged(tmp_path: Path) -> None:
    require()
    with server(tmp_path / "node") as node:
        store = OpenSearchStore(node.address, SETTINGS)
        store.create("drawings", DIMENSION, MODEL)
        store.swap("similar", "drawings")
        index = store.index("similar")
        acknowledged: set[str] = set()
        failures: list[type[Exception]] = []
        killed = threading.Event()

        def put() -> None:
            for number in range(10_000):
                documents = batch(number)
                try:
                    refused = {each.drawing_id for each in index.put(documents)}
                except StoreError as error:
                    failures.append(type(error))
                    return
                acknowledged.update({each.drawing_id for each in documents} - refused)

        def search() -> None:
            while True:
                try:
                    index.nearest(unit(1), model=MODEL, k=10)
                except StoreError as error:
                    failures.append(type(error))
                    return

        threads = [threading.Thread(target=put), threading.Thread(target=search)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 300:
            time.sleep(0.01)
        node.kill()
        killed.set()
        for thread in threads:
            thread.join(timeout=60)
        assert failures == [StoreBusy, StoreBusy]
        node.start()
        store = OpenSearchStore(node.address, SETTINGS)
        assert store.aliased("similar") == "drawings"
        index = store.index("similar")
        index.refresh()
        assert acknowledged <= {drawing_id for drawing_id, _, _ in index.listing()}
        assert index.nearest(unit(3), model=MODEL, k=1)[0].drawing_id.startswith("b0003-")


def test_an_alias_half_swapped_by_somebody_who_died_is_refused_then_mended(
    store: OpenSearchStore, index: OpenSearchIndex
) -> None:
    old, new = index.info().name, f"{index.info().name}-new"
    alias = f"alias-{old}"
    store.create(new, DIMENSION, "drawing-embedder/2")
    store.swap(alias, old)
    store.client.indices.update_aliases(body={"actions": [{"add": {"index": new, "alias": alias}}]})
    with pytest.raises(AliasSplit, match=old):
        store.index(alias).nearest(unit(1), model=MODEL, k=1)
    with pytest.raises(AliasSplit):
        store.index(alias).put([document("a", unit(1))])
    assert store.swap(alias, old) is None
    store.index(alias).put([document("a", unit(1))])
    assert store.aliased(alias) == old


def test_swaps_at_once_leave_one_index(store: OpenSearchStore, index: OpenSearchIndex) -> None:
    names = [index.info().name, f"{index.info().name}-2", f"{index.info().name}-3"]
    for name in names[1:]:
        store.create(name, DIMENSION, MODEL)
    alias = f"alias-{names[0]}"
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: store.swap(alias, name), names * 5))
    assert store.aliased(alias) in names


Refusal = Callable[[OpenSearchStore, OpenSearchIndex], AbstractContextManager[None]]
REFUSALS: Mapping[str, Refusal] = {
    "k-NN circuit breaker": lambda store, _: cluster_setting(store, "knn.circuit_breaker.triggered", True),
    "memory of requests": lambda store, _: cluster_setting(store, "network.breaker.inflight_requests.limit", "1kb"),
    "disk is full": lambda store, index: index_block(store, index),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_circuit_breaker_means_later_and_not_never(
    store: OpenSearchStore, index: OpenSearchIndex, refusal: Refusal
) -> None:
    documents = batch(1)
    with refusal(store, index), pytest.raises(StoreBusy, match="try again"):
        index.put(documents)
    assert index.put(documents) == []
    assert index.standing([documents[0].drawing_id])


def test_rejected_items_of_a_full_queue_are_repeated_alone(index: OpenSearchIndex) -> None:
    rejected = []
    sent = bulk._sent

    def counting(*arguments: object) -> Iterator[tuple[str, int, object]]:
        for answer in sent(*arguments):  # type: ignore[arg-type]
            if answer[1] == 429:
                rejected.append(answer[0])
            yield answer

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(12) as pool:
        patch.setattr(bulk, "_sent", counting)
        list(pool.map(lambda number: until_taken(index, batch(number)), range(60)))
    assert rejected, "the queue was never full"
    index.refresh()
    assert index.count() == 60 * 20


def test_two_backfills_at_once_and_the_events_meanwhile_end_with_the_newest(
    index: OpenSearchIndex,
) -> None:
    listed = [document(f"d{i}", unit(i), version="listed") for i in range(200)]
    listed = [each.model_copy(update={"sequencer": ""}) for each in listed]
    events = [document(f"d{i}", unit(i), version="event", sequencer="0A") for i in range(0, 200, 3)]

    def backfill() -> None:
        with loading(index):
            for first in range(0, 200, 20):
                until_taken(index, listed[first : first + 20])

    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(backfill), pool.submit(backfill), pool.submit(until_taken, index, events)]
        for run in runs:
            run.result()
    index.refresh()
    versions = {drawing_id: version for drawing_id, version, _ in index.listing()}
    assert versions == {f"d{i}": "listed" if i % 3 else "event" for i in range(200)}


def test_an_index_of_another_mapping_is_not_written_and_does_not_hide_others(
    store: OpenSearchStore, index: OpenSearchIndex
) -> None:
    name = index.info().name
    meta = store.client.indices.get_mapping(index=name)[name]["mappings"]["_meta"]
    store.client.indices.put_mapping(index=name, body={"_meta": {**meta, "mapping_version": 99}})
    with pytest.raises(StoreError, match="mapping version 99"):
        index.put([document("a", unit(1))])
    successor = f"drawings-{uuid.uuid4().hex[:12]}"
    store.create(successor, DIMENSION, MODEL)
    names = [each.name for each in store.indexes()]
    assert successor in names
    assert name not in names


def test_a_port_where_nobody_listens_is_busy() -> None:
    store = OpenSearchStore("http://127.0.0.1:9", SETTINGS)
    with pytest.raises(StoreBusy, match="does not answer"):
        store.index("drawings").count()


@dataclass(frozen=True)
class Request:
    """What comes to a domain's gate."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@contextmanager
def gate(node: Server, refusal: Callable[[Request], str]) -> Iterator[tuple[str, list[str]]]:
    """A proxy before the node, as AWS has one before a domain: address, and the requests that it refused.

    Args:
        node: gets what is let through.
        refusal: why a request is refused; "" = it is let through.
    """
    refused: list[str] = []

    class Gate(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reason = refusal(Request(self.command, self.path, dict(self.headers.items()), body))
            if reason:
                refused.append(f"{self.command} {self.path}")
                self._answer(403, json.dumps({"message": reason}).encode())
                return
            passed = urllib.request.Request(
                node.address + self.path, body or None, {"Content-Type": "application/json"}, method=self.command
            )
            try:
                with urllib.request.urlopen(passed) as answer:
                    self._answer(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self._answer(error.code, error.read())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}", refused
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def named(request: Request) -> list[str]:
    """The indexes that a request is about; one that names none is about all of them, but for the task of a merge."""
    first = request.path.partition("?")[0].split("/")[1]
    if not first.startswith("_"):
        return first.split(",")
    if first == "_aliases":
        actions = json.loads(request.body)["actions"]
        return [named for action in actions for each in action.values() for named in (each["index"], each["alias"])]
    return [] if request.path.startswith("/_tasks/") else ["*"]


def of_another_role(request: Request) -> str:
    patterns = [each for part in ROLES["drawings_writer"]["index_permissions"] for each in part["index_patterns"]]
    ours = all(any(fnmatch(name, pattern) for pattern in patterns) for name in named(request))
    return "" if ours else "no permissions for [indices:admin/mappings/get]"


def test_no_request_names_an_index_that_the_roles_of_a_domain_do_not_hold(node: Server) -> None:
    with gate(node, of_another_role) as (address, refused):
        with pytest.raises(StoreError, match="look at the role's rights"):
            open_store(address, settings=SETTINGS).indexes()
        assert len(refused) == 1
        store = open_store(address, settings=SETTINGS, pattern=PATTERN)
        old, new, alias = (f"drawings-{uuid.uuid4().hex[:12]}" for _ in range(3))
        for name in (old, new):
            store.create(name, DIMENSION, MODEL)
        assert store.swap(alias, old) is None
        index = store.index(alias)
        with loading(index):
            assert index.put([document("a", unit(1)), document("b", unit(2))]) == []
        assert index.delete(["b"], "11") == []
        index.refresh()
        assert [hit.drawing_id for hit in index.nearest(unit(1), model=MODEL, k=2)] == ["a"]
        assert index.words("flange", k=2) == []
        assert (index.get("a"), index.count(), len(index.regions(["a"]))) == (document("a", unit(1)), 1, 1)
        assert len(list(index.listing())) == len(index.standing(["a"])) == 1
        assert {old, new} <= {info.name for info in store.indexes()}
        assert (store.swap(alias, new), store.aliased(alias)) == (old, new)
        store.drop(old)
        assert old not in {info.name for info in store.indexes()}
        assert len(refused) == 1


def signed_at_another_time(request: Request) -> str:
    signed = datetime.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    late = abs(datetime.datetime.now(datetime.UTC) - signed) > datetime.timedelta(minutes=5)
    return f"Signature expired: {signed} is now earlier than allowed" if late else ""


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_wrong_is_refused_by_the_domain_and_nothing_is_lost(
    node: Server, store: OpenSearchStore, index: OpenSearchIndex, minutes: int
) -> None:
    name, wrong = index.info().name, datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    with gate(node, signed_at_another_time) as (address, refused):
        signed = open_store(address, settings=SETTINGS, credentials=Credentials("a", "b"), region="eu-central-1")
        with (
            mock.patch("botocore.auth.get_current_datetime", return_value=wrong),
            pytest.raises(StoreError, match="Signature expired") as told,
        ):
            signed.index(name).put([document("a", unit(1))])
        assert not isinstance(told.value, StoreBusy), "no pause mends a clock: somebody has to be told"
        assert refused
        assert signed.index(name).put([document("a", unit(1))]) == []
    assert store.index(name).standing(["a"])
