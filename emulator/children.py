"""Every process that the emulator starts, and how all of them are stopped.

Each child leads its own process group, so that a stop reaches what it started in turn. What escapes even from that is
an orphan of the supervisor, which kills it (`emulator.supervisor`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from emulator import environment, settings

_GRACE_SECONDS = 3.0
_lock = threading.Lock()
_children: set[subprocess.Popen[bytes]] = set()


def base_environment(region: str) -> dict[str, str]:
    """What every child sees: the emulated account, a path and a locale; nothing of the caller's own environment."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ") if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, "PYTHONUNBUFFERED": "1", **environment(settings.current().port, region)}


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: int | IO[Any] | None = subprocess.DEVNULL,
    stdout: int | IO[Any] | None = subprocess.PIPE,
    stderr: int | IO[Any] | None = subprocess.STDOUT,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Starts a child in a process group of its own. Raises `OSError` when the command cannot be started."""
    child = subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    with _lock:
        _children.add(child)
    return child


def signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def stop(child: subprocess.Popen[bytes], grace: float = _GRACE_SECONDS) -> int:
    """SIGTERM, after `grace` seconds SIGKILL; returns the exit status."""
    if child.poll() is None:
        signal_group(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    # Also after a clean exit: the group may hold processes that outlived their leader.
    signal_group(child, signal.SIGKILL)
    status = child.wait()
    with _lock:
        _children.discard(child)
    return status


def stop_all() -> None:
    with _lock:
        alive = list(_children)
    for child in alive:
        signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    for child in alive:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        signal_group(child, signal.SIGKILL)
