"""A version goes from one deployed environment to the next, through the roles that the stacks made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import emulator
from cli.environment import Names
from tests.e2e.account import ROOT, Cdk, client, empty_account, free_port

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]

# What has nothing to do with versions of the reader is not deployed here: it is sooner done, and the emulated account
# has no OpenSearch domain.
OTHERS = [name.replace("_", "-") for name in Names.model_fields if name.startswith(("labelling_", "search_"))]
PARTNERS = {
    "dev": f'targets = [{{ env = "staging", account = "{emulator.ACCOUNT}" }}]',
    "staging": f'source = {{ env = "dev", account = "{emulator.ACCOUNT}" }}',
}


def settings(env: str) -> str:
    """The settings of the account on this machine under another name, with the way from dev to staging."""
    text = (ROOT / "config" / "local.toml").read_text("utf-8")
    text = re.sub(r'(?m)^(env = )"local"', rf'\1"{env}"', text)
    text = re.sub(r'(?m)^((?:model_package_group|endpoint_name|bucket_name) = "[a-z-]+)-local"', rf'\1-{env}"', text)
    # What is for the env local only.
    text = re.sub(r'(?m)^(page_scheme = |page_connects_to = |store = "embedded").*\n', "", text)
    return f"{text}\n[promotion]\n{PARTNERS[env]}\n"


def drawingops(cdk: Cdk, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, **cdk.variables},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_approved_version_arrives_with_its_bytes_and_its_lineage_and_waits(tmp_path: Path) -> None:
    port = free_port()
    with empty_account(tmp_path, port) as cdk:
        config = tmp_path / "config"
        (config / "local.toml").unlink()
        for env in PARTNERS:
            (config / f"{env}.toml").write_text(settings(env), "utf-8")
        cdk.bootstrap()
        cdk.deploy("*/Images", "*/Training", "*/Release", "*/Serving")
        for env in PARTNERS:
            for name in OTHERS:
                client("ssm", port).put_parameter(Name=f"/drawing-platform/{env}/{name}", Value="none", Type="String")
        drawingops(cdk, "models", "import-official", "--env", "dev")
        drawingops(cdk, "models", "approve", "v1", "--reason", "first reader", "--env", "dev")

        promoted = drawingops(cdk, "models", "promote", "v1", "--from", "dev", "--to", "staging")
        assert promoted["new"] is True
        version = promoted["version"]
        assert version["state"] == "PendingManualApproval"
        assert version["arn"].split("/")[1] == "paddleocr-drawing-models-staging"
        bucket, _, key = version["model_data_url"].removeprefix("s3://").partition("/")
        assert bucket == "drawing-platform-staging"
        assert client("s3", port).head_object(Bucket=bucket, Key=key)["ContentLength"] > 1_000_000

        shown = drawingops(cdk, "models", "show", "v1", "--env", "staging")
        assert [(item["environment"], item["run_id"]) for item in shown["lineage"]] == [
            ("staging", "official"),
            ("dev", "official"),
        ]
        assert drawingops(cdk, "models", "promote", "v1", "--from", "dev", "--to", "staging")["new"] is False
