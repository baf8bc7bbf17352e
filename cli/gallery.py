"""`index.html` of a comparison: figures, what made the versions, and pictures of what they read differently."""

import base64
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from pathlib import Path

import cv2
import numpy as np
from botocore.exceptions import ClientError

from cli.compare import NOISE, SAME, Comparison, LineChange, Row, batch_line, both_learned, has_noise, points
from cli.console import percent
from cli.environment import Environment
from cli.registry import ModelVersion
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.evaluation.drawing_labels import comparable
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.reading.rectify import Quad, crop, is_tall, turn

EVALUATION = "report.html"
EVALUATION_COPY = "evaluation.html"
SHOWN = 200  # changes of a kind; each is a picture of a few kilobytes
MARGIN = 0.4  # of the box's shorter side, around it
HEIGHT = 56  # pixels of a picture in the page
SIGNS = 2  # so many characters may stand upright in a box that is higher than wide; more are a line that stands
TITLES = {"new": "On new drawings", "regression": "On the regression set", "yours": "On your drawings"}
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
.gallery img { max-height: 56px; max-width: 28rem; display: block }
mark { background: #ffd8d3; border-radius: .2em } .gap { border-left: 3px solid #b3261e }
.hint { color: #656d76; max-width: 60rem }
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
        _link(evaluation) if evaluation else "",
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
    hint = f'<p class="hint">{escape(NOISE)}</p>' if has_noise(comparison.rows, test_set) else ""
    return f"<h2>{TITLES[test_set]}</h2>" + _table(header, rows) + hint


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
    yield f"<h2>Data</h2><p>{escape(both_learned(data))}</p>"
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
        if chosen:
            header = ("", "drawing", "label", comparison.left, comparison.right)
            yield _table(header, list(_rows(chosen[:SHOWN])), "gallery")


def _rows(changes: Sequence[LineChange]) -> Iterator[list[str]]:
    opened: tuple[Path, list[Page]] | None = None
    for change in changes:
        # Changes come drawing by drawing: each file is opened once.
        if opened is None or opened[0] != change.drawing:
            opened = (change.drawing, list(load_file(change.drawing)))
        picture = _picture(opened[1][change.page - 1], change)
        label = "–" if change.label is None else escape(change.label)
        readings = (_reading(text, change.label) for text in (change.left, change.right))
        yield [picture, escape(change.drawing.name), label, *readings]


def _reading(text: str, label: str | None) -> str:
    """What was read; marked is what the label does not have, and a gap where it has more."""
    if not text:
        return "–"
    if label is None:
        return escape(text)
    steps = SequenceMatcher(a=comparable(label), b=text, autojunk=False).get_opcodes()
    return "".join(_step(kind, escape(text[first:last])) for kind, _, _, first, last in steps)


def _step(kind: str, piece: str) -> str:
    if kind == "equal":
        return piece
    return f"<mark>{piece}</mark>" if piece else '<mark class="gap"></mark>'


def _picture(page: Page, change: LineChange) -> str:
    """The place with a little around it, its text upright."""
    cut = crop(page, _widened(np.array(change.box, np.float32)))
    if is_tall(cut) and len(change.label or change.right or change.left) > SIGNS:
        cut = turn(cut, 1)  # what stands on a drawing is read from the right (ISO 129-1)
    height, width = cut.shape[:2]
    if height > 2 * HEIGHT:
        size = (max(1, width * 2 * HEIGHT // height), 2 * HEIGHT)
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    written = cv2.imencode(".png", cut)[1].tobytes()
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(written).decode()}">'


def _widened(quad: Quad) -> Quad:
    """A box with a margin along its own sides."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    length, height = (max(1.0, float(np.linalg.norm(side))) for side in (along, down))
    margin = MARGIN * min(length, height)
    along, down = along / length * margin, down / height * margin
    return quad + np.array([-along - down, along - down, along + down, down - along], np.float32)
