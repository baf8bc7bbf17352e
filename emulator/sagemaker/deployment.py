"""Deployment guardrails: in which steps traffic moves to a new fleet, how long each is watched, what stops it.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from emulator import settings
from emulator.api import Caller, Document
from emulator.clients import client
from emulator.sagemaker.store import invalid

_LOOK_SECONDS = 0.25
# SageMaker allows this long where the request says nothing.
_LIMIT_SECONDS = 28800


class RolledBack(Exception):
    """The new fleet must not stay; the text says why."""


@dataclass(frozen=True)
class Guardrails:
    """A `DeploymentConfig`, its defaults filled in.

    Attributes:
        shares: of the traffic that the new fleet gets, step by step; the last is all of it.
        bake: seconds that each step is watched.
        termination_wait: seconds that the old fleet runs on after the last step.
        limit: seconds for the whole deployment.
        alarms: names; one of them in ALARM stops the deployment.
    """

    shares: tuple[float, ...]
    bake: float
    termination_wait: float
    limit: float
    alarms: tuple[str, ...]

    @classmethod
    def of(cls, deployment: Document, instances: int) -> Guardrails:
        """`instances`: of the new fleet, for sizes that are given as a number of them."""
        policy = deployment.get("RollingUpdatePolicy") or deployment.get("BlueGreenUpdatePolicy", {})
        routing = policy.get("TrafficRoutingConfiguration", policy)
        return cls(
            tuple(_shares(routing, instances)),
            float(routing.get("WaitIntervalInSeconds", 0)),
            float(policy.get("TerminationWaitInSeconds", 0)),
            float(policy.get("MaximumExecutionTimeoutInSeconds", _LIMIT_SECONDS)),
            tuple(each["AlarmName"] for each in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])),
        )

    @property
    def waits(self) -> float:
        """Seconds of AWS's clock that the deployment waits in all."""
        return len(self.shares) * self.bake + self.termination_wait


def _shares(routing: Document, instances: int) -> list[float]:
    if "MaximumBatchSize" in routing:
        step = _part(routing["MaximumBatchSize"], instances)
    elif routing.get("Type") == "CANARY":
        return [_part(routing["CanarySize"], instances), 1.0]
    elif routing.get("Type") == "LINEAR":
        step = _part(routing["LinearStepSize"], instances)
    else:
        return [1.0]
    # The last step takes what is left.
    return [*itertools.takewhile(lambda share: share < 0.999, itertools.count(step, step)), 1.0]


def _part(size: Document, instances: int) -> float:
    return min(1.0, float(size["Value"]) / (100 if size["Type"] == "CAPACITY_PERCENT" else max(1, instances)))


def check(deployment: Document) -> None:
    """Raises `ServiceError` for what SageMaker refuses."""
    if "BlueGreenUpdatePolicy" in deployment and "RollingUpdatePolicy" in deployment:
        raise invalid("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given.")
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    for kind, member in (("CANARY", "CanarySize"), ("LINEAR", "LinearStepSize")):
        if routing.get("Type") == kind and member not in routing:
            raise invalid(f"{member} is required when the traffic routing type is {kind}.")
    size = routing.get("CanarySize") or routing.get("LinearStepSize")
    if size and size["Type"] == "CAPACITY_PERCENT" and size["Value"] > 50:
        raise invalid(f"At most 50 percent of the capacity can be shifted at once, got {size['Value']}.")
    guardrails = Guardrails.of(deployment, 1)
    if guardrails.limit <= guardrails.waits:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds ({guardrails.limit:.0f}) must be larger than the time spent in "
            f"TerminationWaitInSeconds and WaitIntervalInSeconds ({guardrails.waits:.0f})."
        )


class Watch:
    """The alarms and the time limit of one deployment that runs."""

    def __init__(self, caller: Caller, guardrails: Guardrails) -> None:
        self._caller, self._guardrails = caller, guardrails
        self._deadline = time.monotonic() + settings.current().real(guardrails.limit)

    @property
    def seconds_left(self) -> float:
        return self._deadline - time.monotonic()

    def during(self, seconds: float) -> None:
        """Waits so many seconds of AWS's clock; raises `RolledBack` as soon as something is wrong."""
        end = time.monotonic() + settings.current().real(seconds)
        while True:
            self._look()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_LOOK_SECONDS, left))

    def _look(self) -> None:
        if self.seconds_left < 0:
            raise RolledBack("the deployment took longer than MaximumExecutionTimeoutInSeconds")
        if not self._guardrails.alarms:
            return
        found = client("cloudwatch", self._caller.region).describe_alarms(
            AlarmNames=list(self._guardrails.alarms), StateValue="ALARM"
        )
        for alarm in found["MetricAlarms"]:
            raise RolledBack(f"alarm {alarm['AlarmName']} is in the ALARM state")
