"""Metrics for CloudWatch as log lines in its embedded metric format: no agent, no call, no permission.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
A line carries the values of up to a minute, so that a busy server costs no more log than an idle one.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum
from typing import Final

NAMESPACE: Final = "DrawingPlatform/Serving"
_PERIOD: Final = 60.0  # seconds
_MOST_VALUES: Final = 100  # of one metric in one line, by the specification
_DIMENSIONS: Final = ("Served", "ModelVersion")


class Unit(StrEnum):
    """As the specification spells them."""

    SECONDS = "Seconds"
    COUNT = "Count"
    NONE = "None"


class EmbeddedMetrics:
    """Gathers values and writes a line of them each minute, or when one has a hundred. Thread-safe."""

    def __init__(self, dimensions: dict[str, str], write: Callable[[str], None]) -> None:
        """Metrics by what is served and in which version.

        Args:
            dimensions: `Served` and `ModelVersion`.
            write: Takes a line without its end.
        """
        self._dimensions = {name: dimensions[name] for name in _DIMENSIONS}
        self._write = write
        self._lock = threading.Lock()
        self._values: defaultdict[str, list[float]] = defaultdict(list)
        self._units: dict[str, Unit] = {}

    def add(self, name: str, value: float, unit: Unit) -> None:
        """One value."""
        with self._lock:
            self._values[name].append(round(value, 5))
            self._units[name] = unit
            if len(self._values[name]) >= _MOST_VALUES:
                self._flush()

    def flush(self) -> None:
        """Writes what was gathered."""
        with self._lock:
            self._flush()

    def flush_until(self, end: threading.Event) -> None:
        """Writes each minute and once more at the end. Blocks."""
        while not end.wait(_PERIOD):
            self.flush()
        self.flush()

    def _flush(self) -> None:
        if not self._values:
            return
        metrics = [{"Name": name, "Unit": self._units[name].value} for name in self._values]
        about = {"Namespace": NAMESPACE, "Dimensions": [list(_DIMENSIONS)], "Metrics": metrics}
        line = {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [about]},
            **self._dimensions,
            **self._values,
        }
        self._write(json.dumps(line))
        self._values.clear()
