"""Draws docs/images/dashboard.png: the dashboard of production as its template defines it, over sample values.

Titles, places, metrics and alarm lines come from the synthesized template; the values are made up (`SAMPLES`): a day on
which a new scanner is put into service at noon, and labels of its scans start a training run in the evening.

    CDK_VALIDATION=false .venv/bin/python scripts/dashboard_picture.py
"""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

from stacks.application import build

matplotlib.use("Agg")

from matplotlib.figure import Figure  # after the backend is chosen

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "dashboard.png"
NO_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}
COLUMNS = 24  # of a dashboard
ROW_INCHES, COLUMN_INCHES = 0.4, 0.5
TITLE_LETTERS = 48  # that fit above a graph
Values = npt.NDArray[np.float64]

HOURS: Values = np.arange(0, 24, 0.25, dtype=np.float64)
_random = np.random.default_rng(17)


def _noise(scale: float) -> Values:
    return _random.normal(0, scale, HOURS.size)


def _during(start: float, end: float, value: float) -> Values:
    return np.where((start <= HOURS) & (end > HOURS), value, 0.0)


def _sparse(hour: float, value: float) -> Values:
    values = np.full(HOURS.size, np.nan)
    values[np.searchsorted(HOURS, [hour - 1, hour])] = [np.nan, value]
    return values


WORKING_DAY = np.clip(np.sin((HOURS - 6) / 12 * np.pi), 0, None)
RUN = (HOURS - 20) / 2.5  # share of the training run that is done
TRAINED = (RUN >= 0) & (RUN <= 1)

SAMPLES: dict[str, Callable[[], dict[str, Values]]] = {
    "Invocations": lambda: {"": np.clip(90 * WORKING_DAY + _noise(6), 0, None)},
    "Invocation5XXErrors": lambda: {"": _during(15, 15.25, 1)},
    "Invocation4XXErrors": lambda: {"": np.clip(_noise(1.2), 0, None).round()},
    "p50": lambda: {"": 650 + 250 * WORKING_DAY + _noise(20)},
    "p99": lambda: {"": 2100 + 1400 * WORKING_DAY + np.abs(_noise(250))},
    "CPUUtilization": lambda: {"": 6 + 55 * WORKING_DAY + _noise(2)},
    "MemoryUtilization": lambda: {"": 31 + 6 * WORKING_DAY + _noise(0.4)},
    "ExecutionStarted": lambda: {"": _during(20, 20.25, 1)},
    "ExecutionSucceeded": lambda: {"": _during(22.5, 22.75, 1)},
    "ExecutionFailed": lambda: {"": np.zeros(HOURS.size)},
    "ApproximateNumberOfMessagesVisible": lambda: {"": _during(19.25, 20, 3)},
    "OldestLabelAge": lambda: {"": np.where(_during(19.25, 20, 1) > 0, (HOURS - 19.25) * 3600, 0.0)},
    "OpenLabellingTasks": lambda: {"": np.clip(60 - 45 * (HOURS - 8) / 9, 15, 60).round()},
    "OldestLabellingTask": lambda: {"": 86_400 + 3600 * np.where(HOURS < 8, HOURS, 8) - _during(12, 24, 50_000)},
    "AnswersGiven": lambda: {"": _sparse(18, 74)},
    "AnswerSeconds": lambda: {"": _sparse(18, 238)},
    "LabelAgreement": lambda: {"": _sparse(18, 0.93)},
    "ExecutionsFailed": lambda: {"": np.zeros(HOURS.size)},
    "undelivered": lambda: {"": np.zeros(HOURS.size)},
    "Drift": lambda: {"": _sparse(18, 0.61)},
    "PopulationStability": lambda: {
        "confidence": _sparse(18, 0.34),
        "text_length": _sparse(18, 0.04),
        "character_classes": _sparse(18, 0.03),
        "region_count": _sparse(18, 0.08),
        "image_size": _sparse(18, 0.05),
        "darkness": _sparse(18, 0.61),
    },
    "Count": lambda: {"": np.clip(40 * WORKING_DAY + _noise(4), 0, None).round()},
    "5xx": lambda: {"": np.zeros(HOURS.size)},
    "SearchEmbeddingTime": lambda: {"": 140 + 60 * WORKING_DAY + np.abs(_noise(15))},
    "SearchIndexTime": lambda: {"": 11 + 8 * WORKING_DAY + np.abs(_noise(2))},
    "DrawingsIndexed": lambda: {"": np.clip(18 * WORKING_DAY + _noise(4), 0, None).round()},
    "DrawingsRefused": lambda: {"": _during(11, 11.25, 1)},
    "EstimatedCharges": lambda: {"": 1180 + 2.4 * HOURS},
    "loss": lambda: {"": np.where(TRAINED, 0.4 + 3.1 * np.exp(-4 * RUN) + np.abs(_noise(0.05)), np.nan)},
    "lr": lambda: {"": np.where(TRAINED, 1e-4 * np.minimum(RUN / 0.05, 1 - RUN + 0.02), np.nan)},
    "val_exact": lambda: {"": np.where(TRAINED, 0.93 - 0.33 * np.exp(-3 * RUN), np.nan)},
    "val_one_minus_ned": lambda: {"": np.where(TRAINED, 0.975 - 0.12 * np.exp(-3 * RUN), np.nan)},
    "regression_exact": lambda: {"": np.where(TRAINED, 0.985 - 0.004 * RUN, np.nan)},
    "images_per_second": lambda: {"": np.where(TRAINED, 210 + _noise(6), np.nan)},
}


