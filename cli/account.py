"""The AWS account on this machine: where it runs, starting it, deploying every stack into it, stopping it."""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import ClientError

import emulator
from cli import cdk
from cli.environment import LOCAL_STATE, ROOT, Access, access
from cli.errors import OperatorError
from emulator import lifetime
from emulator.settings import Runtime

# Everything that a template or a bundle is made of; a change in it needs a deployment.
SOURCES = (
    "app.py",
    "cdk.json",
    "config",
    "stacks",
    "web/annotator/dist",
    "constructs",
    "lambda",
    "containers",
    "drawing_ocr",
    "requirements",
)
# Kept in the account itself, so that a new account never takes the deployment of an old one for its own.
STAMP = "/drawing-platform/local/deployed-sources"
TOOLKIT = "CDKToolkit"
NOT_SOURCES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True)
class Done:
    """One thing that was done, or found done already."""

    what: str
    seconds: float
    detail: str = ""


Report = Callable[[Done], None]
Begin = Callable[[str], None]


def start(report: Report, runtime: Runtime | None = None) -> Access:
    """Starts the account, or finds it running, and gives back how to reach it.

    Raises:
        OperatorError: it runs with another runtime than the one that was asked for.
    """
    with _timed(report, "account") as say:
        running = lifetime.status(LOCAL_STATE)
        if running is None:
            running = lifetime.up(_free_port(), LOCAL_STATE, runtime or "process")
            say(f"started on {running.url}")
        elif runtime not in (None, running.runtime):
            raise OperatorError(
                f"--runtime {runtime}: the account runs with the runtime {running.runtime}: "
                "stop it with `drawingops local down` first"
            )
        else:
            say(f"runs on {running.url}")
    return access("local", None)


def stop() -> lifetime.Running | None:
    """Stops the account with everything in it; None where none runs."""
    return lifetime.down(LOCAL_STATE)


def deploy(reached: Access, begin: Begin, report: Report) -> None:
    """Bootstraps the account and deploys every stack, unless exactly these sources were deployed before."""
    sources = _sources_digest()
    if _deployed_sources(reached) == sources:
        report(Done("stacks", 0.0, "deployed already, nothing has changed"))
        return
    region = reached.session.region_name
    variables = {**_without_aws(os.environ), **emulator.environment(_port(reached), region)}
    if not _has_stack(reached, TOOLKIT):
        begin("CDK bootstrap")
        with _timed(report, "CDK bootstrap"):
            cdk.bootstrap(variables, emulator.ACCOUNT, region)
    begin("synthesis")

    def stack_ended(deployed: cdk.Deployed) -> None:
        report(Done(f"stack {deployed.stack}", deployed.seconds, "" if deployed.changed else "no changes"))

    cdk.deploy(variables, began=lambda stack: begin(f"stack {stack}"), ended=stack_ended)
    reached.client("ssm").put_parameter(Name=STAMP, Value=sources, Type="String", Overwrite=True)


@contextmanager
def _timed(report: Report, what: str) -> Iterator[Callable[[str], None]]:
    started, details = time.monotonic(), [""]
    yield details.append
    report(Done(what, time.monotonic() - started, details[-1]))


def _free_port() -> int:
    """moto's usual port, or any free one where that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", lifetime.DEFAULT_PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _port(reached: Access) -> int:
    assert reached.endpoint_url is not None
    return int(reached.endpoint_url.rsplit(":", 1)[1])


def _without_aws(variables: "os._Environ[str]") -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith(("AWS_", "CDK_"))}


def _has_stack(reached: Access, name: str) -> bool:
    try:
        reached.client("cloudformation").describe_stacks(StackName=name)
    except ClientError:
        return False
    return True


def _deployed_sources(reached: Access) -> str | None:
    client = reached.client("ssm")
    try:
        return str(client.get_parameter(Name=STAMP)["Parameter"]["Value"])
    except client.exceptions.ParameterNotFound:
        return None


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not NOT_SOURCES.intersection(file.parts):
                digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
