"""How long the CDK takes: synthesis of all environments, and deploying every stack into the emulated account and out.

Every row is the real CDK command line, wall time, in an account of its own. The peer is an application with one empty
stack: what the command line and its Node process cost before any of our code runs. Run it on an idle machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

import emulator
from emulator import lifetime

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / ".bin" / "cdk"
REGION = "eu-central-1"
PORT = 4599
EMPTY = "import aws_cdk as cdk; app = cdk.App(); cdk.Stack(app, 'Empty'); app.synth()"
DEPLOY = ("deploy", "**", "--method=direct", "--require-approval=never")


def timed(words: tuple[str, ...], variables: Mapping[str, str]) -> tuple[float, str]:
    """Seconds of a command of the CDK, and what it said."""
    began = time.monotonic()
    done = subprocess.run([CDK, *words], cwd=ROOT, env=dict(variables), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"cdk {' '.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.monotonic() - began, done.stdout + done.stderr


def main() -> None:
    rows: list[tuple[str, float, str, str]] = []
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    own["CDK_VALIDATION"] = "false"  # as app.py sets it: cfn-lint has the same rules
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        empty = ("synth", "-q", "--app", f'{sys.executable} -c "{EMPTY}"', "--output", str(folder / "empty"))
        floor, _ = timed(empty, own)
        rows.append(("synthesis of one empty stack (peer)", floor, "", ""))
        ours = ("--output", str(folder / "ours"))
        timed(("synth", "-q", *ours), own)  # the functions' archives are built once, as for every command after it
        seconds, _ = timed(("synth", "-q", *ours), own)
        environments = len(list((ROOT / "config").glob("*.toml")))
        rows.append((f"synthesis of all {environments} environments", seconds, "8 s", f"{seconds / floor:.1f} x"))

        local = (*ours, "-c", "env=local")
        lifetime.up(PORT, folder / "account")
        try:
            variables = {**own, **emulator.environment(PORT, REGION)}
            seconds, _ = timed(("bootstrap", f"aws://{emulator.ACCOUNT}/{REGION}", *ours), variables)
            rows.append(("bootstrap", seconds, "", ""))
            seconds, said = timed((*DEPLOY, *local), variables)
            rows.append((f"deploy of {said.count('✅')} stacks, synthesis included", seconds, "20 s", ""))
            seconds, said = timed((*DEPLOY, *local), variables)
            rows.append((f"once more: {said.count('(no changes)')} without a change", seconds, "", ""))
            seconds, _ = timed(("destroy", "**", "--force", *local), variables)
            rows.append(("destroy", seconds, "", ""))
        finally:
            lifetime.down(folder / "account")
    table = Table("command", "seconds", "goal", "beside the peer", title="the CDK on this machine")
    for what, seconds, goal, ratio in rows:
        table.add_row(what, f"{seconds:.1f}", goal, ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
