"""An AWS account on localhost: moto's server and what it lacks, in one process (docs/emulator.md).

`environment(port)` is all that a client, the CDK command line or a job needs to reach it.
"""

from __future__ import annotations

import os
from pathlib import Path

ACCOUNT = "123456789012"
REGION = "eu-central-1"
DUMMY_ACCESS_KEY = "AKIAEMULATEDACCOUNT0"
DUMMY_SECRET_KEY = "emulated"

__all__ = ["ACCOUNT", "DUMMY_ACCESS_KEY", "DUMMY_SECRET_KEY", "REGION", "environment"]


def environment(port: int, region: str = REGION) -> dict[str, str]:
    """Environment variables with which every AWS client talks to the emulated account on `port`, and to nothing else.

    The host is `localhost`, not 127.0.0.1: S3 clients then use path-style addresses as the CDK command line does.
    """
    return {
        "AWS_ENDPOINT_URL": f"http://localhost:{port}",
        "AWS_ACCESS_KEY_ID": DUMMY_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET_KEY,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        # A failing request would otherwise be repeated for up to 40 seconds by the CDK command line.
        "AWS_MAX_ATTEMPTS": "2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": region,
        "CDK_DOCKER": str(Path(__file__).resolve().parent / "bin" / "docker"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "NODE_NO_WARNINGS": "1",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }
