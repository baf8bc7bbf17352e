"""Buckets as a browser meets them: signed addresses, parts of objects, and whose page may read."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from emulator import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, lifetime
from tests.emulator.conftest import Client

PAGE = "http://page.cloudfront.localhost:5000"
KEY = "jobs/a b/⌀.pmtiles"
BODY = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def private(client: Client) -> Iterator[str]:
    """A bucket with one object, which the page's scripts may read by GET."""
    name, s3 = f"private-{uuid.uuid4().hex[:8]}", client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key=KEY, Body=BODY, ContentType="application/octet-stream")
    rule = {
        "AllowedOrigins": [PAGE],
        "AllowedMethods": ["GET"],
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": ["ETag", "Content-Range"],
        "MaxAgeSeconds": 600,
    }
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    yield name
    s3.delete_object(Bucket=name, Key=KEY)
    s3.delete_bucket(Bucket=name)


def signed(client: Client, bucket: str, method: str = "get_object", seconds: int = 60) -> str:
    return str(client("s3").generate_presigned_url(method, {"Bucket": bucket, "Key": KEY}, seconds))


def test_a_signed_address_gives_the_object_and_its_parts(client: Client, private: str) -> None:
    url = signed(client, private)
    assert requests.get(url, timeout=5).content == BODY
    part = requests.get(url, headers={"Range": "bytes=16-31"}, timeout=5)
    assert (part.status_code, part.content) == (206, BODY[16:32])
    assert part.headers["Content-Range"] == f"bytes 16-31/{len(BODY)}"
    assert requests.get(url, headers={"Range": "bytes=-4"}, timeout=5).content == BODY[-4:]
    assert requests.get(url, headers={"Range": "bytes=1000-"}, timeout=5).content == BODY[1000:]
    same = {"Range": "bytes=0-0", "If-Match": part.headers["ETag"]}
    assert requests.get(url, headers=same, timeout=5).content == BODY[:1]
    assert requests.get(url, headers={**same, "If-Match": '"other"'}, timeout=5).status_code == 412
    assert requests.get(url, headers={"Range": "bytes=5000-"}, timeout=5).status_code == 416


def test_parts_of_a_version_are_that_versions(client: Client) -> None:
    s3, name = client("s3"), f"versioned-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=name, Key="a//b", Body=b"first")["VersionId"]
    s3.put_object(Bucket=name, Key="a//b", Body=b"second")

    def read(**version: str) -> bytes:
        return bytes(s3.get_object(Bucket=name, Key="a//b", Range="bytes=0-2", **version)["Body"].read())

    assert (read(), read(VersionId=old)) == (b"sec", b"fir")


def test_a_signed_address_ends_when_it_says(client: Client, private: str) -> None:
    url = signed(client, private, seconds=1)
    time.sleep(1.1)
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("change", "to", "status", "code"),
    [
        ("pmtiles", "json", 403, "SignatureDoesNotMatch"),
        ("X-Amz-Expires=60", "X-Amz-Expires=600", 403, "SignatureDoesNotMatch"),
        ("X-Amz-Signature=", "X-Amz-Signature=0", 403, "SignatureDoesNotMatch"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host&versionId=1", 403, "SignatureDoesNotMatch"),
        (DUMMY_ACCESS_KEY, "AKIASOMEBODYELSE", 403, "InvalidAccessKeyId"),
        ("X-Amz-Expires=60", "X-Amz-Expires=999999", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=60&", "", 400, "AuthorizationQueryParametersError"),
    ],
)
def test_an_address_that_was_changed_is_refused(
    client: Client, private: str, change: str, to: str, status: int, code: str
) -> None:
    url = signed(client, private)
    assert change in url
    answer = requests.get(url.replace(change, to), timeout=5)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True)


def test_an_address_is_good_for_one_method_only(client: Client, private: str) -> None:
    assert requests.put(signed(client, private), data=b"x", timeout=5).status_code == 403
    assert requests.head(signed(client, private, "head_object"), timeout=5).status_code == 200


