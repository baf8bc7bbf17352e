"""An account on this machine for a benchmark: one that is up already, or one of its own that is removed at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.environment import Environment

ROOT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 0.2


@contextmanager
def local_account(state: Path | None) -> Iterator[Environment]:
    """
    Args:
        state: `DRAWING_LOCAL_STATE` of an account that `drawingops local up` started; it is left as it is then, so that
            what needs quiet is measured without the minute of a start. None = one of its own.
    """
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["DRAWING_LOCAL_STATE"] = str(state or temporary)  # before `cli` reads it
        command = [sys.executable, "-m", "cli.main", "local"]
        if state is None:
            subprocess.run([*command, "up"], check=True, cwd=ROOT)
        try:
            from cli.environment import discover

            yield discover("local")
        finally:
            if state is None:
                subprocess.run([*command, "down"], check=True, cwd=ROOT)


def wait(condition: Callable[[], bool], what: str, seconds: float = 600.0) -> None:
    """Until it holds.

    Raises:
        SystemExit: it did not within the time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds:.0f} s")
        time.sleep(LOOK_SECONDS)