@dataclass(frozen=True)
class Line:
    """One metric of a graph: the name of its sample, its label, whether it belongs to the right axis."""

    sample: str
    label: str
    right: bool


def monitoring_template() -> dict[str, Any]:
    """The template of production's monitoring stack."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = build(["prod"], outdir=Path(folder), context=NO_BUNDLING).synth()
        (stage,) = assembly.nested_assemblies
        (path,) = [each.template_full_path for each in stage.nested_assembly.stacks if "Monitoring" in each.id]
        template: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))
        return template


def widgets_of(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The widgets of the template's dashboard, as CloudWatch gets them; references are called `x`."""
    (board,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Dashboard"]
    parts = board["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else "x" for part in parts))
    widgets: list[dict[str, Any]] = body["widgets"]
    return widgets


def lines(properties: dict[str, Any]) -> list[Line]:
    """What a graph shows: its metrics and expressions, but for those that only serve an expression."""
    found = []
    for row in properties.get("metrics", []):
        options = row[-1] if isinstance(row[-1], dict) else {}
        if options.get("visible") is False:
            continue
        right = options.get("yAxis") == "right"
        expression = options.get("expression")
        if expression is None:
            found.append(Line(row[1], options.get("label", row[1]), right))
            continue
        searched = re.search(r'MetricName="(\w+)"', expression)
        name = searched[1] if searched else options["label"]
        found.append(Line(name, options.get("label") or name, right))
    return found


def draw(widgets: list[dict[str, Any]]) -> Figure:
    """The dashboard as a figure."""
    rows = max(each["y"] + each["height"] for each in widgets)
    figure = Figure(figsize=(COLUMNS * COLUMN_INCHES, rows * ROW_INCHES), dpi=80)
    for each in widgets:
        left, bottom = each["x"] / COLUMNS, 1 - (each["y"] + each["height"]) / rows
        width, height = each["width"] / COLUMNS, each["height"] / rows
        axes = figure.add_axes((left + 0.15 * width, bottom + 0.2 * height, 0.76 * width, 0.62 * height))
        (_graph if each["type"] == "metric" else _states)(axes, each["properties"])
    return figure


def _states(axes: Any, properties: dict[str, Any]) -> None:
    """A tile for each alarm, as if none rang."""
    count = len(properties["alarms"])
    axes.set_title(properties["title"], fontsize=8, loc="left")
    axes.bar(range(count), [1] * count, width=0.9, color="#2ca02c")
    for number in range(count):
        axes.text(number, 0.5, "OK", ha="center", va="center", fontsize=7, color="white")
    axes.set_axis_off()


def _graph(axes: Any, properties: dict[str, Any]) -> None:
    axes.set_title(textwrap.fill(properties["title"], TITLE_LETTERS), fontsize=8, loc="left")
    other = None
    for number, line in enumerate(lines(properties)):
        if line.right and other is None:
            other = axes.twinx()
            other.tick_params(labelsize=6)
        for name, values in SAMPLES[line.sample]().items():
            single = "o" if np.count_nonzero(~np.isnan(values)) == 1 else None
            target = other if line.right and other is not None else axes
            colour = None if name else f"C{number}"
            target.plot(
                HOURS, values, label=name or line.label, marker=single, markersize=4, linewidth=1.2, color=colour
            )
    for mark in properties.get("annotations", {}).get("horizontal", []):
        axes.axhline(mark["value"], color="red", linewidth=1, label=mark["label"])
    axes.set_xlim(0, 24)
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.set_xticks(range(0, 25, 6), [f"{hour:02d}:00" for hour in range(0, 25, 6)])
    axes.tick_params(labelsize=6)
    axes.yaxis.get_offset_text().set_fontsize(6)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=5, loc="upper left", framealpha=0.6)


def main() -> None:
    """Writes the picture, its values said to be samples."""
    figure = draw(widgets_of(monitoring_template()))
    figure.text(0.995, 0.002, "sample values", ha="right", fontsize=7, color="0.4")
    figure.savefig(PICTURE, format="png", metadata={"Software": None})


if __name__ == "__main__":
    main()
