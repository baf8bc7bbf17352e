"""A model behind HTTP: its container from the start to the end, as endpoints and transform jobs use it."""

from __future__ import annotations

import contextlib
import http.client
import logging
import shutil
import threading
import time
from collections.abc import Mapping

from emulator.api import Caller, Document, ServiceError
from emulator.sagemaker import container, objects
from emulator.sagemaker.container import Container, Machine
from emulator.sagemaker.output import Output

log = logging.getLogger(__name__)

_PING_SECONDS = 0.1
# SageMaker's own limit on one answer of /ping.
_PING_ANSWER_SECONDS = 2.0
_RESTART_SECONDS = 1.0
_STOP_GRACE_SECONDS = 10.0


class NotHealthy(Exception):
    """The server does not answer /ping with 200; the text is the reason."""


class ServedModel:
    """One server of one model. `model`: Image, ModelDataUrl and Environment, as `models.container` gives them."""

    def __init__(self, caller: Caller, model: Document, machine: Machine, *, log_group: str, stream: str) -> None:
        self.caller, self.model, self.machine = caller, model, machine
        self._log_group, self._stream = log_group, stream
        self._variables: Mapping[str, str] = {}
        self._container: Container | None = None
        self._ended = threading.Event()
        shutil.rmtree(machine.root, ignore_errors=True)
        machine.ml.mkdir(parents=True)

    def start(self, seconds: float, variables: Mapping[str, str] | None = None) -> None:
        """Returns when `/ping` answers 200; from then on a server that dies is started again, as SageMaker does.

        Raises `NotHealthy` after `seconds`, or as soon as the container has ended; `DataError`, `CannotStart`,
        `ServiceError` when it cannot be started at all.
        """
        self._variables = variables or {}
        source = self.model.get("ModelDataSource", {}).get("S3DataSource", {})
        if url := self.model.get("ModelDataUrl") or source.get("S3Uri"):
            objects.unpack_model(url, self.machine.ml / "model", self.caller.region)
        self._launch()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._ended.is_set():
            if self.healthy(min(_PING_ANSWER_SECONDS, max(0.1, deadline - time.monotonic()))):
                threading.Thread(target=self._keep_alive, daemon=True).start()
                return
            if self._container is not None and not self._container.running():
                raise NotHealthy("the container ended before it answered the ping health check")
            time.sleep(_PING_SECONDS)
        raise NotHealthy("the container did not answer the ping health check in time")

    def _launch(self) -> None:
        environment = {
            "SM_MODEL_DIR": self.machine.seen_inside("/opt/ml/model"),
            "AWS_REGION": self.caller.region,
            **self.model.get("Environment", {}),
            **self._variables,
        }
        region = self.caller.region
        self._container = container.start(self.machine, self.model["Image"], ["serve"], environment, region=region)
        output = Output(self.caller, self._log_group, self._stream, [], {})
        threading.Thread(target=output.read, args=(self._container.stdout,), daemon=True).start()

    def _keep_alive(self) -> None:
        while not self._ended.wait(_RESTART_SECONDS):
            if self._container is not None and not self._container.running():
                log.warning("%s %s: the server ended, starting it again", self._log_group, self._stream)
                self._container.stop()
                with contextlib.suppress(container.CannotStart, ServiceError, OSError):
                    self._launch()

    def healthy(self, seconds: float = _PING_ANSWER_SECONDS) -> bool:
        """Whether `/ping` answers 200 within `seconds`."""
        try:
            connection = self.http(seconds)
            try:
                connection.request("GET", "/ping")
                return connection.getresponse().status == 200
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return False

    def http(self, timeout: float) -> http.client.HTTPConnection:
        """A connection to the server. Raises `OSError` when none was started."""
        if self._container is None:
            raise ConnectionRefusedError("no container runs")
        return self._container.http(timeout)

    def stop(self) -> None:
        """Ends the server and removes its files."""
        self._ended.set()
        if self._container is not None:
            self._container.stop(_STOP_GRACE_SECONDS)
        shutil.rmtree(self.machine.root, ignore_errors=True)
