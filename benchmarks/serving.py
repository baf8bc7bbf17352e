"""How many sheets the inference server reads a second for eight clients on loopback, and how long they wait.

Each server is started alone, asked for a sheet until it reads it rightly, then by eight clients for a fixed time, and
ended: ours as it is by default, with one worker of all cores, and as a process for each core; RapidOCRAPI and PaddleX
serving with the same weights (`peer_servers.py`), which look at each sheet once. Memory is that of all processes: after
the first answer, and at its highest.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from benchmarks.peer_servers import Ask, PeerMissing, ask_ours, peers, serve_peer
from benchmarks.served import Served, official_model, resident, serve
from drawing_ocr.models import package
from drawing_ocr.synthesis.sheet import draw_sheet

CLIENTS = 8
PATIENCE = 300.0  # seconds that a client waits
KNOWN = "R12.5"


@dataclass(frozen=True)
class Measured:
    """One server under load; times in seconds, memory in MB."""

    name: str
    first_answer: float
    rate: float
    p50: float
    p99: float
    after_first: float
    peak: float


class Told(list[Measured]):
    """Tells of each server as soon as it was measured: a whole run takes minutes."""

    def append(self, one: Measured) -> None:
        """As a list, with a line on stderr."""
        super().append(one)
        print(f"{one.name}: {one.rate:.2f} sheets/s, p99 {one.p99:.1f} s", file=sys.stderr, flush=True)


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def known_sheet() -> bytes:
    """A small sheet on which `KNOWN` stands."""
    paper = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(paper).text((200, 250), KNOWN, font=ImageFont.load_default(48), fill="black")
    return png(paper)


def measure(
    name: str, servers: Sequence[Served], ask: Ask, sheets: list[bytes], seconds: float, begun: float
) -> Measured:
    """Asks servers that answer already; client n asks server n modulo their number."""
    probe = known_sheet()
    with httpx.Client(timeout=PATIENCE) as client:
        for server in servers:
            while KNOWN not in ask(client, server.url, probe).text:
                time.sleep(0.02)
    first_answer = time.perf_counter() - begun
    processes = [process for server in servers for process in family(server.process.pid)]
    after_first = sum(map(resident, processes))
    latencies: list[float] = []
    start = time.perf_counter()

    def keep_asking(number: int) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            for sheet in itertools.cycle(sheets[number % len(sheets) :] + sheets[: number % len(sheets)]):
                if time.perf_counter() > start + seconds:
                    return
                asked = time.perf_counter()
                ask(client, servers[number % len(servers)].url, sheet).raise_for_status()
                latencies.append(time.perf_counter() - asked)

    clients = [threading.Thread(target=keep_asking, args=(number,)) for number in range(CLIENTS)]
    for client_thread in clients:
        client_thread.start()
    for client_thread in clients:
        client_thread.join()
    elapsed = time.perf_counter() - start
    p50, p99 = np.percentile(latencies, [50, 99])
    peak = sum(resident(process, peak=True) for process in processes)
    return Measured(name, first_answer, len(latencies) / elapsed, float(p50), float(p99), after_first, peak)


def family(process: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in family(int(child)))]


def table(measured: Sequence[Measured], peer_names: set[str]) -> Table:
    """One line a server, beside the better of the peers."""
    best = max((each for each in measured if each.name in peer_names), key=lambda each: each.rate, default=None)
    columns = ("server", "start to first right answer", "sheets/s", "of best peer's", "p50", "p99", "of best peer's")
    shown = Table(*columns, "memory after first", "peak", title=f"{CLIENTS} clients, sheets of 2 megapixels")
    for each in measured:
        shown.add_row(
            each.name,
            f"{each.first_answer:.2f} s",
            f"{each.rate:.2f}",
            f"{each.rate / best.rate:.2f}" if best else "",
            f"{each.p50:.1f} s",
            f"{each.p99:.1f} s",
            f"{each.p99 / best.p99:.2f}" if best else "",
            f"{each.after_first:.0f} MB",
            f"{each.peak:.0f} MB",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="for how long clients send to each server")
    parser.add_argument("--package", type=Path, help="model.tar.gz that ours serves; the official one if absent")
    parser.add_argument("--only", choices=("ours", "default"), help="without peers; without other splits of the cores")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    sheets = [png(Image.fromarray(draw_sheet(seed)[0])) for seed in (101, 102, 103, 104)]
    ways: dict[str, tuple[dict[str, str], int]] = {
        f"ours, {cores} workers × 1 thread": ({}, 1),
        f"ours, 1 worker × {cores} threads": (
            {"SAGEMAKER_MODEL_SERVER_WORKERS": "1", "READING_THREADS": str(cores)},
            1,
        ),
        f"ours, {cores} processes × 1 worker": ({"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}, cores),
    }
    measured = Told()
    missing: list[str] = []
    with official_model() as official, tempfile.TemporaryDirectory() as scratch:
        base = official
        if arguments.package:
            base = Path(scratch) / "ml"
            package.unpack(arguments.package, base / "model")
        for name, (variables, processes) in list(ways.items())[: 1 if arguments.only == "default" else None]:
            patient = {"SAGEMAKER_MODEL_SERVER_TIMEOUT": str(PATIENCE), **variables}
            begun = time.perf_counter()
            with ExitStack() as stack:
                servers = [stack.enter_context(serve(base, patient)) for _ in range(processes)]
                measured.append(measure(name, servers, ask_ours, sheets, arguments.seconds, begun))
        others = [] if arguments.only else peers(cores)
        for peer in others:
            begun = time.perf_counter()
            try:
                with serve_peer(peer, Path(scratch), official / "model") as server:
                    measured.append(measure(peer.name, [server], peer.ask, sheets, arguments.seconds, begun))
            except (PeerMissing, httpx.HTTPError) as error:
                missing.append(f"{peer.name}: {error}")
    Console(width=190).print(table(measured, {peer.name for peer in others}))
    for reason in missing:
        print(f"not measured: {reason}")


if __name__ == "__main__":
    main()
