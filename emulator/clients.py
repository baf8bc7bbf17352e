"""boto3 clients of the emulated account, for the parts of the emulator that act as AWS services do on one's behalf."""

from __future__ import annotations

import functools
import threading
from typing import Any

import boto3
from botocore.config import Config

from emulator import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, settings

_lock = threading.Lock()


def client(service: str, region: str) -> Any:
    """A cached client; boto3 clients may be shared between threads, their creation may not."""
    with _lock:
        return _client(service, region)


@functools.cache
def _client(service: str, region: str) -> Any:
    return boto3.session.Session().client(
        service,
        region_name=region,
        endpoint_url=f"http://localhost:{settings.current().port}",
        aws_access_key_id=DUMMY_ACCESS_KEY,
        aws_secret_access_key=DUMMY_SECRET_KEY,
        config=Config(
            retries={"max_attempts": 1, "mode": "standard"},
            s3={"addressing_style": "path"},
            max_pool_connections=32,
            proxies={},
        ),
    )
