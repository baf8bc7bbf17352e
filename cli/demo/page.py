"""`index.html`: what the demo did, to look at. One file beside the pictures, no scripts."""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from cli.compare import Comparison
from cli.console import duration, percent
from cli.demo.scores import Readings, Scores
from cli.demo.stage import Journal
from drawing_ocr.atomic_write import write_atomically

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: .75rem 0 1.5rem } th, td { padding: .25rem .75rem; text-align: left;
  border-bottom: 1px solid #d5dae0; vertical-align: top } td.better { color: #116329 } td.worse { color: #b3261e }
.row { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 1rem }
.row img { width: 100%; border: 1px solid #d5dae0 }
figure { margin: 0 } .kept::before { content: "✓ "; color: #116329 } p.broken { color: #b3261e; font-weight: 600 }
"""


def write_page(
    out: Path,
    journal: Journal,
    readings: Sequence[Readings],
    *,
    scores: Sequence[Scores],
    comparison: Comparison | None,
    broken: str | None,
) -> Path:
    """Writes `out/index.html` from whatever the demo got to; `broken` is the promise that did not hold."""
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>make demo</title>',
        f"<style>{STYLE}</style></head><body>\n<h1>From deployment to a drawing read by a model of our own</h1>",
        f'<p class="broken">{escape(broken)}</p>' if broken else "",
        _stages(journal),
        _drawings(out, readings),
        *map(_scores, scores),
        _comparison(comparison) if comparison else "",
        "</body></html>\n",
    ]
    write_atomically(out / "index.html", "\n".join(parts))
    return out / "index.html"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`rows` hold HTML, header cells are text."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def _stages(journal: Journal) -> str:
    rows = []
    for result in journal.results:
        figures = "<br>".join(escape(f"{name}: {value}") for name, value in result.figures.items())
        promises = "".join(f'<div class="kept">{escape(text)}</div>' for text in result.promises)
        cells = [_cell(str(result.number)), _cell(result.title), _cell(duration(result.seconds))]
        rows.append([*cells, f"<td>{figures}</td>", f"<td>{promises}</td>"])
    rows.append([_cell(""), _cell("together"), _cell(duration(journal.seconds)), "<td></td>", "<td></td>"])
    return "<h2>Stages</h2>" + _table(("", "stage", "took", "figures", "kept promises"), rows)


def _drawings(out: Path, readings: Sequence[Readings]) -> str:
    """One row a page, as each version read it."""
    if not readings:
        return ""
    link = ' <a href="report.html">Evaluation of the trained version</a>.' if (out / "report.html").exists() else ""
    rows = []
    for of_file in zip(*(reading.files for reading in readings), strict=True):
        for pages in zip(*(file.overlays for file in of_file), strict=True):
            named = zip(readings, pages, strict=True)
            figures = "".join(_figure(out, page, reading.version) for reading, page in named)
            rows.append(f'<div class="row">{figures}</div>')
    order = ", ".join(reading.version for reading in readings)
    return f"<h2>The drawings as read</h2><p>From left to right: {order}.{link}</p>" + "\n".join(rows)


def _figure(out: Path, picture: Path, who: str) -> str:
    address = escape(Path(os.path.relpath(picture, out)).as_posix())
    caption = escape(f"{picture.name}, {who}")
    return f'<figure><a href="{address}"><img src="{address}" alt=""></a><figcaption>{caption}</figcaption></figure>'


def _scores(scores: Scores) -> str:
    changes = [
        [
            _cell(change.drawing),
            _cell(change.before or "–"),
            _cell(change.after or "–"),
            _cell(percent(change.confidence)),
        ]
        for change in scores.changes
    ]
    versions = (scores.before, scores.after)
    html = "<h2>Read differently</h2>" + _table(("drawing", *versions, "confidence"), changes)
    if not scores.drawings:
        return html
    rows = [
        [
            _cell(item.drawing),
            _cell(str(item.boxes)),
            _cell(str(item.exact_before)),
            _cell(str(item.exact_after), _kind(item.exact_after - item.exact_before)),
            _cell(f"{item.cer_before:.3f}"),
            _cell(f"{item.cer_after:.3f}", _kind(item.cer_before - item.cer_after)),
        ]
        for item in scores.drawings
    ]
    header = ("drawing", "labelled", *scores.columns)
    return html + "<h2>Against the labels</h2>" + _table(header, rows)


def _comparison(comparison: Comparison) -> str:
    rows = [
        [
            _cell(row.test_set),
            _cell(row.figure),
            _cell("-" if row.lines is None else str(row.lines)),
            _cell(percent(row.left)),
            _cell(percent(row.right), _kind(row.gain or 0.0)),
        ]
        for row in comparison.rows
    ]
    header = ("test set", "figure", "lines", comparison.left, comparison.right)
    return f"<h2>{comparison.left} and {comparison.right} on the same data</h2>" + _table(header, rows)


def _kind(gain: float) -> str:
    return "better" if gain > 0 else "worse" if gain < 0 else ""
