"""What one running emulator was started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Runtime = Literal["process", "container"]


@dataclass(frozen=True)
class Settings:
    """Port on localhost, folder for everything on disk, what runs jobs and endpoints, and how fast AWS's clocks go.

    `speed`: health check limits, the waits of a deployment and the periods of alarms pass so many times faster.
    """

    port: int
    state_dir: Path
    runtime: Runtime
    speed: float

    def real(self, seconds: float) -> float:
        """Seconds of this machine for seconds of AWS's clocks."""
        return seconds / self.speed

    def address(self, *labels: str) -> str:
        """Where this account answers for a host name of a service, such as `http://ID.execute-api.localhost:5000`."""
        return f"http://{'.'.join((*labels, 'localhost'))}:{self.port}"


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Called once by the server before anything else runs."""
    global _current
    _current = settings


def current() -> Settings:
    if _current is None:
        raise RuntimeError("the emulator's settings are known only inside its server")
    return _current
