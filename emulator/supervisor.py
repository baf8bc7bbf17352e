"""Parent of the server: when the server ends in whatever way, nothing that it started stays.

It makes itself the "child subreaper", so a process that loses its parent below it becomes its child; after the server's
end it kills children until there are none. Even `kill -9` of the server leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    server = subprocess.Popen([sys.executable, "-m", "emulator.server", *sys.argv[1:]])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: server.send_signal(number))
    # The server itself is waited for here; adopted orphans are reaped on the way.
    while True:
        try:
            pid, _status = os.wait()
        except InterruptedError:
            continue
        if pid == server.pid:
            break
    _kill_descendants()


def _kill_descendants() -> None:
    while children := _children_of(os.getpid()):
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)
        _reap()


def _children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _reap() -> None:
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


if __name__ == "__main__":
    main()
