"""What pages about an evaluation share: the frame with the verdict, tables and their cells. One file, no scripts."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from drawing_ocr.evaluation.report import Difference, Gate

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24 }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; margin: .75rem 0 1.5rem } caption { text-align: left; font-weight: 600 }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #d5dae0; text-align: right }
th:first-child { text-align: left }
.better { color: #116329 } .worse { color: #b3261e }
.verdict { padding: .75rem 1rem; border-radius: .4rem; background: #ffebe9 } .verdict.passed { background: #dafbe1 }
.gallery td { text-align: left; font-family: ui-monospace, monospace }
.gallery img { max-height: 3rem; max-width: 24rem }
"""


def page(gate: Gate, created: datetime, sections: str) -> str:
    """The whole page.

    Args:
        gate: Its verdict stands first.
        created: Of the evaluation.
        sections: HTML below it.
    """
    verdict = "".join(f"<li>{escape(reason)}</li>" for reason in gate.reasons)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>Evaluation</h1><p>{created:%Y-%m-%d %H:%M} UTC</p>\n"
        f'<div class="verdict{" passed" if gate.passed else ""}"><b>{"Passed" if gate.passed else "Refused"}</b>'
        f"<ul>{verdict}</ul></div>\n{sections}</body></html>\n"
    )


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    """A table.

    Args:
        caption: Above it; plain text.
        heads: Of the columns; plain text.
        rows: Cells as HTML.
        kind: CSS class.
    """
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table class="{kind}"><caption>{escape(caption)}</caption>\n<tr>{head}</tr>\n{body}</table>\n'


def share(value: float | None) -> str:
    """A cell: a fraction as per cent."""
    return "<td>–</td>" if value is None else f"<td>{value:.2%}</td>"


def points(now: float | None, then: float | None, *, lower_is_better: bool = False) -> str:
    """A cell: by how many points a fraction changed."""
    if now is None or then is None:
        return "<td>–</td>"
    difference = (now - then) * 100
    if abs(difference) < 0.005:
        return "<td>0.00</td>"
    improved = (difference < 0) == lower_is_better
    return f'<td class="{"better" if improved else "worse"}">{difference:+.2f}</td>'


def interval(difference: Difference | None) -> str:
    """A cell: the interval of a difference, and whether that may be chance."""
    if difference is None:
        return "<td>–</td>"
    bounds = f"{difference.low * 100:+.2f} … {difference.high * 100:+.2f}"
    if difference.verdict == "noise":
        return f"<td>{bounds}, may be chance</td>"
    return f'<td class="{difference.verdict}">{bounds}, {difference.verdict}</td>'
