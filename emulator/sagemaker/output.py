"""What a container prints: log events while it runs, metrics by regular expressions."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Mapping, Sequence
from typing import IO

from emulator import logs
from emulator.api import Caller, Document
from emulator.sagemaker.store import now

_WRITE_SECONDS = 0.5
_LONGEST_LINE = 200_000


class Output:
    """Reads one container's output to its end."""

    def __init__(
        self, caller: Caller, group: str, stream: str, metrics: Sequence[Document], dimensions: Mapping[str, str]
    ) -> None:
        self._caller, self._group, self._stream, self._dimensions = caller, group, stream, dimensions
        self._metrics = [(each["Name"], re.compile(each["Regex"])) for each in metrics]
        self._last: dict[str, Document] = {}

    def read(self, pipe: IO[bytes]) -> None:
        """Returns when the output ends; lines appear in the log at most half a second after they were printed."""
        file = pipe.fileno()
        waiting: list[str] = []
        rest, written = b"", time.monotonic()
        while True:
            ready, _, _ = select.select([file], [], [], _WRITE_SECONDS)
            if ready:
                chunk = pipe.read1(65536)  # type: ignore[attr-defined]
                if not chunk:
                    break
                # Progress bars end lines with a carriage return.
                *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
                waiting += [line.decode(errors="replace")[:_LONGEST_LINE] for line in lines if line.strip()]
            if waiting and time.monotonic() - written >= _WRITE_SECONDS:
                self._write(waiting)
                waiting, written = [], time.monotonic()
        if rest.strip():
            waiting.append(rest.decode(errors="replace"))
        self._write(waiting)

    def _write(self, lines: list[str]) -> None:
        logs.write(self._caller, self._group, self._stream, lines)
        for line in lines:
            for name, pattern in self._metrics:
                for match in pattern.finditer(line):
                    self._measure(name, match[1] if pattern.groups else match[0])

    def _measure(self, name: str, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        self._last[name] = {"MetricName": name, "Value": value, "Timestamp": now()}
        logs.put_metric(self._caller, self._group, name, value, "None", self._dimensions)

    def final_metrics(self) -> list[Document]:
        """The last value of each metric, as `FinalMetricDataList` has them."""
        return list(self._last.values())
