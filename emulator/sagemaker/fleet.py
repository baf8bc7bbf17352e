"""The servers behind an endpoint's variants."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from emulator import settings
from emulator.api import Caller, Document, ServiceError
from emulator.sagemaker import container, models, objects
from emulator.sagemaker.capture import Capture
from emulator.sagemaker.container import Machine
from emulator.sagemaker.served_model import NotHealthy, ServedModel
from emulator.sagemaker.store import now

# Where the variant does not say: SageMaker gives a container eight minutes.
_START_SECONDS = 480.0
_DRAIN_SECONDS = 65.0
# In SageMaker's own words.
_PING_FAILED = (
    "The primary container for production variant {} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
_CANNOT_START = (
    "CannotStartContainerError. Please ensure the model container for variant {} starts correctly when invoked with "
    "'docker run <image> serve'"
)
_NO_DATA = (
    'Failed to download model data for container "container_1" from URL: "{}". Please ensure that there is an object '
    "located at the URL and that the role passed to CreateModel has permissions to download the object."
)
_NO_ARCHIVE = (
    'Failed to extract model data archive for container "container_1" from URL "{}". Please ensure that the object '
    "located at the URL is a valid tar.gz archive."
)


class Replica(ServedModel):
    """One production variant's server: one process, whatever the instance count."""

    def __init__(
        self, caller: Caller, endpoint: str, variant: Document, generation: int, capture: Document | None
    ) -> None:
        self.variant, self.name = variant, str(variant["VariantName"])
        self.capture = Capture(caller, endpoint, self.name, capture) if capture else None
        super().__init__(
            caller,
            models.container(caller, variant["ModelName"]),
            Machine(settings.current().state_dir / "endpoints" / f"{endpoint}-{generation}-{self.name}"),
            log_group=f"/aws/sagemaker/Endpoints/{endpoint}",
            stream=f"{self.name}/i-{generation:017x}",
        )
        self._in_flight = 0
        self._idle = threading.Condition()

    def begin(self, at_most: float) -> None:
        """Returns when it answers; `at_most`: seconds of this machine. Raises `NotHealthy` with AWS's reason."""
        limit = float(self.variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _START_SECONDS))
        try:
            self.start(min(settings.current().real(limit), at_most))
        except NotHealthy as error:
            raise NotHealthy(_PING_FAILED.format(self.name)) from error
        except objects.NotThere as error:
            raise NotHealthy(_NO_DATA.format(error.uri)) from error
        except objects.Malformed as error:
            raise NotHealthy(_NO_ARCHIVE.format(error.uri)) from error
        except container.CannotStart as error:
            raise NotHealthy(_CANNOT_START.format(self.name)) from error
        except (ServiceError, objects.DataError, OSError) as error:
            raise NotHealthy(f"{error} (production variant {self.name})") from error

    def enter(self) -> Replica:
        """A request begins: the server is not stopped before it `leave`s."""
        with self._idle:
            self._in_flight += 1
        return self

    def leave(self) -> None:
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()

    def stop(self) -> None:
        """Waits for requests in flight, then ends the process."""
        self._ended.set()
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, timeout=_DRAIN_SECONDS)
        super().stop()
        if self.capture:
            self.capture.flush()


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
    def start(cls, caller: Caller, endpoint: str, config: Document, generation: int, at_most: float) -> Fleet:
        """Starts every variant within `at_most` seconds. Raises `NotHealthy` after stopping what was started."""
        deadline = time.monotonic() + at_most
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
                replica.begin(deadline - time.monotonic())
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
                "SpecifiedImage": replica.model["Image"],
                "ResolvedImage": replica.model["Image"],
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
