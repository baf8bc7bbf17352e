"""How long somebody waits for similar drawings in the account on this machine, and where the time goes.

    python benchmarks/search_api.py                                        an account of its own: a minute more
    DRAWING_LOCAL_STATE=DIR drawingops local up
    python benchmarks/search_api.py --account DIR --step load              drawings into bucket and index
    python benchmarks/search_api.py --account DIR --step measure           half a minute

Photographs of drawings that are indexed (turned, from aside, blurred, in bad light), parts of them, ids and words are
looked for one after the other, signed, through the HTTP API. `embedding` and `index` are what the function says of
itself (`Server-Timing`); `embedding` holds the call of the endpoint, which is asked alone as the peer: nobody answers
sooner than it. The index holds more than those drawings: `--others` of the mixture of benchmarks/search.py.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.local_account import local_account, wait

if TYPE_CHECKING:
    from cli.environment import Environment

PREFIX = "api/"
SEED = 4711
WARM = 5
SPENT = re.compile(r"(\w+);dur=([\d.]+)")


@dataclass
class Times:
    """Milliseconds of each search: all of it, and what the function says of its parts."""

    whole: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, milliseconds: float, server_timing: str = "") -> None:
        self.whole.append(milliseconds)
        for part, spent in SPENT.findall(server_timing):
            self.parts.setdefault(part, []).append(float(spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=40, help="drawn sheets, put into the bucket")
    parser.add_argument("--others", type=int, default=10_000, help="drawings in the index only")
    parser.add_argument("--searches", type=int, default=100, help="of each kind")
    parser.add_argument("--step", choices=["load", "measure", "both"], default="both", help="with --account")
    parser.add_argument("--account", type=Path, help="DRAWING_LOCAL_STATE of an account that is up")
    chosen = parser.parse_args()
    with local_account(chosen.account) as environment, tempfile.TemporaryDirectory() as folder:
        sheets = drawn(Path(folder), chosen.drawings)
        if chosen.step != "measure":
            load(environment, sheets, chosen.others)
        if chosen.step != "load":
            measure(environment, sheets, chosen.searches)


def drawn(folder: Path, count: int) -> list[Path]:
    """The same sheets at every call."""
    from drawing_ocr.synthesis.batch import write_batch
    from drawing_ocr.synthesis.style import VIEWS

    return sorted((write_batch(folder, count, SEED, VIEWS).parent / "images").iterdir())


def load(environment: Environment, sheets: Sequence[Path], others: int) -> None:
    from cli import index

    bucket = environment.names.data_bucket
    for sheet in sheets:
        environment.client("s3").put_object(
            Bucket=bucket, Key=f"drawings/{PREFIX}{sheet.name}", Body=sheet.read_bytes()
        )

    def searched() -> dict[str, Any]:
        return next((each for each in index.ask(environment, "status")["indexes"] if each["searched"]), {"drawings": 0})

    wait(lambda: searched()["drawings"] >= len(sheets), f"{len(sheets)} drawings are indexed")
    add_others(searched()["name"], others)


def add_others(name: str, others: int) -> None:
    """Writes into the functions' folder what no bucket has."""
    from benchmarks.search import BATCH, document, drawn
    from cli.environment import LOCAL_STATE
    from drawing_ocr.search.opening import open_store

    (catalog,) = LOCAL_STATE.glob("file-systems/**/store.sqlite")
    store = open_store(str(catalog.parent))
    index = store.index(name)
    model = index.info().model
    for part in range(0, others, BATCH):
        vectors = drawn(1 + part // BATCH, min(BATCH, others - part))
        documents = [
            document(part + i, vector).model_copy(update={"model": model, "drawing_id": f"others/{part + i:07}.pdf"})
            for i, vector in enumerate(vectors)
        ]
        refused = index.put(documents)
        assert not refused, refused[0]
    store.close()


def measure(environment: Environment, sheets: Sequence[Path], searches: int) -> None:
    from cli.demo.search import photographed
    from cli.search_api import SearchApi

    api = SearchApi(environment)
    photographs = [photographed(sheet) for sheet in sheets]
    images = [base64.b64encode(photograph).decode() for photograph in photographs]
    part = {"x": 300, "y": 300, "width": 600, "height": 600}
    kinds: dict[str, Callable[[int], dict[str, Any]]] = {
        "photograph": lambda i: {"image": images[i]},
        "part of a photograph": lambda i: {"image": images[i], "region": part},
        "photograph and words": lambda i: {"image": images[i], "words": "flange steel"},
        "id": lambda i: {"id": f"{PREFIX}{sheets[i].name}"},
        "words": lambda _: {"words": "flange steel"},
    }
    rows = {"endpoint alone": asked_alone(environment, photographs, searches)}
    found = 0
    for kind, body in kinds.items():
        times = rows[kind] = Times()
        for i in range(-WARM, searches):
            number = i % len(sheets)
            started = time.perf_counter()
            answered = api.send("POST", "/search", json.dumps(body(number)).encode())
            spent = (time.perf_counter() - started) * 1000
            if answered.status_code != 200:
                raise SystemExit(f"{kind}: {answered.status_code} {answered.text}")
            answer = json.loads(answered.content)
            if i >= 0:
                times.add(spent, answered.headers["Server-Timing"])
                if kind == "photograph":
                    found += answer["hits"][0]["drawing"]["id"] == f"{PREFIX}{sheets[number].name}"
            drawings = answer["drawings"]
    show(rows, drawings)
    Console().print(f"{found} of {searches} photographs found their own drawing first")


def asked_alone(environment: Environment, photographs: Sequence[bytes], searches: int) -> Times:
    """The embedding endpoint, without API, function and index."""
    (endpoint,) = environment.client("sagemaker").list_endpoints(NameContains="drawing-embedder-")["Endpoints"]
    runtime, times = environment.client("sagemaker-runtime"), Times()
    for i in range(-WARM, searches):
        started = time.perf_counter()
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint["EndpointName"],
            Body=photographs[i % len(photographs)],
            ContentType="application/octet-stream",
        )
        json.loads(answer["Body"].read())
        if i >= 0:
            times.add((time.perf_counter() - started) * 1000)
    return times


def show(rows: dict[str, Times], drawings: int) -> None:
    table = Table("looked for by", "p50 ms", "p99 ms", "embedding p50 / p99", "index p50 / p99", "the rest p50 / p99")
    table.title = f"Search API, {drawings:,} drawings in the index"
    for kind, times in rows.items():
        parts = [np.array(times.parts.get(part, [0.0] * len(times.whole))) for part in ("embedding", "index")]
        rest = np.array(times.whole) - sum(parts) if times.parts else np.zeros(len(times.whole))
        cells = [f"{np.percentile(times.whole, at):.0f}" for at in (50, 99)]
        cells += [
            " / ".join(f"{np.percentile(each, at):.0f}" for at in (50, 99)) if each.any() else ""
            for each in (*parts, rest)
        ]
        table.add_row(kind, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
