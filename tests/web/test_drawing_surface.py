"""The drawing surface in Chromium: what it shows and hands out are the sheet's pixels, however the view lies."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from drawing_ocr.labelling.pyramid import write_pyramid
from tests.web.world import ANNOTATOR

ADDRESS = "http://surface.test"
BLOCK = 100  # pixels of the sheet; each block has a colour of its own
COLUMNS, ROWS = 15, 11  # more than two tiles both ways
INK = (620, 430, 680, 446)  # left, top, right, bottom of the only black spot, inside a white block


def colour(column: int, row: int) -> tuple[int, int, int]:
    """Red, green, blue of a block."""
    return 16 * column, 20 * row, 128


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surface")
    command = ["npx", "--no-install", "vite", "build", "--logLevel", "error", "--config", "src/bench/vite.config.ts"]
    subprocess.run([*command, "--outDir", str(folder)], cwd=ANNOTATOR, check=True)
    sheet = np.empty((ROWS * BLOCK, COLUMNS * BLOCK, 3), np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            place = np.s_[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
            sheet[place] = colour(column, row)[::-1]
    left, top, right, bottom = INK
    sheet[400:500, 600:700] = 255
    sheet[top:bottom, left:right] = 0
    pyramid = write_pyramid(sheet, folder / "sheet.pmtiles")
    size = {"width": pyramid.width, "height": pyramid.height, "tile": pyramid.tile, "levels": pyramid.levels}
    (folder / "work.json").write_text(json.dumps({**size, "regions": []}))
    return folder


@pytest.fixture
def surface(browser: Browser, site: Path) -> Iterator[Page]:
    """The page with the sheet on it; two device pixels a screen pixel."""
    context = browser.new_context(viewport={"width": 600, "height": 400}, device_scale_factor=2, has_touch=True)
    page = context.new_page()

    def answer(route: Route) -> None:
        body = (site / route.request.url.removeprefix(f"{ADDRESS}/")).read_bytes()
        ends = route.request.headers.get("range", "").removeprefix("bytes=").split("-")
        if len(ends) == 2:
            route.fulfill(status=206, body=body[int(ends[0]) : int(ends[1]) + 1])
        else:
            route.fulfill(body=body, content_type=_type_of(route.request.url))

    page.route(f"{ADDRESS}/**", answer)
    page.goto(f"{ADDRESS}/surface.html")
    page.wait_for_function("window.bench?.opened")
    yield page
    context.close()


def _type_of(url: str) -> str:
    return {"html": "text/html", "js": "text/javascript", "json": "application/json"}[url.rsplit(".", 1)[1]]


def assert_shows_the_sheet(page: Page) -> None:
    """The middles of some blocks have their colours where the view says that they are."""
    page.wait_for_timeout(200)  # for the tiles
    view: dict[str, float] = page.evaluate("bench.surface.view.value")
    width, height = page.evaluate("(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(bench.surface.host)")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shown = 0
    for column, row in [(0, 0), (14, 0), (0, 10), (14, 10), (7, 5), (5, 5), (10, 2), (4, 8)]:
        x, y = (column * BLOCK + 30) * view["scale"], (row * BLOCK + 70) * view["scale"]
        for _ in range(int(view["quarters"])):
            x, y = -y, x
        x, y = x + view["x"], y + view["y"]
        if 2 < x < width - 2 and 2 < y < height - 2:
            pixel = picture.getpixel((round(2 * x), round(2 * y)))
            assert pixel == pytest.approx(colour(column, row), abs=2), f"block {column}, {row}"
            shown += 1
    assert shown > 0


@pytest.mark.parametrize("quarters", range(4))
def test_every_part_of_the_sheet_is_where_the_view_says_however_it_is_turned(surface: Page, quarters: int) -> None:
    surface.evaluate("quarters => { bench.surface.turn(quarters); bench.surface.fit() }", quarters)
    assert_shows_the_sheet(surface)
    surface.evaluate("bench.surface.zoom(3.3)")
    assert_shows_the_sheet(surface)


def test_the_wheel_zooms_at_the_pointer_and_a_drag_pans(surface: Page) -> None:
    surface.mouse.move(300, 200)
    surface.mouse.wheel(0, -400)
    assert_shows_the_sheet(surface)
    before = surface.evaluate("bench.surface.view.value")
    surface.mouse.down()
    surface.mouse.move(340, 190, steps=4)
    surface.mouse.up()
    after = surface.evaluate("bench.surface.view.value")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (40, -10)
    assert after["scale"] == before["scale"]
    assert_shows_the_sheet(surface)


def test_two_fingers_pan_and_zoom_together(surface: Page) -> None:
    touch = surface.context.new_cdp_session(surface)

    def fingers(kind: str, *places: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = surface.evaluate("bench.surface.view.value")
    fingers("touchStart", (250, 200), (350, 200))
    fingers("touchMove", (200, 200), (400, 200))
    fingers("touchEnd")
    after = surface.evaluate("bench.surface.view.value")
    assert after["scale"] == pytest.approx(2 * before["scale"])
    assert_shows_the_sheet(surface)


def test_a_crop_is_upright_however_the_text_is_turned(surface: Page) -> None:
    upwards = [[300, 900], [300, 500], [400, 500], [400, 900]]
    crop = surface.evaluate(
        """async quad => {
            const { data, width, height } = await bench.surface.crop(quad, 100, 0);
            const pixel = (x, y) => [...data.slice((y * width + x) * 4, (y * width + x) * 4 + 3)];
            return { width, height, pixels: [50, 150, 250, 350].map((x) => pixel(x, 50)) };
        }""",
        upwards,
    )
    assert crop == {"width": 400, "height": 100, "pixels": [list(colour(3, row)) for row in (8, 7, 6, 5)]}


def test_a_crop_for_the_reader_is_the_sheet_s_own_pixels_with_paper_around(surface: Page) -> None:
    level = [[200, 300], [500, 300], [500, 340], [200, 340]]
    png = surface.evaluate(
        "async quad => [...new Uint8Array(await (await bench.surface.cropPng(quad)).arrayBuffer())]", level
    )
    picture = Image.open(io.BytesIO(bytes(png))).convert("RGB")
    assert picture.size == (40 + 300 + 40, 300)
    assert [picture.getpixel((40 + x, 150)) for x in (50, 150, 250)] == [colour(column, 3) for column in (2, 3, 4)]
    assert {picture.getpixel(place) for place in ((20, 150), (360, 150), (190, 100), (190, 200))} == {(255, 255, 255)}


def test_a_box_snaps_to_the_ink_below_it(surface: Page) -> None:
    loose = [[612, 424], [688, 424], [688, 452], [612, 452]]
    snapped = surface.evaluate("quad => bench.surface.snap(quad)", loose)
    left, top, right, bottom = INK
    assert np.array(snapped) == pytest.approx(
        np.array([[left - 1, top - 1], [right + 1, top - 1], [right + 1, bottom + 1], [left - 1, bottom + 1]]), abs=0.6
    )
    empty = [[720, 430], [780, 430], [780, 450], [720, 450]]
    assert surface.evaluate("quad => bench.surface.snap(quad)", empty) is None
