"""How fast the annotator's screen is in a real Chromium, beside the plain way in the same run.

An A0 scan of 200 megapixels is put together from synthetic sheets with their labels. Pages built from the annotator's
own sources show it with 1,000 and with 5,000 boxes: the screen on which people label, texts beside their boxes, every
stroke stored; and as its peer one `<img>` of the whole sheet with one SVG polygon and one SVG text a region. The hand
pans, zooms and types through Chromium's own input. `CHROMIUM` names the browser where it is not /usr/bin/chromium.

A picture is late when one of 60 a second was left out before it. `of plain` compares the mean time from picture to
picture, `shown` tells how many of the pictures came onto the screen, `busy` how long the page's main thread worked.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from drawing_ocr.labelling.pyramid import write_pyramid
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import SCANNED

ROOT = Path(__file__).resolve().parent.parent
ANNOTATOR = ROOT / "web" / "annotator"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
BOXES = (1_000, 5_000)
ACROSS = 10  # sheets of 1680 × 1188 pixels in a row and in a column: 16,800 × 11,880 pixels
DIFFERENT = 20  # of the hundred
LATE_MS = 1.5 * 1000 / 60  # of 60 pictures a second one was left out
TEXT = "⌀12 H7 ±0.05 M8×1.25 R3 "
TEMPLATE_LIMIT = 128_000  # characters of a Ground Truth template
SCREEN, PLAIN = "screen", "plain"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", nargs="+", choices=(SCREEN, PLAIN), default=[SCREEN, PLAIN])
    parser.add_argument("--boxes", nargs="+", type=int, default=list(BOXES))
    arguments = parser.parse_args()
    console = Console(width=180)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        build(site, "src/bench/vite.config.ts")
        draw(site, arguments.boxes)
        with served(site) as address, sync_playwright() as playwright:
            measured = [
                measure(playwright.chromium, address, page, boxes)
                for boxes in arguments.boxes
                for page in arguments.pages
            ]
    console.print(table(measured))
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), "vite.template.config.ts")
        for file in sorted(Path(folder).glob("*.html")):
            console.print(f"Ground Truth template: {len(file.read_text()):,} of {TEMPLATE_LIMIT:,} characters")


def build(into: Path, config: str) -> None:
    command = ["node_modules/.bin/vite", "build", "--logLevel", "warn", "--config", config]
    command += ["--outDir", str(into), "--emptyOutDir"]
    subprocess.run(command, cwd=ANNOTATOR, check=True)


def draw(site: Path, boxes: list[int]) -> None:
    """Writes the sheet as pyramid and as one picture, and what each page is given for each number of boxes."""
    style = replace(SCANNED, width=(1680, 1680), portrait=0)
    sheets = [draw_sheet(seed, style) for seed in range(DIFFERENT)]
    height, width = sheets[0][0].shape
    grey = np.empty((ACROSS * height, ACROSS * width), np.uint8)
    chance = random.Random(0)
    regions: list[dict[str, Any]] = []
    for place in range(ACROSS * ACROSS):
        picture, annotation = sheets[place * 7 % DIFFERENT]
        top, left = place // ACROSS * height, place % ACROSS * width
        grey[top : top + height, left : left + width] = picture
        regions += [
            {
                "id": f"{place}-{index}",
                "points": [[x + left, y + top] for x, y in region.points],
                "text": region.text,
                "category": region.category,
                "ignore": False,
                "confidence": round(chance.random() ** 0.3, 3),
            }
            for index, region in enumerate(annotation.regions)
        ]
    chance.shuffle(regions)
    pyramid = write_pyramid(np.repeat(grey[:, :, None], 3, axis=2), site / "sheet.pmtiles")
    cv2.imwrite(str(site / "sheet.png"), grey)
    for number in boxes:
        if number > len(regions):
            raise SystemExit(f"the sheet has {len(regions)} texts: ask for no more boxes than that, not for {number}")
        work = {
            "width": pyramid.width,
            "height": pyramid.height,
            "tile": pyramid.tile,
            "levels": pyramid.levels,
            "regions": regions[:number],
        }
        (site / f"work-{number}.json").write_text(json.dumps(work))


class RangeRequests(SimpleHTTPRequestHandler):
    """Files of a folder, or the parts of them that are asked for, as S3 serves them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        if wanted is None:
            super().do_GET()
            return
        first, last = (int(end) for end in wanted.removeprefix("bytes=").split("-"))
        with Path(self.translate_path(self.path)).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(first)
            part = file.read(last - first + 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{size}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def handle(self) -> None:
        with suppress(ConnectionError):  # the page no longer wants the tile
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the tables are the output."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(RangeRequests, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@dataclass(frozen=True)
class Movement:
    """What the screen did while the hand did something.

    Attributes:
        intervals: Milliseconds from picture to picture, as the page was asked for them.
        shown: Of the pictures that changed something, how many came onto the screen, by Chromium's trace.
        busy: Share of the time in which the page's main thread worked, by Chromium's trace.
    """

    intervals: list[float]
    shown: float
    busy: float


@dataclass(frozen=True)
class Measured:
    """One page with one number of boxes.

    Attributes:
        opened: Milliseconds from the start of the navigation to the first picture of use.
        memory: MB, after opening and after a tour over the sheet.
    """

    page: str
    boxes: int
    opened: float
    memory: tuple[float, float]
    movements: dict[str, Movement]


def measure(chromium: BrowserType, address: str, name: str, boxes: int) -> Measured:
    browser = chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.route("**/work.json", lambda route: route.continue_(url=f"{address}/work-{boxes}.json"))
    page.goto(f"{address}/{name}.html", wait_until="commit")
    page.wait_for_function("window.bench?.opened", timeout=120_000)
    opened = page.evaluate("bench.opened")
    after_opening = memory(browser)
    movements = {}
    for movement, (before, act) in HAND.items():
        page.evaluate(before)
        page.wait_for_timeout(1_000)
        movements[movement] = recorded(browser, page, partial(act, page))
    measured = Measured(name, boxes, opened, (after_opening, memory(browser)), movements)
    browser.close()
    return measured


def pan(page: Page) -> None:
    """Three seconds to and fro with the button down."""
    x, y = page.evaluate("bench.middle()")
    page.mouse.move(x, y)
    page.mouse.down()
    for turn in range(6):
        page.mouse.move(x + (300 if turn % 2 else -300), y + (200 if turn % 2 else -200), steps=30)
    page.mouse.up()


def zoom(page: Page) -> None:
    """From the whole sheet to its pixels and back."""
    page.mouse.move(*page.evaluate("bench.middle()"))
    for step in range(120):
        page.mouse.wheel(0, -40 if step < 60 else 40)
        page.wait_for_timeout(10)


def write(page: Page) -> None:
    """Much faster than anybody types: 30 characters a second."""
    page.keyboard.type(TEXT * 4, delay=33)


# What the page shows before, and what the hand does then.
HAND: dict[str, tuple[str, Callable[[Page], None]]] = {
    "pan, whole sheet": ("bench.whole()", pan),
    "pan, close": ("bench.close()", pan),
    "zoom": ("bench.whole()", zoom),
    "type": ("bench.select(17)", write),
}


def recorded(browser: Browser, page: Page, act: Callable[[], None]) -> Movement:
    browser.start_tracing(page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline"])
    page.evaluate("bench.record()")
    act()
    pictures: list[float] = page.evaluate("bench.pictures")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    begun = [event for event in events if event["name"] == "AnimationFrame" and event["ph"] == "b"]
    shown = [event for event in events if event["name"] == "AnimationFrame::Presentation"]
    if not begun:
        raise SystemExit("the trace has no animation frames: compare its events with those that are looked for here")
    thread = statistics.mode((event["pid"], event["tid"]) for event in begun)
    tasks = [event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) == thread]
    return Movement(
        intervals=[after - before for before, after in pairwise(pictures)],
        shown=len(shown) / len(begun),
        busy=sum(task.get("dur", 0) for task in tasks) / 1000 / (pictures[-1] - pictures[0]),
    )


def memory(browser: Browser) -> float:
    """MB of the page's process and of the one that paints for it; shared memory is divided among its users."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    sizes: dict[str, list[float]] = {}
    for process in processes:
        lines = Path(f"/proc/{process['id']}/smaps_rollup").read_text().splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("Pss:"))
        sizes.setdefault(process["type"], []).append(int(kilobytes) * 1024 / 1e6)
    return max(sizes["renderer"]) + sum(sizes["GPU"])  # Chromium keeps other, empty renderers for later pages


def table(measured: list[Measured]) -> Table:
    """Everything, a row for each page and number of boxes, a page beside its peer."""
    columns = ("boxes", "page", "first picture\nof use, s", "memory, MB\nafter the tour", *HAND)
    table = Table(
        *columns,
        title="A sheet of 200 megapixels; moving: picture to picture, ms: median / 95 % / 99 %, mean",
        show_lines=True,
    )
    plain = {each.boxes: each for each in measured if each.page == PLAIN}
    for each in sorted(measured, key=lambda one: (one.boxes, one.page == PLAIN)):
        peer = plain.get(each.boxes)
        table.add_row(
            f"{each.boxes:,}",
            each.page,
            f"{each.opened / 1000:.2f}",
            "\n".join(f"{size:.0f}" for size in each.memory),
            *(described(each.movements[name], None if peer is None else peer.movements[name]) for name in HAND),
        )
    return table


def described(movement: Movement, peer: Movement | None) -> str:
    mean = statistics.mean(movement.intervals)
    late = sum(interval > LATE_MS for interval in movement.intervals) / len(movement.intervals)
    quantiles = " / ".join(f"{np.percentile(movement.intervals, percent):.1f}" for percent in (50, 95, 99))
    of_plain = "" if peer is None else f", {mean / statistics.mean(peer.intervals):.2f} × plain"
    return f"{quantiles}, {mean:.1f}\nlate {late:.1%}, shown {movement.shown:.0%}\nbusy {movement.busy:.0%}{of_plain}"


if __name__ == "__main__":
    main()
