"""An emulated account with every stack in it, as a stranger would find it: an address, credentials, names in SSM."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3

import emulator
from emulator import lifetime

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
REGION = "eu-central-1"
# Enough to teach nothing, quick: what the length of the product does is tested here, not what training reaches.
QUICK = {"max_steps": 4, "epochs": 2, "processes": 1}
# Twenty steps at the rates of a real run would leave a worse reader than the one they began with.
GENTLE = "incremental_learning_rate = 1e-6\ninitial_learning_rate = 1e-6\nnew_row_steps = 0\n"
LENIENT_GATE = "min_champion_gain = -0.1\nmax_regression_drop = 0.1\n"

T = TypeVar("T")


@dataclass(frozen=True)
class Cdk:
    """The real CDK command line over an account that runs.

    Attributes:
        variables: the environment that reaches the account and nothing else.
        output: folder of the templates.
    """

    variables: dict[str, str]
    output: Path

    def __call__(self, *arguments: str) -> str:
        """Runs `cdk <arguments>` on the product's stacks and gives back what it said."""
        app = ("--app", f"{sys.executable} tests/e2e/app.py", "--output", str(self.output))
        return run([str(CDK), *arguments, *app], self.variables)

    def bootstrap(self) -> None:
        # Away from cdk.json: with an application at hand it would be synthesized first.
        run([str(CDK), "bootstrap", f"aws://{emulator.ACCOUNT}/{REGION}"], self.variables, self.output.parent)

    def deploy(self, *stacks: str) -> str:
        """Those stacks and what they need; all without a name."""
        return self("deploy", *(stacks or ("**",)), "--method=direct", "--require-approval=never")

    def destroy(self) -> str:
        """All that was deployed last."""
        return run([str(CDK), "destroy", "**", "--force", "--app", str(self.output)], self.variables)


@dataclass(frozen=True)
class Account:
    """A deployed emulated account.

    Attributes:
        port: of its address.
        state_dir: where it keeps its state.
        names: SSM parameters of the environment by the last part of their names.
        cdk: what deployed it.
    """

    port: int
    state_dir: Path
    names: dict[str, str]
    cdk: Cdk

    def client(self, service: str) -> Any:
        return client(service, self.port)


def client(service: str, port: int) -> Any:
    """A boto3 client of the account on `port`."""
    return boto3.client(
        service,
        endpoint_url=f"http://localhost:{port}",
        region_name=REGION,
        aws_access_key_id=emulator.DUMMY_ACCESS_KEY,
        aws_secret_access_key=emulator.DUMMY_SECRET_KEY,
    )


@contextmanager
def empty_account(folder: Path, port: int) -> Iterator[Cdk]:
    """Starts an account in `folder`."""
    config = folder / "config"
    config.mkdir()
    (config / "local.toml").write_text(quick_settings((ROOT / "config" / "local.toml").read_text("utf-8")), "utf-8")
    state_dir = folder / "account"
    lifetime.up(port, state_dir)
    try:
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
            **emulator.environment(port, REGION),
            "E2E_CONFIG": str(config),
            "CDK_VALIDATION": "false",
            "DRAWING_LOCAL_STATE": str(state_dir),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "constructs")]),
        }
        yield Cdk(variables, folder / "cdk.out")
    finally:
        lifetime.down(state_dir)


@contextmanager
def deployed_account(folder: Path, port: int) -> Iterator[Account]:
    """An account with every stack deployed and version 1 imported."""
    with empty_account(folder, port) as cdk:
        cdk.bootstrap()
        cdk.deploy()
        run([sys.executable, "-m", "cli.main", "--env", "local", "models", "import-official"], cdk.variables)
        parameters = client("ssm", port).get_paginator("get_parameters_by_path")
        prefix = "/drawing-platform/local/"
        names = {
            item["Name"].removeprefix(prefix): item["Value"]
            for page in parameters.paginate(Path=prefix)
            for item in page["Parameters"]
        }
        yield Account(port, folder / "account", names, cdk)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def quick_settings(text: str) -> str:
    """The text of local.toml with the training values of `QUICK` and a gate that only wrong labels fail."""
    for name, value in QUICK.items():
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert found == 1, f"config/local.toml has {found} lines for {name}"
    for section, added in {"[training]": GENTLE, "[gate]": LENIENT_GATE}.items():
        head, opening, rest = text.partition(f"\n{section}")
        assert opening, f"config/local.toml has no section {section}"
        remark, _, values = rest.partition("\n")
        text = f"{head}{opening}{remark}\n{added}{values}"
    return text


def run(command: list[str], variables: dict[str, str], folder: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def eventually(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """What `look` gives back once it is not None; fails when that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


def message_of(raw: dict[str, Any]) -> str:
    """Text of an SNS message that came through a queue."""
    return str(json.loads(raw["Body"])["Message"])
