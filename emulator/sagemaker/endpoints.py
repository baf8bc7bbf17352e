"""Real-time endpoints: created, updated with guardrails, deleted, invoked."""

from __future__ import annotations

import logging
import math
import random
import threading
from typing import Any

from emulator import logs
from emulator.api import Caller, Document, ServiceError, operation
from emulator.events import targets
from emulator.sagemaker import models
from emulator.sagemaker.deployment import Guardrails, RolledBack, Watch, check
from emulator.sagemaker.fleet import Fleet, Replica
from emulator.sagemaker.served_model import NotHealthy
from emulator.sagemaker.store import Table, as_event, drop_tags, invalid, now, only, page, set_tags

log = logging.getLogger(__name__)

_STATUS_IN_EVENTS = {
    "Creating": "CREATING",
    "Updating": "UPDATING",
    "InService": "IN_SERVICE",
    "RollingBack": "ROLLING_BACK",
    "Deleting": "DELETING",
    "Failed": "FAILED",
}


class Pending:
    """A deployment that runs, as `DescribeEndpoint` shows it."""

    def __init__(self, config: Document) -> None:
        self._config, self._start = config, now()
        self.fleet: Fleet | None = None
        self.stage = "Creating"

    def describe(self) -> Document:
        status = {"Status": self.stage, "StartTime": self._start}
        if self.fleet is None:
            variants: list[Document] = [{"VariantName": e["VariantName"]} for e in self._config["ProductionVariants"]]
        else:
            variants = self.fleet.summaries()
        return {
            "EndpointConfigName": self._config["EndpointConfigName"],
            "ProductionVariants": [{**variant, "VariantStatus": [status]} for variant in variants],
            "StartTime": self._start,
        }


