"""One emulated account for all tests of this folder, with an image and a bucket in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import ACCOUNT, DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, environment, lifetime

APP = Path(__file__).parent / "app"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"

Client = Callable[[str], Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lifetime.Running]:
    state_dir = tmp_path_factory.mktemp("emulator")
    running = lifetime.up(free_port(), state_dir)
    yield running
    lifetime.down(state_dir)


@pytest.fixture(scope="session")
def client(account: lifetime.Running) -> Client:
    return clients_of(account)


@pytest.fixture(scope="session")
def fast_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lifetime.Running]:
    """An account in which AWS's own minutes are seconds."""
    state_dir = tmp_path_factory.mktemp("fast-emulator")
    yield lifetime.up(free_port(), state_dir, speed=60.0)
    lifetime.down(state_dir)


@pytest.fixture(scope="session")
def fast_client(fast_account: lifetime.Running) -> Client:
    return clients_of(fast_account)


def clients_of(account: lifetime.Running) -> Client:
    """Clients of an account by service, with the role `ROLE` in it."""
    clients: dict[str, Any] = {}

    def of(service: str) -> Any:
        if service not in clients:
            clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=account.url,
                aws_access_key_id=DUMMY_ACCESS_KEY,
                aws_secret_access_key=DUMMY_SECRET_KEY,
            )
        return clients[service]

    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    of("iam").create_role(RoleName="test", AssumeRolePolicyDocument=json.dumps(trust))
    return of


@pytest.fixture(scope="session")
def bucket(client: Client) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture(scope="session")
def image(account: lifetime.Running, client: Client) -> str:
    """The test image, built and pushed by the docker command that the CDK would use."""
    client("ecr").create_repository(repositoryName="test")
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/test:one"
    variables = environment(account.port)
    for command in (["build", "--tag", "built", "."], ["tag", "built", uri], ["push", uri]):
        subprocess.run(
            [variables["CDK_DOCKER"], *command], cwd=APP / "image", env={**os.environ, **variables}, check=True
        )
    return uri


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true result; fails the test when none comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"nothing happened within {seconds:.0f} s")
