"""The real CDK command line, run for the account on this machine, with what it says turned into progress."""

import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.environment import LOCAL_STATE, ROOT
from cli.errors import OperatorError

CDK = ROOT / "node_modules" / ".bin" / "cdk"
# A change set loses exports in the emulated CloudFormation; the direct method is also the faster one.
DEPLOY = ("deploy", "**", "--method=direct", "--require-approval", "never", "--progress", "events")
# What the CLI prints when a stack begins and ends: `Name: deploying... [1/6]`, ` ✅  Name (no changes)`.
BEGAN = re.compile(r"^(?P<stack>[\w/-]+)(?: \([\w-]+\))?: deploying\.\.\.")
ENDED = re.compile(r"^\s*✅\s+(?P<stack>[\w/-]+)(?: \([\w-]+\))?(?P<unchanged> \(no changes\))?\s*$")
# The lines that say why, in the order in which they are worth showing: CloudFormation's, then any error.
REASONS = (re.compile(r"failed to create|UPDATE_ROLLBACK_IN_PROGRESS|❌"), re.compile(r"\b\w*(Error|Exception)\b: "))


@dataclass(frozen=True)
class Deployed:
    """One stack that the CLI has finished with, `seconds` after it began or after the one before ended."""

    stack: str
    changed: bool
    seconds: float


def bootstrap(variables: Mapping[str, str], account: str, region: str) -> None:
    """Makes the account ready for CDK; raises OperatorError with the CLI's own last lines."""
    # Away from cdk.json: with an app at hand the command line would synthesize it first.
    _run(("bootstrap", f"aws://{account}/{region}"), variables, lambda _: None, folder=log_file().parent)


def deploy(variables: Mapping[str, str], ended: Callable[[Deployed], None], began: Callable[[str], None]) -> None:
    """Synthesizes and deploys every stack of environment `local`, telling `began` and `ended` of each one."""
    started = time.monotonic()

    def listen(line: str) -> None:
        nonlocal started
        if match := BEGAN.match(line):
            started = time.monotonic()
            began(match["stack"])
        elif match := ENDED.match(line):
            ended(Deployed(match["stack"], not match["unchanged"], time.monotonic() - started))
            started = time.monotonic()

    _run((*DEPLOY, "-c", "env=local"), variables, listen, folder=ROOT)


def log_file() -> Path:
    """Everything that the last command said."""
    return LOCAL_STATE / "cdk.log"


def _run(
    arguments: tuple[str, ...], variables: Mapping[str, str], listen: Callable[[str], None], *, folder: Path
) -> None:
    if not CDK.exists():
        raise OperatorError(f"{CDK} is not installed: run `make setup`")
    command = (str(CDK), *arguments, "--no-color")
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            listen(lines[-1])
    log_file().write_text("\n".join(lines) + "\n", encoding="utf-8")
    if process.returncode != 0:
        raise OperatorError(f"cdk {arguments[0]} failed: {_reason(lines)} (all it said is in {log_file()})")


def _reason(lines: list[str]) -> str:
    for pattern in REASONS:
        for line in lines:
            if pattern.search(line):
                return line.strip()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