class Endpoint:
    """One endpoint: the fleet that serves and, during an update, the one beside it."""

    def __init__(self, caller: Caller, name: str, config: Document) -> None:
        self.caller, self.name, self.arn = caller, name, ENDPOINTS.arn(caller, name)
        self.config_name = str(config["EndpointConfigName"])
        self.status, self.failure = "Creating", ""
        self.created = self.modified = now()
        self.fleet: Fleet | None = None
        # During a shift of traffic: the new fleet and the share of requests that it gets.
        self.next: tuple[Fleet, float] | None = None
        self.pending: Pending | None = None
        self.last_deployment: Document | None = None
        self._generation = 0
        self._lock = threading.RLock()
        self.deleted = threading.Event()

    # --- life

    def create(self, config: Document, deployment: Document | None) -> None:
        self.last_deployment = deployment
        self._event()
        threading.Thread(target=self._create, args=(config,), daemon=True).start()

    def _create(self, config: Document) -> None:
        try:
            fleet = Fleet.start(self.caller, self.name, config, self._next_generation(), math.inf)
        except NotHealthy as error:
            self.failure = str(error)
            self._set_status("Failed")
            return
        except Exception as error:
            log.exception("endpoint %s", self.name)
            self.failure = f"the emulator failed: {error!r}"
            self._set_status("Failed")
            return
        with self._lock:
            self.fleet = fleet
        self._set_status("InService")
        if self.deleted.is_set():
            fleet.stop()

    def update(self, config: Document, request: Document) -> None:
        deployment = request.get("DeploymentConfig")
        if deployment is None and request.get("RetainDeploymentConfig"):
            deployment = self.last_deployment
        if deployment:
            check(deployment)
        with self._lock:
            if self.status == "Failed":
                raise invalid(f'Cannot update endpoint "{self.arn}": it is Failed, and can only be deleted.')
            if self.status != "InService":
                raise invalid(f'Cannot update in-progress endpoint "{self.arn}".')
            self.pending = Pending(config)
            self._set_status("Updating")
        excluded = {each["VariantPropertyType"] for each in request.get("ExcludeRetainedVariantProperties", [])}
        retained = (
            {"DesiredWeight", "DesiredInstanceCount"} - excluded if request.get("RetainAllVariantProperties") else set()
        )
        threading.Thread(target=self._update, args=(config, deployment or {}, retained), daemon=True).start()

    def _update(self, config: Document, deployment: Document, retained: set[str]) -> None:
        old, new = self.fleet, None
        instances = sum(int(each.get("InitialInstanceCount", 1)) for each in config["ProductionVariants"])
        guardrails = Guardrails.of(deployment, instances)
        watch = Watch(self.caller, guardrails)
        try:
            new = Fleet.start(self.caller, self.name, config, self._next_generation(), watch.seconds_left)
            if old:
                _retain(old, new, retained)
            self._shift(new, guardrails, watch)
        except (NotHealthy, RolledBack) as error:
            self._roll_back(old, new, str(error))
            return
        except Exception as error:
            log.exception("endpoint %s", self.name)
            self._roll_back(old, new, f"the emulator failed: {error!r}")
            return
        with self._lock:
            self.config_name, self.last_deployment, self.pending = new.name, deployment or None, None
        self._set_status("InService")
        if old:
            old.stop()

    def _shift(self, new: Fleet, guardrails: Guardrails, watch: Watch) -> None:
        """Moves requests from the old fleet to the new one, step by step.

        The old fleet runs on until the end of the termination wait. Raises `RolledBack`.
        """
        assert self.pending is not None
        self.pending.fleet = new
        watch.during(0)
        for share in guardrails.shares:
            self.pending.stage = "ActivatingTraffic"
            with self._lock:
                if share < 1:
                    self.next = (new, share)
                else:
                    self.fleet, self.next = new, None
            self.pending.stage = "Baking"
            watch.during(guardrails.bake)
        watch.during(guardrails.termination_wait)

    def _roll_back(self, old: Fleet | None, new: Fleet | None, reason: str) -> None:
        """As AWS: afterwards the endpoint is InService on its old configuration, and Describe does not say why."""
        log.warning("endpoint %s: update rolled back: %s", self.name, reason)
        with self._lock:
            self.fleet, self.next = old, None
        self._set_status("RollingBack")
        self.pending = None
        detail = {"EndpointName": self.name, "DeploymentStage": "ROLLED_BACK", "FailureReason": reason}
        kind = "SageMaker Endpoint Deployment State Change"
        targets.send(self.caller, "aws.sagemaker", kind, detail, [self.arn])
        self._set_status("InService")
        if new:
            new.stop()

    def delete(self) -> None:
        with self._lock:
            if self.status in ("Updating", "RollingBack"):
                raise invalid(f'Cannot update in-progress endpoint "{self.arn}".')
            self._set_status("Deleting")
        self.deleted.set()
        ENDPOINTS.remove(self.caller, self.name)
        if self.fleet:
            threading.Thread(target=self.fleet.stop, daemon=True).start()

    def _next_generation(self) -> int:
        self._generation += 1
        return self._generation

    def _set_status(self, status: str) -> None:
        with self._lock:
            self.status, self.modified = status, now()
        self._event()

    def _event(self) -> None:
        detail = {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config_name,
            "EndpointStatus": _STATUS_IN_EVENTS[self.status],
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            **({"FailureReason": self.failure} if self.failure else {}),
        }
        targets.send(self.caller, "aws.sagemaker", "SageMaker Endpoint State Change", as_event(detail), [self.arn])

    # --- requests

    def choose(self, variant: str | None) -> Replica:
        """A replica by weight, entered: it is not stopped before the caller leaves it."""
        with self._lock:
            fleet = self.fleet
            if self.next and random.random() < self.next[1]:
                fleet = self.next[0]
            if fleet is None:
                raise ServiceError(
                    "ValidationError", f"Endpoint {self.name} of account {self.caller.account} is not in service."
                )
            if variant:
                if variant not in fleet.replicas:
                    raise ServiceError("ValidationError", f"Variant {variant} not found for endpoint {self.name}.")
                return fleet.replicas[variant].enter()
            names = list(fleet.replicas)
            weights = [fleet.weights[name] for name in names]
            chosen = random.choices(names, weights if any(weights) else None)[0]
            return fleet.replicas[chosen].enter()

    def measure(self, variant: str, status: int, seconds: float, overhead: float) -> None:
        """The metrics of one request: the container's status, its seconds, and the seconds around it."""
        dimensions = {"EndpointName": self.name, "VariantName": variant}
        for name, value, unit in (
            ("Invocations", 1.0, "None"),
            ("Invocation4XXErrors", float(400 <= status < 500), "None"),
            ("Invocation5XXErrors", float(status >= 500), "None"),
            ("InvocationModelErrors", float(status >= 400), "None"),
            ("ModelLatency", seconds * 1e6, "Microseconds"),
            ("OverheadLatency", overhead * 1e6, "Microseconds"),
        ):
            logs.put_metric(self.caller, "AWS/SageMaker", name, value, unit, dimensions)

    @property
    def config(self) -> Document:
        """The endpoint configuration that answers now; empty before there is one."""
        with self._lock:
            return self.fleet.config if self.fleet else {}

    def describe(self) -> Document:
        with self._lock:
            found: dict[str, Any] = {
                "EndpointName": self.name,
                "EndpointArn": self.arn,
                "EndpointConfigName": self.config_name,
                "EndpointStatus": self.status,
                "CreationTime": self.created,
                "LastModifiedTime": self.modified,
                "FailureReason": self.failure or None,
                "ProductionVariants": self.fleet.summaries() if self.fleet else None,
                "LastDeploymentConfig": self.last_deployment,
                "PendingDeploymentSummary": self.pending.describe() if self.pending else None,
                "AsyncInferenceConfig": self.config.get("AsyncInferenceConfig"),
            }
        return {key: value for key, value in found.items() if value is not None}


