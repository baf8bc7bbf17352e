"""`index.html` of a comparison: figures, what made the versions, and pictures of what they read differently."""

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from botocore.exceptions import ClientError
from PIL import Image

from cli.compare import SAME, TITLES, Comparison, LineChange, Row, batch_line, points
from cli.console import percent
from cli.environment import Environment
from cli.registry import ModelVersion
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.reading.image import Page, load_file

EVALUATION = "report.html"
EVALUATION_COPY = "evaluation.html"
SHOWN = 200  # changes of a kind; each is a picture of a few kilobytes
MARGIN = 0.6  # of the box's height, around it
HEIGHT = 56  # pixels of a picture in the page
KINDS = {
    "better": "Nearer to the label",
    "worse": "Further from the label",
    "different": "Different, neither nearer nor further, or without a label",
}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: .75rem 0 1.5rem } th, td { padding: .25rem .75rem; text-align: left;
  border-bottom: 1px solid #d5dae0 } .better { color: #116329 } .worse { color: #b3261e } .noise { color: #656d76 }
.gallery td { font-family: ui-monospace, monospace }
.gallery img { height: 56px; max-width: 28rem; object-fit: contain }
"""


def write_report(
    environment: Environment, folder: Path, comparison: Comparison, left: ModelVersion, right: ModelVersion
) -> Comparison:
    """Writes `folder/index.html`, and beside it the evaluation in which both were measured; says where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    newer = right if right.parent == left.arn else left if left.parent == right.arn else None
    evaluation = _keep_evaluation(environment, folder, newer) if newer else None
    written = comparison.model_copy(update={"report": folder / "index.html"})
    write_page(folder, written, evaluation)
    return written


def _keep_evaluation(environment: Environment, folder: Path, version: ModelVersion) -> Path | None:
    """The report with the lines that changed, which the run itself wrote; None where it is gone."""
    if version.evaluation_uri is None:
        return None
    try:
        content = environment.read_object(f"{version.evaluation_uri.rsplit('/', 1)[0]}/{EVALUATION}")
    except ClientError:
        return None
    write_atomically(folder / EVALUATION_COPY, content.decode())
    return folder / EVALUATION_COPY


def write_page(folder: Path, comparison: Comparison, evaluation: Path | None) -> None:
    """Writes `folder/index.html`, one file without scripts; `evaluation` lies beside it, to link to."""
    parts = [
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{comparison.left}, {comparison.right}'
        f"</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(comparison.left)} and {escape(comparison.right)}</h1>",
        *(_figures(comparison, name) for name in dict.fromkeys(row.test_set for row in comparison.rows)),
        *_origins(comparison),
        f'<p><a href="{escape(evaluation.name)}">The evaluation with the lines that changed</a></p>'
        if evaluation
        else "",
        *_changes(comparison),
        "</body></html>\n",
    ]
    write_atomically(folder / "index.html", "\n".join(parts))


def _link(evaluation: Path) -> str:
    return f'<p><a href="{escape(evaluation.name)}">The run\'s own evaluation, with the lines that changed</a></p>'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """`rows` hold HTML, header cells are text."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    return f'<table class="{kind}"><tr>{head}</tr>{body}</table>'


def _figures(comparison: Comparison, test_set: str) -> str:
    rows = [_figure(row) for row in comparison.rows if row.test_set == test_set]
    header = ("figure", "lines", comparison.left, comparison.right, "difference", "95 % interval", "")
    return f"<h2>On the {escape(TITLES[test_set])}</h2>" + _table(header, rows)


def _figure(row: Row) -> list[str]:
    difference = "–"
    if row.gain is not None:
        change = -row.gain if row.lower_is_better else row.gain
        kind = "noise" if abs(row.gain) < SAME else "better" if row.gain > 0 else "worse"
        difference = f'<span class="{kind}">{points(change)}</span>'
    interval, verdict = "–", ""
    if row.interval:
        interval = f"{points(row.interval.low)} … {points(row.interval.high)}"
        verdict = f'<span class="{row.interval.verdict}">{row.interval.verdict}</span>'
    lines = "–" if row.lines is None else str(row.lines)
    return [escape(row.figure), lines, percent(row.left), percent(row.right), difference, interval, verdict]


def _origins(comparison: Comparison) -> Iterator[str]:
    if comparison.parameters:
        rows = [
            [escape(item.name), escape(item.left or "–"), escape(item.right or "–")] for item in comparison.parameters
        ]
        yield "<h2>Made differently</h2>" + _table(("parameter", comparison.left, comparison.right), rows)
    data = comparison.data
    if data is None:
        return
    if data.unknown:
        yield f"<h2>Data</h2><p>{escape(data.unknown)}</p>"
        return
    rows = [[comparison.left, escape(batch_line(batch))] for batch in data.only_left]
    rows += [[comparison.right, escape(batch_line(batch))] for batch in data.only_right]
    yield f"<h2>Data</h2><p>Both learned from {data.shared} batches.</p>"
    if rows:
        yield _table(("only", "batch"), rows)


def _changes(comparison: Comparison) -> Iterator[str]:
    if comparison.on is None:
        return
    on = comparison.on
    yield f"<h2>Read differently</h2><p>{on.drawings} drawings of {escape(str(on.folder))}.</p>"
    for name, why in on.failed.items():
        yield f'<p class="worse">{escape(name)} was not read: {escape(why)}</p>'
    for kind, title in KINDS.items():
        chosen = [change for change in on.changes if change.kind == kind]
        shown = f", the first {SHOWN} shown" if len(chosen) > SHOWN else ""
        yield f"<h3>{title}: {len(chosen)}{shown}</h3>"
        header = ("", "drawing", "label", comparison.left, comparison.right)
        yield _table(header, list(_rows(chosen[:SHOWN])), "gallery")


def _rows(changes: Sequence[LineChange]) -> Iterator[list[str]]:
    opened: tuple[Path, list[Page]] | None = None
    for change in changes:
        # Changes come drawing by drawing: each file is opened once.
        if opened is None or opened[0] != change.drawing:
            opened = (change.drawing, list(load_file(change.drawing)))
        picture = _picture(opened[1][change.page - 1], change)
        texts = ("–" if change.label is None else change.label, change.left or "–", change.right or "–")
        yield [picture, escape(change.drawing.name), *(escape(text) for text in texts)]


def _picture(page: Page, change: LineChange) -> str:
    corners = np.array(change.box)
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = MARGIN * float(min(high - low))
    left, top = np.maximum(low - margin, 0).astype(int)
    right, bottom = (high + margin).astype(int) + 1
    cut = Image.fromarray(np.ascontiguousarray(page[top:bottom, left:right, ::-1]))  # pages are BGR
    if cut.height > 2 * HEIGHT:
        cut = cut.resize((max(1, cut.width * 2 * HEIGHT // cut.height), 2 * HEIGHT))
    written = io.BytesIO()
    cut.save(written, "PNG")
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}">'
