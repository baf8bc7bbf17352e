"""`report.html`: every watched feature before and after, for who decides what to do. One file, no scripts."""

from __future__ import annotations

import base64
import io
from html import escape

import matplotlib
import numpy as np

from drawing_ocr.monitoring.features import FEATURES, Feature
from drawing_ocr.monitoring.report import DriftReport
from drawing_ocr.monitoring.shift import FeatureShift

matplotlib.use("Agg")

from matplotlib.figure import Figure  # after the backend is chosen

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: .75rem 0 1.5rem }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #d5dae0; text-align: right }
th:first-child { text-align: left }
.verdict { padding: .75rem 1rem; border-radius: .4rem; background: #dafbe1 }
.verdict.shifted { background: #ffebe9 } tr.shifted { color: #b3261e; font-weight: 600 } img { max-width: 100% }
"""
_COLUMNS = 3
_CATEGORY_LETTERS = 12  # of a category's name below its bar


def render_report(report: DriftReport) -> str:
    """The page."""
    found = dict(zip((feature.name for feature in FEATURES), FEATURES, strict=True))
    pairs = [(found[shift.name], shift) for shift in report.features]
    body = _table(pairs) + _plots(pairs) if pairs else ""
    limits = report.sensitivity
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Drift</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>Drift of {escape(report.endpoint)}</h1>\n"
        f"<p>{report.created:%Y-%m-%d %H:%M} UTC, version {escape(report.model_version or '–')}, "
        f"deployment {escape(report.deployment or '–')}; {report.unreadable} captured requests were unusable</p>\n"
        f'<div class="verdict{" shifted" if report.score else ""}"><b>{escape(report.summary)}</b></div>\n{body}'
        f"<p>Shifted is what differs by chance in fewer than {limits.false_alarm_rate:.2%} of all looks, all features "
        f"together, and has a population stability index of at least {limits.population_stability:g}.</p>"
        "</body></html>\n"
    )


def _table(pairs: list[tuple[Feature, FeatureShift]]) -> str:
    rows = "\n".join(
        f"<tr{' class=shifted' if shift.shifted else ''}><th>{escape(feature.label)}</th>"
        f"<td>{shift.population_stability:.3f}</td><td>{_distance(shift)}</td><td>{shift.p_value:.4f}</td></tr>"
        for feature, shift in pairs
    )
    heads = ("", "population stability index", "Kolmogorov–Smirnov distance", "p-value, adjusted")
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n{rows}</table>\n"


def _distance(shift: FeatureShift) -> str:
    return "–" if shift.kolmogorov_smirnov is None else f"{shift.kolmogorov_smirnov:.3f}"


def _plots(pairs: list[tuple[Feature, FeatureShift]]) -> str:
    rows = -(-len(pairs) // _COLUMNS)
    figure = Figure(figsize=(4 * _COLUMNS, 2.8 * rows), dpi=90, layout="constrained")
    for axes, (feature, shift) in zip(figure.subplots(rows, _COLUMNS).flat, pairs, strict=False):
        places = np.arange(len(shift.before))
        axes.bar(places - 0.2, shift.before, 0.4, label="baseline", color="0.65")
        axes.bar(places + 0.2, shift.after, 0.4, label="now", color="#b3261e" if shift.shifted else "#0969da")
        axes.set_title(feature.label, fontsize=10)
        axes.set_xticks(places, _ticks(feature, shift), rotation=45, ha="right", fontsize=7)
        axes.tick_params(axis="y", labelsize=7)
        axes.legend(fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="Share of drawings or lines by value, baseline and now" src="data:image/png;base64,{picture}">\n'


def _ticks(feature: Feature, shift: FeatureShift) -> list[str]:
    if feature.categories:
        return [name[:_CATEGORY_LETTERS] for name in feature.categories]
    return [*(f"≤ {edge:.3g}" for edge in shift.edges), f"> {shift.edges[-1]:.3g}" if shift.edges else "all"]
