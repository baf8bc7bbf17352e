"""Similar drawings in a deployed account: put, found by a photograph, deleted, filled by many; strangers stay out."""

from __future__ import annotations

import base64
import datetime
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cli.demo.search import photographed
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.style import VIEWS
from emulator import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY
from tests.e2e.account import REGION, ROOT, Account, eventually

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def account(whole_account: Account) -> Account:
    """Without a reader: what a drawing looks like is found without what is written on it."""
    return whole_account


def ask(account: Account, body: dict[str, Any], *, key: str = DUMMY_ACCESS_KEY) -> tuple[int, dict[str, Any]]:
    """Status and answer of a search, signed as an SDK signs it."""
    api = urlsplit(account.names["search-api"])
    content = json.dumps(body).encode()
    headers = {"Host": api.netloc, "Content-Type": "application/json"}
    request = AWSRequest("POST", f"http://localhost:{account.port}/search", data=content, headers=headers)
    SigV4Auth(Credentials(key, DUMMY_SECRET_KEY), "execute-api", REGION).add_auth(request)
    sent = urllib.request.Request(request.url, content, dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def status(account: Account) -> dict[str, Any]:
    function = account.names["search-reconcile-function"]
    answer = account.client("lambda").invoke(FunctionName=function, Payload=b'{"action": "status"}')
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, document
    return document


def indexed(account: Account) -> int:
    return sum(int(each["drawings"]) for each in status(account)["indexes"] if each["searched"])


def test_a_drawing_is_found_by_its_distorted_self_until_it_is_deleted(account: Account, tmp_path: Path) -> None:
    sheets = sorted((write_batch(tmp_path, 4, 77, VIEWS).parent / "images").iterdir())
    s3, bucket = account.client("s3"), account.names["data-bucket"]
    assert ask(account, {"words": "flange"})[1]["hits"] == []
    for sheet in sheets:
        s3.put_object(Bucket=bucket, Key=f"drawings/{sheet.name}", Body=sheet.read_bytes())
    s3.put_object(Bucket=bucket, Key="drawings/broken.png", Body=b"no picture")
    eventually(lambda: indexed(account) == len(sheets) or None, seconds=60, what="all drawings are indexed")
    eventually(lambda: status(account)["refused"] == 1 or None, seconds=30, what="the broken one is put aside")

    photo = {"image": base64.b64encode(photographed(sheets[2])).decode()}
    code, answer = ask(account, photo)
    assert code == 200, answer
    assert answer["hits"][0]["drawing"]["id"] == sheets[2].name
    assert len(answer["hits"]) == len(sheets)
    thumbnail = urlsplit(answer["hits"][0]["drawing"]["thumbnail"])
    there = urllib.request.Request(
        f"http://localhost:{account.port}{thumbnail.path}?{thumbnail.query}", headers={"Host": thumbnail.netloc}
    )
    with urllib.request.urlopen(there, timeout=10) as small:
        assert small.read(3) == b"\xff\xd8\xff"

    s3.delete_object(Bucket=bucket, Key=f"drawings/{sheets[2].name}")
    eventually(lambda: indexed(account) == len(sheets) - 1 or None, seconds=30, what="it is gone from the index")
    assert sheets[2].name not in {hit["drawing"]["id"] for hit in ask(account, photo)[1]["hits"]}
    assert ask(account, {"id": sheets[2].name})[0] == 404

    attributes = account.client("sqs").get_queue_attributes(
        QueueUrl=account.names["search-dead-letters"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_a_key_of_nobody_in_the_account_is_refused(account: Account) -> None:
    assert ask(account, {"words": "flange"}, key="AKIAFOREIGN") == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(("minutes", "status"), [(-6, 403), (-4, 200), (4, 200), (6, 403)])
def test_a_signature_of_a_clock_that_is_wrong_by_more_than_five_minutes_is_refused(
    account: Account, minutes: int, status: int
) -> None:
    wrong = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    with mock.patch("botocore.auth.get_current_datetime", return_value=wrong):
        assert ask(account, {"words": "flange"})[0] == status


BACKFILL = "monitoring/search/backfill.json"


@contextmanager
def nobody_tells_of_drawings(account: Account) -> Iterator[None]:
    """As of drawings that were in the bucket before there was an index."""
    events = account.client("events")
    pages = events.get_paginator("list_rules").paginate()
    (rule,) = (rule["Name"] for page in pages for rule in page["Rules"] if "DrawingsChanged" in rule["Name"])
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def start_backfill(account: Account) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", "--env", "local", "--json", "index", "backfill", "--least", "1"]
    return subprocess.Popen(
        [*command, "--shard", "2"],
        cwd=ROOT,
        env=account.cdk.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def under_way(account: Account) -> dict[str, Any] | None:
    s3, bucket = account.client("s3"), account.names["data-bucket"]
    try:
        found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=BACKFILL)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    return found if found["shards"] else None


def test_a_backfill_goes_on_after_kills_and_its_index_takes_the_place_of_the_one_before(
    account: Account, tmp_path: Path
) -> None:
    s3, bucket = account.client("s3"), account.names["data-bucket"]
    before = {each["name"] for each in status(account)["indexes"] if each["searched"]}
    sheets = sorted((write_batch(tmp_path, 4, 78, VIEWS).parent / "images").iterdir())
    with nobody_tells_of_drawings(account):
        for sheet in sheets:
            s3.put_object(Bucket=bucket, Key=f"drawings/old/{sheet.name}", Body=sheet.read_bytes())
    killed = start_backfill(account)
    begun = eventually(lambda: under_way(account), seconds=60, what="a back-fill is planned")
    os.killpg(killed.pid, signal.SIGSTOP)  # somewhere between its plan and its last shard, however fast the machine
    assert {begun["replaces"]} == before
    _, refused = start_backfill(account).communicate(timeout=60)
    assert f"is filling {begun['index']} now: wait for it" in refused
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    # Half a minute later.
    silent = json.loads(s3.get_object(Bucket=bucket, Key=BACKFILL)["Body"].read()) | {"renewed": 0.0}
    s3.put_object(Bucket=bucket, Key=BACKFILL, Body=json.dumps(silent).encode())
    said, told = start_backfill(account).communicate(timeout=120)
    assert said, told
    assert json.loads(said)["index"] == begun["index"]
    assert under_way(account) is None
    jobs = account.client("sagemaker").list_transform_jobs(NameContains=begun["id"])["TransformJobSummaries"]
    assert len(jobs) == 1, "the job that was ordered before the kill, and no other"
    assert {each["name"] for each in status(account)["indexes"]} == {begun["index"]}
    photo = {"image": base64.b64encode(photographed(sheets[1])).decode()}
    assert ask(account, photo)[1]["hits"][0]["drawing"]["id"] == f"old/{sheets[1].name}"
