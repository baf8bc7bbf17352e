"""A Chromium with a profile of its own: it can be killed like a crash, and started again with what its disk has."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, BrowserType, Error

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@contextmanager
def started(chromium: BrowserType, profile: Path) -> Iterator[BrowserContext]:
    """A browser whose disk is `profile`; it may be dead at the end."""
    context = chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=["--no-sandbox"],
        viewport={"width": 1366, "height": 768},
        locale="en-GB",
    )
    try:
        yield context
    finally:
        with suppress(Error):
            context.close()


def kill(profile: Path) -> None:
    """SIGKILL to the browser process that uses this profile: nothing is flushed, closed or said."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            main = not any(argument.startswith(b"--type=") for argument in arguments)
            if main and f"--user-data-dir={profile}".encode() in arguments:
                os.kill(int(process.name), signal.SIGKILL)
                return
    raise AssertionError(f"no browser uses {profile}")