def test_a_bucket_is_also_a_host_whose_addresses_are_signed_alike(account: lifetime.Running, private: str) -> None:
    virtual = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    keys = {"aws_access_key_id": DUMMY_ACCESS_KEY, "aws_secret_access_key": DUMMY_SECRET_KEY}
    s3: Any = boto3.client("s3", region_name=REGION, endpoint_url=account.url, config=virtual, **keys)
    url = s3.generate_presigned_url("get_object", {"Bucket": private, "Key": KEY}, 60)
    host = f"{private}.localhost:{account.port}"
    assert url.startswith(f"http://{host}/jobs/")
    here = url.replace(host, f"localhost:{account.port}")
    part = requests.get(here, headers={"Host": host, "Origin": PAGE, "Range": "bytes=0-9"}, timeout=5)
    assert (part.content, part.headers["Access-Control-Allow-Origin"]) == (BODY[:10], PAGE)
    assert requests.get(here.replace("jobs", "other"), headers={"Host": host}, timeout=5).status_code == 403


def test_without_a_signature_nothing_of_a_bucket_is_seen(account: lifetime.Running, private: str) -> None:
    for path in (f"/{private}", f"/{private}/{KEY}", f"/{private}?list-type=2"):
        assert requests.get(f"{account.url}{path}", timeout=5).status_code == 403
    assert requests.put(f"{account.url}/{private}/new", data=b"x", timeout=5).status_code == 403


def test_the_older_signature_is_refused_as_in_regions_of_this_age(account: lifetime.Running, private: str) -> None:
    keys = {"aws_access_key_id": DUMMY_ACCESS_KEY, "aws_secret_access_key": DUMMY_SECRET_KEY}
    s3: Any = boto3.client(
        "s3", region_name=REGION, endpoint_url=account.url, config=Config(signature_version="s3"), **keys
    )
    url = s3.generate_presigned_url("get_object", {"Bucket": private, "Key": KEY}, 60)
    assert requests.get(url, timeout=5).status_code == 400


def test_only_the_page_that_the_bucket_names_may_read(client: Client, private: str) -> None:
    url = signed(client, private)
    own = requests.get(url, headers={"Origin": PAGE, "Range": "bytes=0-9"}, timeout=5)
    assert own.content == BODY[:10]
    assert own.headers["Access-Control-Allow-Origin"] == PAGE
    assert own.headers["Access-Control-Expose-Headers"] == "ETag, Content-Range"
    foreign = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=5)
    assert not [name for name in foreign.headers if name.lower().startswith("access-control")]
    # What is refused says so to the page, too: its scripts see that an address has expired.
    expired = requests.get(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"), headers={"Origin": PAGE}, timeout=5)
    assert (expired.status_code, expired.headers["Access-Control-Allow-Origin"]) == (403, PAGE)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "allowed"),
    [
        (PAGE, "GET", "range", True),
        (PAGE, "GET", "", True),
        (PAGE, "PUT", "", False),
        (PAGE, "GET", "authorization", False),
        ("https://evil.example", "GET", "range", False),
    ],
)
def test_a_preflight_is_answered_by_the_buckets_rules(
    client: Client, private: str, origin: str, method: str, headers: str, allowed: bool
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    answer = requests.options(signed(client, private), headers=asked, timeout=5)
    assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (
        (200, PAGE) if allowed else (403, None)
    )


def test_a_bucket_without_rules_lets_no_page_read(client: Client, bucket: str) -> None:
    client("s3").put_object(Bucket=bucket, Key=KEY, Body=b"x")
    url = signed(client, bucket)
    assert "Access-Control-Allow-Origin" not in requests.get(url, headers={"Origin": PAGE}, timeout=5).headers
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    assert "CORS is not enabled" in requests.options(url, headers=asked, timeout=5).text
