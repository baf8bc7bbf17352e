"""What the server measures: once for Prometheus (`/metrics`), once for CloudWatch (`cloudwatch.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from containers.inference.cloudwatch import EmbeddedMetrics, Unit
from containers.inference.turn import Stage

_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
_COUNTS: Final = (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64)
_SHARES: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)


class Metrics:
    """The metrics of one server. Thread-safe."""

    def __init__(self, embedded: EmbeddedMetrics) -> None:
        self._embedded = embedded
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("inference_requests", "Answered requests", ["status", "code"], registry=registry)
        self._seconds = Histogram(
            "inference_request_seconds",
            "From a request's arrival to its answer",
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "inference_stage_seconds", "Seconds of a request by stage", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._queue = Gauge("inference_requests_inside", "Requests that are read or wait", registry=registry)
        self._batches = Histogram(
            "inference_batch_lines", "Lines in one call of the recogniser", buckets=_BATCHES, registry=registry
        )
        self._regions = Histogram("inference_regions", "Texts found in a file", buckets=_COUNTS, registry=registry)
        self._confidence = Histogram(
            "inference_confidence", "Confidence of each text found", buckets=_SHARES, registry=registry
        )
        self._ready = Gauge("inference_ready", "1 when /ping answers 200", registry=registry)

    def request(self, status: int, code: str, seconds: float, stages: Mapping[Stage, float]) -> None:
        """One answered request; `code` is empty when it was read."""
        self._requests.labels(str(status), code).inc()
        self._seconds.observe(seconds)
        self._embedded.add("Seconds", seconds, Unit.SECONDS)
        for stage, taken in stages.items():
            self._stages.labels(stage.value).observe(taken)
            self._embedded.add(f"{stage.value.capitalize()}Seconds", taken, Unit.SECONDS)
        if status >= 400:
            self._embedded.add("Refused" if status < 500 else "Failed", 1, Unit.COUNT)

    def arrived(self, inside: int) -> None:
        """A request came in; `inside` are being read or wait, with it."""
        self._embedded.add("Inside", inside, Unit.COUNT)

    def batch(self, lines: int) -> None:
        """One call of the recogniser."""
        self._batches.observe(lines)
        self._embedded.add("BatchLines", lines, Unit.COUNT)

    def read(self, confidences: list[float]) -> None:
        """What was found in a file."""
        self._regions.observe(len(confidences))
        self._embedded.add("Regions", len(confidences), Unit.COUNT)
        for confidence in confidences:
            self._confidence.observe(confidence)
        if confidences:
            self._embedded.add("Confidence", sum(confidences) / len(confidences), Unit.NONE)

    def exposition(self, *, inside: int, ready: bool) -> bytes:
        """The text format of Prometheus."""
        self._queue.set(inside)
        self._ready.set(ready)
        return generate_latest(self._registry)
