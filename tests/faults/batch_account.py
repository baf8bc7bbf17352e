"""An emulated account with autoscaling and an asynchronous endpoint, and the operator's command over it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.account import ROOT, client, empty_account, free_port, run

SERVING = """
[asynchronous]
instance = "ml.m5.large"
max_instances = 1

[autoscaling]
min_instances = 1
max_instances = 3
invocations_per_instance = 60
"""


@dataclass(frozen=True)
class Operator:
    """Somebody who types `drawingops … --env local`.

    Attributes:
        port: of the account.
        variables: the environment that reaches it.
    """

    port: int
    variables: dict[str, str]

    def client(self, service: str) -> Any:
        return client(service, self.port)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "cli.main", "--env", "local", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end."""
        return subprocess.run(
            self.command(*arguments), cwd=ROOT, env=self.variables, capture_output=True, text=True, check=False
        )

    def answer(self, *arguments: str) -> Any:
        """What the command answers with `--json`, whatever its exit code."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def killed(self, seconds: float, *arguments: str) -> None:
        """Runs the command and kills it, and all that it started, after `seconds`."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def operated_account(folder: Path) -> Iterator[Operator]:
    """An account with every stack deployed and version 1, the official reader, imported."""
    port = free_port()
    with empty_account(folder, port) as cdk:
        config = folder / "config" / "local.toml"
        config.write_text(config.read_text(encoding="utf-8") + SERVING, encoding="utf-8")
        cdk.bootstrap()
        cdk.deploy()
        operator = Operator(port, cdk.variables)
        run(operator.command("models", "import-official"), cdk.variables)
        yield operator
