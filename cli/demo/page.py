"""`index.html`: what the demo did, to look at. One file beside the pictures, no scripts."""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from cli.compare import Comparison
from cli.console import duration, percent
from cli.demo.scores import Scores
from cli.demo.stage import Journal
from cli.reading import FileRead
from drawing_ocr.atomic_write import write_atomically

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: .75rem 0 1.5rem } th, td { padding: .25rem .75rem; text-align: left;
  border-bottom: 1px solid #d5dae0; vertical-align: top } td.better { color: #116329 } td.worse { color: #b3261e }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem } .pair img { width: 100%; border: 1px solid #d5dae0 }
figure { margin: 0 } .kept::before { content: "✓ "; color: #116329 } p.broken { color: #b3261e; font-weight: 600 }
"""


def write_page(
    out: Path,
    journal: Journal,
    before: Sequence[FileRead],
    after: Sequence[FileRead],
    *,
    scores: Scores | None,
    comparison: Comparison | None,
    broken: str | None,
) -> Path:
    """Writes `out/index.html` from whatever the demo got to; `broken` is the promise that did not hold."""
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>make demo</title>',
        f"<style>{STYLE}</style></head><body>\n<h1>From deployment to a drawing read by a model of our own</h1>",
        f'<p class="broken">{escape(broken)}</p>' if broken else "",
        _stages(journal),
        _pairs(out, before, after),
        _scores(scores) if scores else "",
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


def _pairs(out: Path, before: Sequence[FileRead], after: Sequence[FileRead]) -> str:
    if not before:
        return ""
    links = ' <a href="report.html">Evaluation of version 2</a>.' if (out / "report.html").exists() else ""
    later = {reading.file: reading for reading in after}
    figures = []
    for old in before:
        new = later.get(old.file)
        pages = zip(old.overlays, new.overlays if new else [None] * len(old.overlays), strict=True)
        for left, right in pages:
            right_side = _figure(out, right, "version 2") if right else ""
            figures.append(f'<div class="pair">{_figure(out, left, "version 1")}{right_side}</div>')
    return f"<h2>The drawings as read</h2><p>Left version 1, right version 2.{links}</p>" + "\n".join(figures)


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
    html = "<h2>Read differently</h2>" + _table(("drawing", "version 1", "version 2", "confidence"), changes)
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
    header = ("drawing", "labelled", "exact, version 1", "exact, version 2", "CER, version 1", "CER, version 2")
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
    return "<h2>Version 1 and version 2 on the same data</h2>" + _table(header, rows)


def _kind(gain: float) -> str:
    return "better" if gain > 0 else "worse" if gain < 0 else ""
