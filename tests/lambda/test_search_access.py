"""The custom resource that lets roles into the domain: its own words, its own signature, always an answer."""

from __future__ import annotations

import io
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from search_access import handler
from tests.lambda_context import Context


@dataclass
class LogContext(Context):
    log_stream_name: str = "stream"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[urllib.request.Request]:
    """Requests instead of a network; the domain at `broken` refuses."""
    requests: list[urllib.request.Request] = []

    class Answer(io.BytesIO):
        status = 200

    def urlopen(request: urllib.request.Request, **_: Any) -> Answer:
        requests.append(request)
        if "broken" in request.full_url:
            raise OSError("no connection")
        return Answer()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return requests


def order(kind: str, endpoint: str = "vpc-drawings.es.amazonaws.com") -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation/answer",
        "LogicalResourceId": "Roles",
        "StackId": "stack",
        "RequestId": "request",
        "ResourceProperties": {"Endpoint": endpoint, "Readers": ["arn:reader"], "Writers": ["arn:one", "arn:two"]},
    }


def body(request: urllib.request.Request) -> dict[str, Any]:
    assert isinstance(request.data, bytes)
    document: dict[str, Any] = json.loads(request.data)
    return document


def test_roles_are_written_and_mapped_with_signed_requests(sent: list[urllib.request.Request]) -> None:
    handler.handle(order("Create"), LogContext())
    *written, answer = sent
    paths = [request.full_url.removeprefix("https://vpc-drawings.es.amazonaws.com") for request in written]
    assert paths == [
        f"/_plugins/_security/api/{kind}/drawings_{name}"
        for name in ("reader", "writer")
        for kind in ("roles", "rolesmapping")
    ]
    assert body(written[1]) == {"backend_roles": ["arn:reader"]}
    assert body(written[3]) == {"backend_roles": ["arn:one", "arn:two"]}
    assert all("/es/aws4_request" in str(request.get_header("Authorization")) for request in written)
    assert body(answer)["Status"] == "SUCCESS"


def test_who_reads_may_not_write(sent: list[urllib.request.Request]) -> None:
    handler.handle(order("Update"), LogContext())
    reader = json.dumps(body(sent[0]))
    assert not any(word in reader for word in ("write", "crud", "create", "delete", "manage"))
    for role in (body(sent[0]), body(sent[2])):
        assert [each["index_patterns"] for each in role["index_permissions"]] == [["drawings*"]]


def test_requests_for_many_documents_and_the_end_of_a_load_are_allowed(sent: list[urllib.request.Request]) -> None:
    handler.handle(order("Create"), LogContext())
    reader, writer = (set(body(sent[number])["cluster_permissions"]) for number in (0, 2))
    assert "indices:data/read/mget" in reader & writer
    assert {"cluster:monitor/task/get", "cluster:admin/knn_warmup_action"} <= writer - reader


def test_a_domain_that_does_not_answer_fails_the_stack_with_the_reason(sent: list[urllib.request.Request]) -> None:
    handler.handle(order("Create", "broken"), LogContext())
    answer = body(sent[-1])
    assert (answer["Status"], "no connection" in answer["Reason"]) == ("FAILED", True)


def test_a_deletion_asks_nothing_of_the_domain(sent: list[urllib.request.Request]) -> None:
    handler.handle(order("Delete"), LogContext())
    assert [request.full_url for request in sent] == ["https://cloudformation/answer"]
