"""The built page, its sign-in and its API on one port of this machine, and sample sheets to label."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from drawing_ocr.annotation import Region
from drawing_ocr.labelling.pyramid import write_pyramid
from drawing_ocr.labelling.task import Model, Picture, Pyramid, ReadRegion, Task, task_id
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED
from tests.web.fake_labelling import FakeLabelling, SignedOut, signed_out
from tests.web.fake_openid import CLIENT_ID, FakeOpenId

ANNOTATOR = Path(__file__).resolve().parents[2] / "web" / "annotator"
PAGE = ANNOTATOR / "dist"
JOB = "shafts"
# As the deployed page's, but for the address of this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@dataclass(frozen=True)
class World:
    """A running server: `page` is the page's address."""

    page: str
    openid: FakeOpenId
    labelling: FakeLabelling


@contextmanager
def served(openid: FakeOpenId, labelling: FakeLabelling) -> Iterator[World]:
    """Serves page, provider and API on a free port."""

    async def config(_: Request) -> Response:
        openid_at = f"{labelling.address}/openid"
        return JSONResponse(
            {"api": f"{labelling.address}/api", "authority": openid_at, "client_id": CLIENT_ID, "environment": "test"}
        )

    async def with_policy(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        if not request.url.path.startswith("/openid"):
            response.headers["content-security-policy"] = POLICY
        return response

    app = Starlette(
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=with_policy)],
        routes=[
            *openid.routes(),
            *labelling.routes(),
            Route("/config.json", config),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        exception_handlers={SignedOut: signed_out},
    )

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://localhost:{listening.getsockname()[1]}"
        openid.address = labelling.address = address
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield World(f"{address}/", openid, labelling)
        finally:
            server.should_exit = True
            thread.join(10)


def sample(folder: Path, seed: int, *, keep: int = 12, wrong: int = 2) -> tuple[Task, Path]:
    """A task of a synthetic sheet and its pyramid, as the job `prelabel` makes them.

    Args:
        folder: for the pyramid.
        seed: of the sheet.
        keep: so many of its texts are in the task, the largest: a test types what a person would, and that takes time.
        wrong: so many of them the machine has misread, and is not sure of.
    """
    grey, annotation = draw_sheet(seed, PLOTTED)
    uri = f"s3://drawings/drawings/{annotation.image}"
    name = task_id(uri, None)
    pyramid = write_pyramid(np.repeat(grey[:, :, None], 3, axis=2), folder / f"{name}.pmtiles")
    rng = Random(seed)
    texts = sorted(annotation.regions, key=_area, reverse=True)[:keep]
    misread = set(rng.sample(range(len(texts)), wrong))
    regions = tuple(
        ReadRegion(
            id=f"r{index}",
            points=region.points,
            text=region.text[:-1] + "?" if index in misread else region.text,
            category=region.category,
            confidence=0.41 if index in misread else 0.93 + index / 1000,
        )
        for index, region in enumerate(texts)
    )
    task = Task(
        job=JOB,
        task=name,
        image=Picture(uri=uri, width=annotation.width, height=annotation.height),
        pyramid=Pyramid(uri=f"s3://labelling/{name}.pmtiles", tile=pyramid.tile, levels=pyramid.levels),
        model=Model(version="1"),
        regions=regions,
    )
    return task, folder / f"{name}.pmtiles"


def _area(region: Region) -> float:
    (ax, ay), (bx, by), (cx, cy), _ = region.points
    return abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
