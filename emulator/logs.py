"""CloudWatch Logs and Metrics as the emulator's services write them."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api import Caller

log = logging.getLogger(__name__)
_lock = threading.Lock()
_EVENTS_A_CALL = 1000


def write(caller: Caller, group: str, stream: str, lines: Iterable[str]) -> None:
    """Appends lines to a log stream, making group and stream when needed; embedded metrics become metrics."""
    from moto.logs.models import logs_backends

    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
    if not events:
        return
    backend = logs_backends[caller.account][caller.region]
    with _lock:
        backend.ensure_log_group(group)
        if stream not in backend.groups[group].streams:
            backend.create_log_stream(group, stream)
        for start in range(0, len(events), _EVENTS_A_CALL):
            backend.put_log_events(group, stream, events[start : start + _EVENTS_A_CALL])
    for event in events:
        if '"_aws"' in str(event["message"]):
            _embedded_metrics(caller, str(event["message"]))


def _embedded_metrics(caller: Caller, line: str) -> None:
    """The embedded metric format, as Powertools prints it."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        document = json.loads(line)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive.get("Dimensions") or [[]]:
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        put_metric(
                            caller,
                            directive["Namespace"],
                            metric["Name"],
                            float(value),
                            metric.get("Unit", "None"),
                            {name: str(document[name]) for name in dimensions},
                        )


def put_metric(
    caller: Caller, namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]
) -> None:
    """One data point, now. A metric must never make the work fail that it describes, so errors are only logged."""
    data: dict[str, Any] = {"MetricName": name, "Value": value, "Unit": unit}
    if dimensions:
        data["Dimensions"] = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    try:
        from moto.cloudwatch.models import cloudwatch_backends

        cloudwatch_backends[caller.account][caller.region].put_metric_data(namespace, [data])
    except Exception:
        log.warning("metric %s/%s was not stored", namespace, name, exc_info=True)
