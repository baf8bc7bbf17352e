"""Whether the inference server's memory stays what it is while pictures of ever other sizes are read.

Sends drawn sheets cut to random sizes, and notes the resident memory after each answer. Growth compares the mean of the
last fifth with that of the fifth after warm-up: peaks come and go with sizes, a leak stays.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import Final

import httpx
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.served import Served, official_model, serve
from drawing_ocr.synthesis.sheet import draw_sheet

MOST_GROWTH: Final = 0.05
_SIDES: Final = (40, 1400)  # pixels


def ask_sizes(server: Served, count: int, seed: int = 0) -> list[float]:
    """Has pictures of random sizes read, one after the other; the resident memory in MB after each."""
    sheet = draw_sheet(seed)[0]
    rng = np.random.default_rng(seed)
    sizes = rng.integers(*_SIDES, size=(count, 2))

    def ask(size: npt.NDArray[np.int64]) -> float:
        buffer = io.BytesIO()
        Image.fromarray(sheet[: size[0], : size[1]]).save(buffer, format="PNG")
        answer = httpx.post(
            f"{server.url}/invocations", content=buffer.getvalue(), headers={"content-type": "image/png"}, timeout=120
        )
        answer.raise_for_status()
        return server.resident()

    return [ask(size) for size in sizes]


def growth(resident: Sequence[float], warm_up: int) -> float:
    """By how much memory has grown, as a share: the mean of the last fifth over that of the first after warm-up."""
    measured = resident[warm_up:]
    fifth = max(1, len(measured) // 5)
    return float(np.mean(measured[-fifth:]) / np.mean(measured[:fifth]) - 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, default=2000)
    parser.add_argument("--warm-up", type=int, default=200)
    arguments = parser.parse_args()
    with official_model() as base, serve(base, {"SAGEMAKER_MODEL_SERVER_TIMEOUT": "110"}) as server:
        resident = [server.resident(), *ask_sizes(server, arguments.sizes)]
        peak = server.resident(peak=True)
    grown = growth(resident, arguments.warm_up)
    table = Table("pictures", "before the first", "after warm-up", "at the end", "peak", "growth", title="Memory")
    marks = [resident[0], resident[arguments.warm_up], resident[-1], peak]
    table.add_row(str(arguments.sizes), *(f"{mark:.0f} MB" for mark in marks), f"{grown:+.1%}")
    Console().print(table)
    return 0 if grown <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
