"""Runs the inference server: listens at once, loads in the background, drains on SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import cv2
import numpy as np
import numpy.typing as npt
import uvicorn

from containers.inference import log
from containers.inference.app import build_app
from containers.inference.batching import SharedNetwork
from containers.inference.cloudwatch import EmbeddedMetrics
from containers.inference.desk import Desk
from containers.inference.metrics import Metrics
from containers.inference.settings import ServingSettings, SettingsError
from containers.inference.turn import Stage, Watched
from drawing_ocr.embedding.embedder import DEFAULT, Embedder
from drawing_ocr.embedding.record import RECORD_NAME
from drawing_ocr.models import package
from drawing_ocr.reading.image import Limits
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.session import Network, Session, accelerated

_log = logging.getLogger(__name__)


def main() -> int:
    """Serves until SIGTERM or SIGINT; the exit status says whether the model could be loaded."""
    log.configure()
    # uvicorn drains on the signal, then raises it anew for whoever handled it before: that is an orderly end.
    signal.signal(signal.SIGTERM, _end)
    try:
        settings = ServingSettings.from_environment()
    except SettingsError as error:
        _log.error(str(error))
        return 2
    cv2.setNumThreads(settings.threads)
    dimensions = {"Served": settings.served, "ModelVersion": settings.model_version or "unregistered"}
    embedded = EmbeddedMetrics(dimensions, lambda line: print(line, flush=True))
    metrics = Metrics(embedded)
    desk = Desk(lambda: open_served(settings, metrics), workers=settings.workers, queue=settings.queue)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(desk, settings, metrics),
            host="0.0.0.0",
            port=settings.port,
            access_log=False,  # invocations are logged with their fields, pings are not worth a line
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=settings.drain,
        )
    )
    loader = _Loader(desk, server)
    loader.start()
    ended = threading.Event()
    flushing = threading.Thread(target=embedded.flush_until, args=(ended,), daemon=True)
    flushing.start()
    try:
        server.run()
    finally:
        ended.set()
        flushing.join()
        desk.close()
    return 1 if loader.failed else 0


class _Loader(threading.Thread):
    """Opens the desk; ends the server when the model cannot be loaded."""

    def __init__(self, desk: Desk, server: uvicorn.Server) -> None:
        super().__init__(name="loader", daemon=True)
        self.failed = False
        self._desk = desk
        self._server = server

    def run(self) -> None:
        try:
            self._desk.open()
        except Exception as error:
            self.failed = True
            _log.error("the model cannot be loaded: %s", error, exc_info=error)
            self._server.should_exit = True


def open_served(settings: ServingSettings, metrics: Metrics) -> Reader | Embedder:
    """Loads what the settings say that is served."""
    return _open_embedder(settings) if settings.served == "embedder" else _open_reader(settings, metrics)


def _open_reader(settings: ServingSettings, metrics: Metrics) -> Reader:
    def open_network(model: Path, *, threads: int) -> Network:
        session = Session(model, threads=threads)
        if model.parent.name == package.DETECTOR:
            return Watched(session, Stage.DETECTION)

        def counted(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            metrics.batch(len(images))
            return session(images)

        calls = 1 if accelerated() else settings.workers
        shared = SharedNetwork(counted, batch=settings.batch, calls=calls) if settings.batch > 1 else counted
        return Watched(shared, Stage.RECOGNITION)

    reader = Reader.from_package(
        settings.base / "model",
        threads=settings.threads,
        settings=ReadingSettings(limits=_limits(settings), batch=settings.batch),
        open_network=open_network,
    )
    if settings.model_version:
        reader.model = reader.model.model_copy(update={"version": settings.model_version})
    return reader


def _open_embedder(settings: ServingSettings) -> Embedder:
    """The embedder that SageMaker unpacked; the one in the image where the endpoint was given none."""
    given = settings.base / "model"
    folder = given if (given / RECORD_NAME).is_file() else DEFAULT
    return Embedder.load(folder, threads=settings.threads, limits=_limits(settings))


def _limits(settings: ServingSettings) -> Limits:
    return Limits(file_bytes=settings.payload_bytes, pixels=settings.megapixels * 1_000_000, pages=settings.pages)


def _end(_: int, __: FrameType | None) -> None:
    sys.exit(0)
