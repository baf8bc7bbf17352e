"""The guardrails of a change: what UpdateEndpoint is told, and whether it was heard.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from release.settings import EndpointSettings

STRATEGIES = {"all_at_once": "ALL_AT_ONCE", "canary": "CANARY", "linear": "LINEAR"}


def config(settings: EndpointSettings) -> dict[str, Any]:
    """The `DeploymentConfig`; without it AWS moves all traffic at once and watches no alarm."""
    routing: dict[str, Any] = {
        "Type": STRATEGIES[settings.strategy],
        "WaitIntervalInSeconds": settings.bake_seconds,
    }
    size = {"Type": "CAPACITY_PERCENT", "Value": settings.canary_percent}
    if settings.strategy == "canary":
        routing["CanarySize"] = size
    if settings.strategy == "linear":
        routing["LinearStepSize"] = size
    wanted: dict[str, Any] = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": settings.termination_wait_seconds,
            "MaximumExecutionTimeoutInSeconds": settings.max_execution_seconds,
        }
    }
    if settings.alarm_names:
        wanted["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": alarm} for alarm in settings.alarm_names]}
    return wanted


def differences(wanted: Any, applied: Any, where: str = "") -> Iterator[str]:
    """Each setting of `wanted` that reads differently in `applied`, one line each; more settings there are no fault."""
    if isinstance(wanted, Mapping) and isinstance(applied, Mapping):
        for name, value in wanted.items():
            yield from differences(value, applied.get(name), f"{where}.{name}" if where else name)
    elif wanted != applied:
        yield f"{where}: {wanted} wanted, {applied} applied"
