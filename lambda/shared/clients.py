"""boto3 clients, made when first needed and kept while the function stays warm."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# Functions end within a minute or two: a call that hangs is better tried again.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=30)


@cache
def client(service: str) -> Any:
    """The client of `service` in the function's own region."""
    return boto3.client(service, config=CONFIG)
