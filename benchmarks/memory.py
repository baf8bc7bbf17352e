"""Whether the inference server's memory stays what it is while pictures of ever other sizes are read.

Sends drawn sheets cut to random sizes, and notes the resident memory after each answer. Peaks come and go with sizes, a
leak stays: so growth compares the median of the last tenth with that of the tenth after warm-up, and the trend is the
slope through the medians of all tenths after it.
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


def tenths(resident: Sequence[float], warm_up: int) -> npt.NDArray[np.float64]:
    """The median of each tenth of what was measured after warm-up."""
    return np.array([np.median(part) for part in np.array_split(np.asarray(resident[warm_up:]), 10)])


def growth(medians: npt.NDArray[np.float64]) -> float:
    """By how much memory has grown, as a share: the last tenth over the first."""
    return float(medians[-1] / medians[0] - 1.0)


def trend(medians: npt.NDArray[np.float64], pictures: int) -> float:
    """MB that every thousand pictures add: the straight line through the medians of so many pictures."""
    return float(np.polyfit(np.arange(10) * pictures / 10, medians, 1)[0] * 1000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, default=2000)
    parser.add_argument("--warm-up", type=int, default=200)
    arguments = parser.parse_args()
    with official_model() as base, serve(base, {"SAGEMAKER_MODEL_SERVER_TIMEOUT": "110"}) as server:
        resident = [server.resident(), *ask_sizes(server, arguments.sizes)]
        peak = server.resident(peak=True)
    medians = tenths(resident, arguments.warm_up)
    grown = growth(medians)
    slope = trend(medians, arguments.sizes - arguments.warm_up)
    columns = ("pictures", "before the first", "first tenth after warm-up", "last tenth", "peak", "growth", "trend")
    table = Table(*columns, title="Memory, medians")
    marks = [resident[0], medians[0], medians[-1], peak]
    table.add_row(
        str(arguments.sizes), *(f"{mark:.0f} MB" for mark in marks), f"{grown:+.1%}", f"{slope:+.0f} MB a thousand"
    )
    Console().print(table)
    return 0 if grown <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
