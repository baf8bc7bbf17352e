"""`report.html` of an embedder: the new version beside the released one, for who approves or rejects."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.evaluation.page import interval, page, points, share, table
from drawing_ocr.evaluation.retrieval import RetrievalEvaluation, RetrievalTestSet

_GALLERY = 40  # queries of a kind that are shown; each has up to three pictures of a few kilobytes
_FIGURES = ("mean_average_precision", "recall_at_1", "recall_at_10")


@dataclass(frozen=True)
class ComparedQuery:
    """One query as both versions answered it.

    Attributes:
        drawing: What is looked for.
        how: What was done to it.
        picture: PNG of the query.
        challenger, champion: At which rank each version found it, from 1.
        challenger_first, champion_first: PNG of what each version found first.
    """

    drawing: str
    how: str
    picture: bytes
    challenger: int
    champion: int
    challenger_first: bytes
    champion_first: bytes


def render_retrieval_report(evaluation: RetrievalEvaluation, queries: Sequence[ComparedQuery]) -> str:
    """The page.

    Args:
        evaluation: Metrics and verdict.
        queries: On own drawings, those that the versions found at different ranks.
    """
    sections = "".join(_test_set(name, test_set) for name, test_set in evaluation.test_sets.items())
    return page(evaluation.gate, evaluation.created, sections + _gallery(queries))


def write_retrieval_report(path: Path, evaluation: RetrievalEvaluation, queries: Sequence[ComparedQuery]) -> None:
    """Write the page whole or not at all."""
    write_atomically(path, render_retrieval_report(evaluation, queries))


def _test_set(name: str, test_set: RetrievalTestSet) -> str:
    now, then, known = test_set.challenger, test_set.champion, test_set.difference
    rows = []
    for figure in _FIGURES:
        value, before = getattr(now, figure), getattr(then, figure) if then else None
        cells = [
            share(value),
            share(before),
            points(value, before),
            interval(getattr(known, figure) if known else None),
        ]
        rows.append([f"<th>{figure.replace('_', ' ')}</th>", *cells])
    caption = f"{now.queries} queries among {test_set.drawings} drawings"
    if known:
        caption += (
            f"; {known.confidence:.0%} intervals of the difference by a paired bootstrap over {known.drawings} units, "
            f"{known.resamples} resamples"
        )
    heads = ["", "challenger", "champion", "points", "interval"]
    return f"<h2>Test set “{escape(name)}”</h2>\n" + table(caption, heads, rows)


def _gallery(queries: Sequence[ComparedQuery]) -> str:
    worse = sorted(
        (each for each in queries if each.challenger > each.champion), key=lambda each: each.champion - each.challenger
    )
    better = sorted(
        (each for each in queries if each.challenger < each.champion), key=lambda each: each.challenger - each.champion
    )
    parts = ["<h2>Queries that changed</h2>\n"]
    for title, chosen in (("Found later than before", worse), ("Found sooner than before", better)):
        caption = f"{title}: {len(chosen)}"
        if len(chosen) > _GALLERY:
            caption += f", the first {_GALLERY} shown"
        heads = ["query", "drawing", "rank", "rank before", "first now", "first before"]
        parts.append(table(caption, heads, [_row(each) for each in chosen[:_GALLERY]], kind="gallery"))
    return "".join(parts)


def _row(query: ComparedQuery) -> list[str]:
    told = f"{query.drawing}, {query.how}"
    texts = [f"<td>{escape(each)}</td>" for each in (told, str(query.challenger), str(query.champion))]
    return [_picture(query.picture), *texts, _picture(query.challenger_first), _picture(query.champion_first)]


def _picture(png: bytes) -> str:
    return f'<td><img alt="" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}"></td>'
