"""Served models: the processes behind an endpoint's variants."""

from __future__ import annotations

import contextlib
import http.client
import logging
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any

from emulator import children, settings
from emulator.api import Caller, Document, ServiceError
from emulator.sagemaker import container, models, objects
from emulator.sagemaker.capture import Capture
from emulator.sagemaker.output import Output
from emulator.sagemaker.store import now

log = logging.getLogger(__name__)

_START_SECONDS = 120.0
_PING_SECONDS = 0.1
_DRAIN_SECONDS = 65.0
_RESTART_SECONDS = 1.0


class NotHealthy(Exception):
    """A fleet could not be started; the text is the endpoint's failure reason."""


class Replica:
    """One production variant's server: one process, whatever the instance count."""

    def __init__(
        self, caller: Caller, endpoint: str, variant: Document, generation: int, capture: Document | None = None
    ) -> None:
        self.caller, self.endpoint, self.variant = caller, endpoint, variant
        self.name = str(variant["VariantName"])
        self.capture = Capture(caller, endpoint, self.name, capture) if capture else None
        self.container = models.container(caller, variant["ModelName"])
        root = settings.current().state_dir / "endpoints" / f"{endpoint}-{generation}-{self.name}"
        shutil.rmtree(root, ignore_errors=True)
        self.machine = container.Machine(root)
        self.machine.ml.mkdir(parents=True)
        self.port = _free_port()
        self.stream = f"{self.name}/i-{generation:017x}"
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._in_flight = 0
        self._idle = threading.Condition()

    def start(self) -> None:
        """Returns when `/ping` answers 200. Raises `NotHealthy`."""
        url = self.container.get("ModelDataUrl") or self.container.get("ModelDataSource", {}).get(
            "S3DataSource", {}
        ).get("S3Uri")
        try:
            if url:
                objects.unpack_model(url, self.machine.ml / "model", self.caller.region)
            self._launch()
        except (objects.DataError, container.CannotStart, ServiceError, OSError) as error:
            raise NotHealthy(f"{error} (production variant {self.name})") from error
        limit = float(self.variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _START_SECONDS))
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and not self._ended.is_set():
            if self.healthy():
                threading.Thread(target=self._keep_alive, daemon=True).start()
                return
            process = self._process
            if process is not None and process.poll() is not None:
                break
            time.sleep(_PING_SECONDS)
        raise NotHealthy(
            f"The primary container for production variant {self.name} did not pass the ping health check. "
            f"Please check CloudWatch logs for this endpoint."
        )

    def _launch(self) -> None:
        environment = {
            "SM_MODEL_DIR": "/opt/ml/model"
            if settings.current().runtime == "container"
            else str(self.machine.ml / "model"),
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "AWS_REGION": self.caller.region,
            **self.container.get("Environment", {}),
        }
        self._process = container.start(
            self.machine, self.container["Image"], ["serve"], environment, region=self.caller.region, port=self.port
        )
        group = f"/aws/sagemaker/Endpoints/{self.endpoint}"
        output = Output(self.caller, group, self.stream, [], {})
        threading.Thread(target=output.read, args=(self._process,), daemon=True).start()

    def _keep_alive(self) -> None:
        """A server that dies is started again, as SageMaker does."""
        while not self._ended.wait(_RESTART_SECONDS):
            if self._process is not None and self._process.poll() is not None:
                log.warning("endpoint %s: variant %s ended, starting it again", self.endpoint, self.name)
                children.stop(self._process)
                with contextlib.suppress(container.CannotStart, ServiceError, OSError):
                    self._launch()

    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def __enter__(self) -> Replica:
        with self._idle:
            self._in_flight += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()

    def stop(self) -> None:
        """Waits for requests in flight, then ends the process."""
        self._ended.set()
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, timeout=_DRAIN_SECONDS)
        if self._process is not None:
            children.stop(self._process, grace=10.0)
        if self.capture:
            self.capture.flush()
        shutil.rmtree(self.machine.root, ignore_errors=True)


@dataclass
class Fleet:
    """All variants of one endpoint configuration."""

    config: Document
    replicas: dict[str, Replica]
    weights: dict[str, float]
    counts: dict[str, int]

    @property
    def name(self) -> str:
        return str(self.config["EndpointConfigName"])

    @classmethod
    def start(cls, caller: Caller, endpoint: str, config: Document, generation: int) -> Fleet:
        """Starts every variant. Raises `NotHealthy` after stopping what was started."""
        variants = config["ProductionVariants"]
        fleet = cls(
            config,
            {},
            {each["VariantName"]: float(each.get("InitialVariantWeight", 1.0)) for each in variants},
            {each["VariantName"]: int(each.get("InitialInstanceCount", 1)) for each in variants},
        )
        try:
            for variant in variants:
                replica = Replica(caller, endpoint, variant, generation, config.get("DataCaptureConfig"))
                fleet.replicas[replica.name] = replica
                replica.start()
        except ServiceError as error:
            fleet.stop()
            raise NotHealthy(str(error)) from error
        except NotHealthy:
            fleet.stop()
            raise
        return fleet

    def stop(self) -> None:
        for replica in self.replicas.values():
            replica.stop()

    def summaries(self) -> list[dict[str, Any]]:
        """As `DescribeEndpoint` lists production variants."""
        found = []
        for name, replica in self.replicas.items():
            image = {
                "SpecifiedImage": replica.container["Image"],
                "ResolvedImage": replica.container["Image"],
                "ResolutionTime": now(),
            }
            found.append(
                {
                    "VariantName": name,
                    "DeployedImages": [image],
                    "CurrentWeight": self.weights[name],
                    "DesiredWeight": self.weights[name],
                    "CurrentInstanceCount": self.counts[name],
                    "DesiredInstanceCount": self.counts[name],
                }
            )
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