ENDPOINTS: Table[Endpoint] = Table("endpoint")


def _retain(old: Fleet, new: Fleet, retained: set[str]) -> None:
    for name in new.replicas.keys() & old.replicas.keys():
        if "DesiredWeight" in retained:
            new.weights[name] = old.weights[name]
        if "DesiredInstanceCount" in retained:
            new.counts[name] = old.counts[name]


# --- the API


@operation("sagemaker", "CreateEndpoint")
def create_endpoint(request: Document, caller: Caller) -> Document:
    name = request["EndpointName"]
    config = models.CONFIGS.get(caller, request["EndpointConfigName"])
    deployment = request.get("DeploymentConfig")
    if deployment:
        check(deployment)
    endpoint = ENDPOINTS.add(caller, name, Endpoint(caller, name, config))
    set_tags(endpoint.arn, request.get("Tags"))
    endpoint.create(config, deployment)
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "UpdateEndpoint")
def update_endpoint(request: Document, caller: Caller) -> Document:
    endpoint = ENDPOINTS.get(caller, request["EndpointName"])
    config = models.CONFIGS.get(caller, request["EndpointConfigName"])
    endpoint.update(config, request)
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "UpdateEndpointWeightsAndCapacities")
def update_endpoint_weights_and_capacities(request: Document, caller: Caller) -> Document:
    endpoint = ENDPOINTS.get(caller, request["EndpointName"])
    fleet = endpoint.fleet
    if endpoint.status != "InService" or fleet is None:
        raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    for each in request["DesiredWeightsAndCapacities"]:
        name = each["VariantName"]
        if name not in fleet.replicas:
            raise invalid(f"The variant {name} is not part of endpoint {endpoint.name}.")
        if "DesiredWeight" in each:
            fleet.weights[name] = float(each["DesiredWeight"])
        if "DesiredInstanceCount" in each:
            fleet.counts[name] = int(each["DesiredInstanceCount"])
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "DescribeEndpoint")
def describe_endpoint(request: Document, caller: Caller) -> Document:
    return ENDPOINTS.get(caller, request["EndpointName"]).describe()


@operation("sagemaker", "ListEndpoints")
def list_endpoints(request: Document, caller: Caller) -> Document:
    members = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return page(
        request,
        [each.describe() for each in ENDPOINTS.all(caller)],
        "Endpoints",
        name="EndpointName",
        status="EndpointStatus",
        summary=lambda item: only(item, members),
    )


@operation("sagemaker", "DeleteEndpoint")
def delete_endpoint(request: Document, caller: Caller) -> None:
    endpoint = ENDPOINTS.get(caller, request["EndpointName"])
    endpoint.delete()
    drop_tags(endpoint.arn)
