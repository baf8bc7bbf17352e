"""Runs the inference server: listens at once, loads in the background, drains on SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType

import cv2
import uvicorn

from containers.inference import log
from containers.inference.app import build_app
from containers.inference.desk import Desk
from containers.inference.settings import ServingSettings, SettingsError
from drawing_ocr.embedding.embedder import DEFAULT, Embedder
from drawing_ocr.embedding.record import RECORD_NAME
from drawing_ocr.reading.image import Limits
from drawing_ocr.reading.reader import Reader, ReadingSettings

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
    desk = Desk(
        lambda: open_served(settings),
        workers=settings.workers,
        queue=settings.queue,
        deadline=settings.deadline,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(desk, settings),
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
    server.run()
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


def open_served(settings: ServingSettings) -> Reader | Embedder:
    """Loads what the settings say that is served."""
    return _open_embedder(settings) if settings.served == "embedder" else _open_reader(settings)


def _open_reader(settings: ServingSettings) -> Reader:
    reader = Reader.from_package(
        settings.base / "model", threads=settings.threads, settings=ReadingSettings(limits=_limits(settings))
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
    return Limits(file_bytes=settings.payload_bytes, pixels=settings.megapixels * 1_000_000)


def _end(_: int, __: FrameType | None) -> None:
    sys.exit(0)
