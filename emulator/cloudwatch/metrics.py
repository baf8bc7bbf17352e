"""The data points of every metric, by account, region, name and dimensions."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from emulator.api import Caller
from emulator.cloudwatch.statistics import Sample
from emulator.patching import replace

# The longest alarms look back a day; what is older no alarm asks for.
_KEPT_SECONDS = 86400.0
_PRUNE_EVERY = 5000


@dataclass(frozen=True)
class Metric:
    """One metric: dimensions belong to its name, there is no sum over some of them."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        return cls(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True)
class _Point:
    when: float
    sample: Sample
    unit: str


class _Series:
    """The points of one metric in order of time."""

    def __init__(self) -> None:
        self._points: list[_Point] = []
        self._added = 0

    def add(self, point: _Point) -> None:
        bisect.insort(self._points, point, key=lambda each: each.when)
        self._added += 1
        if self._added % _PRUNE_EVERY == 0:
            first = bisect.bisect_left(self._points, point.when - _KEPT_SECONDS, key=lambda each: each.when)
            del self._points[:first]

    def between(self, start: float, end: float, unit: str | None) -> list[Sample]:
        first = bisect.bisect_left(self._points, start, key=lambda each: each.when)
        last = bisect.bisect_left(self._points, end, key=lambda each: each.when)
        return [point.sample for point in self._points[first:last] if unit in (None, point.unit)]


_lock = threading.Lock()
_series: dict[tuple[Caller, Metric], _Series] = {}


def between(caller: Caller, metric: Metric, start: float, end: float, unit: str | None = None) -> list[Sample]:
    """What was measured from `start` until before `end`, in seconds since the epoch."""
    with _lock:
        series = _series.get((caller, metric))
        return series.between(start, end, unit) if series else []


def _samples(datum: Mapping[str, Any]) -> Sequence[Sample]:
    if datum.get("Values"):
        counts = datum.get("Counts") or [1.0] * len(datum["Values"])
        return [Sample.of(float(v), float(count)) for v, count in zip(datum["Values"], counts, strict=True)]
    if given := datum.get("StatisticValues"):
        return [
            Sample(float(given["SampleCount"]), float(given["Sum"]), float(given["Minimum"]), float(given["Maximum"]))
        ]
    return [Sample.of(float(datum.get("Value", 0.0)))]


_put_metric_data = CloudWatchBackend.put_metric_data


def _put(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
    """moto's own, then ours: it validates, we remember for the alarms."""
    _put_metric_data(self, namespace, metric_data)
    caller, now = Caller(self.account_id, self.region_name), datetime.now().timestamp()
    for datum in metric_data:
        dimensions = {each["Name"]: each["Value"] for each in datum.get("Dimensions") or []}
        metric = Metric.of(namespace, datum["MetricName"], dimensions)
        given = datum.get("Timestamp")
        when = given.timestamp() if isinstance(given, datetime) else now
        with _lock:
            series = _series.setdefault((caller, metric), _Series())
            for sample in _samples(datum):
                series.add(_Point(when, sample, datum.get("Unit") or "None"))


replace(CloudWatchBackend, "put_metric_data", _put)
