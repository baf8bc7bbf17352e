"""How long a release takes in the emulated account, and what clients notice of it.

Starts an account with every stack, registers the official reader several times and approves one copy after the other
while two clients read a small drawing without a pause. Measured: from the approval until only the new version answers,
the same for a way back (which needs no check before traffic), requests lost, how much longer answers took meanwhile.
A copy differs in nothing but its number, so that the cost is that of the change alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

SENDERS = 2
PAUSE_SECONDS = 0.05
QUIET_SECONDS = 5.0  # measured before anything changes
LONGEST_SECONDS = 180.0
ROOT = Path(__file__).resolve().parent.parent
DRAWING = ROOT / "lambda" / "release" / "drawings" / "bore.png"


@dataclass
class Readings:
    """What the clients saw: moment, seconds and version of each answer; the message of each failure."""

    answers: list[tuple[float, float, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def latencies(self, begin: float, end: float) -> list[float]:
        """Seconds of the answers to what was asked between two moments."""
        return [seconds for moment, seconds, _ in self.answers if begin <= moment < end]

    def last_other_answer(self, version: str, since: float) -> float:
        """When an answer of another version came last."""
        return max(
            (moment + seconds for moment, seconds, who in self.answers if who != version and moment >= since),
            default=since,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=int, default=3, help="how many versions are released under load")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DRAWING_LOCAL_STATE"] = folder  # before `cli` reads it
        command = [sys.executable, "-m", "cli.main", "local"]
        subprocess.run([*command, "up"], check=True, cwd=ROOT)
        try:
            measure(chosen.releases)
        finally:
            subprocess.run([*command, "down"], check=True, cwd=ROOT)


def measure(releases: int) -> None:
    from cli import registry, release
    from cli.endpoint import Endpoint
    from cli.environment import discover

    environment = discover("local")
    endpoint, drawing = Endpoint(environment), DRAWING.read_bytes()
    official = registry.version(environment, "v1")
    registry.set_state(environment, official, "Approved", "benchmark")
    wait(lambda: release.live_version(environment) == 1 and release.history(environment)[0].status == "SUCCEEDED")

    readings, enough = Readings(), threading.Event()

    def read() -> None:
        while not enough.wait(PAUSE_SECONDS):
            began = time.monotonic()
            try:
                version = endpoint.read_once(drawing).model.version or "?"
            except Exception as error:
                readings.failures.append(str(error))
            else:
                readings.answers.append((began, time.monotonic() - began, version))

    clients = [threading.Thread(target=read, daemon=True) for _ in range(SENDERS)]
    for client in clients:
        client.start()
    quiet_from = time.monotonic()
    time.sleep(QUIET_SECONDS)
    quiet = readings.latencies(quiet_from, time.monotonic())

    rows: list[tuple[str, float, list[float]]] = []
    for number in range(releases):
        metadata = official.metadata | {"reason": f"copy {number} for the benchmark"}
        copy = registry.register(environment, official.model_data_url, metadata, "benchmark")
        began = time.monotonic()
        registry.set_state(environment, copy, "Approved", "benchmark")
        rows.append(followed(f"approval of {copy.name}", str(copy.version), began, readings))
        wait(lambda: release.history(environment)[0].status == "SUCCEEDED")
    began = time.monotonic()
    release.start(environment, reason="benchmark", target="previous")
    rows.append(followed("way back", str(releases), began, readings))
    enough.set()
    for client in clients:
        client.join()
    show(rows, quiet, readings)


def followed(what: str, version: str, began: float, readings: Readings) -> tuple[str, float, list[float]]:
    """Waits until a second has passed in which `version` alone answered; when the last other answer came."""
    deadline = began + LONGEST_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.2)
        recent = [item for item in readings.answers if item[0] > time.monotonic() - 2]
        if recent and time.monotonic() - began > 2 and all(who == version for _, _, who in recent):
            ended = readings.last_other_answer(version, began)
            return what, ended - began, readings.latencies(began, ended)
    raise SystemExit(f"{what}: version {version} did not take over within {LONGEST_SECONDS:.0f} s")


def wait(condition: Callable[[], bool], seconds: float = LONGEST_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"a release did not end within {seconds:.0f} s")
        time.sleep(0.2)


def show(rows: list[tuple[str, float, list[float]]], quiet: list[float], readings: Readings) -> None:
    median, p99 = statistics.median(quiet), percentile(quiet)
    table = Table(
        "change",
        "all traffic after",
        "requests",
        "median, extra",
        "99th percentile, extra",
        title="Releases under load",
    )
    table.add_row("none", "", str(len(quiet)), f"{median * 1000:.0f} ms", f"{p99 * 1000:.0f} ms")
    for what, seconds, latencies in rows:
        extra = [statistics.median(latencies) - median, percentile(latencies) - p99]
        table.add_row(what, f"{seconds:.1f} s", str(len(latencies)), *(f"{each * 1000:+.0f} ms" for each in extra))
    console = Console()
    console.print(table)
    console.print(f"{len(readings.answers)} requests answered, {len(readings.failures)} lost")
    for failure in readings.failures[:3]:
        console.print(failure, style="red")


def percentile(values: list[float]) -> float:
    """The 99th, by nearest rank."""
    return sorted(values)[max(0, round(0.99 * len(values)) - 1)]


if __name__ == "__main__":
    main()
