"""How many drawings a second a back-fill indexes, beside the same drawings put one by one through the queue.

    python benchmarks/backfill.py                      in an account of its own: a minute more
    DRAWING_LOCAL_STATE=DIR drawingops local up
    python benchmarks/backfill.py --account DIR        within a minute

`drawingops index backfill` as somebody types it, with its start, its plan, its batch transform job, its loads and the
move of the searches, for drawings that no event told of; then drawings whose events tell of them. Nobody reads
them: what is measured is taking apart, embedding and indexing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.local_account import ROOT, local_account, wait

if TYPE_CHECKING:
    from cli.environment import Environment

SEED = 815
SHARDS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=60, help="each way")
    parser.add_argument("--account", type=Path, help="DRAWING_LOCAL_STATE of an account that is up")
    chosen = parser.parse_args()
    with local_account(chosen.account) as environment, tempfile.TemporaryDirectory() as folder:
        from drawing_ocr.synthesis.batch import write_batch
        from drawing_ocr.synthesis.style import VIEWS

        sheets = sorted((write_batch(Path(folder), chosen.drawings, SEED, VIEWS).parent / "images").iterdir())
        seconds = {
            "back-fill": backfilled(environment, sheets),
            "one by one through the queue": through_the_queue(environment, sheets),
        }
    table = Table("", "s", "drawings a second", title=f"{len(sheets)} drawings into the index")
    for way, spent in seconds.items():
        table.add_row(way, f"{spent:.1f}", f"{len(sheets) / spent:.1f}")
    Console().print(table)


def backfilled(environment: Environment, sheets: Sequence[Path]) -> float:
    """Seconds."""
    with nobody_tells(environment):
        put(environment, sheets)
    shard = max(1, len(sheets) // SHARDS)
    command = ["index", "backfill", "--least", "1", "--shard", str(shard), "--env", "local"]
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "cli.main", *command], check=True, cwd=ROOT)
    return time.monotonic() - started


def through_the_queue(environment: Environment, sheets: Sequence[Path]) -> float:
    """Seconds."""
    from cli import index

    def indexed() -> int:
        return sum(each["drawings"] for each in index.ask(environment, "status")["indexes"] if each["embedded"])

    wanted = indexed() + len(sheets)
    started = time.monotonic()
    put(environment, sheets)
    wait(lambda: indexed() >= wanted, f"{wanted} drawings are indexed")
    return time.monotonic() - started


def put(environment: Environment, sheets: Sequence[Path]) -> None:
    """Below a prefix that was never there, so that nothing is known of them."""
    prefix = f"drawings/{uuid.uuid4().hex[:8]}/"
    for sheet in sheets:
        environment.client("s3").put_object(
            Bucket=environment.names.data_bucket, Key=f"{prefix}{sheet.name}", Body=sheet.read_bytes()
        )


@contextmanager
def nobody_tells(environment: Environment) -> Iterator[None]:
    """As of drawings that were in the bucket before there was an index."""
    events = environment.client("events")
    pages = events.get_paginator("list_rules").paginate()
    (rule,) = (rule["Name"] for page in pages for rule in page["Rules"] if "DrawingsChanged" in rule["Name"])
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


if __name__ == "__main__":
    main()
