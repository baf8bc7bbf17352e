"""`report.html`: the new version beside the released one, for who approves or rejects. One file, no scripts."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.evaluation.page import interval, page, points, share, table
from drawing_ocr.evaluation.report import Difference, Evaluation, GroupMetrics, Metrics, TestSet
from drawing_ocr.text import canonical

_GALLERY = 100  # lines of a kind that are shown; each is a picture of a few kilobytes


@dataclass(frozen=True)
class ComparedLine:
    """One line of a test set as both versions read it.

    Attributes:
        picture: PNG file of the crop.
        text: The label.
        challenger: Reading of the new version.
        champion: Reading of the released version.
        category: Kind of text.
    """

    picture: Path
    text: str
    challenger: str
    champion: str
    category: str


def changed_lines(lines: Iterable[ComparedLine]) -> list[ComparedLine]:
    """The lines that the versions read differently, in canonical form."""
    return [line for line in lines if canonical(line.challenger) != canonical(line.champion)]


def render_report(evaluation: Evaluation, lines: Sequence[ComparedLine]) -> str:
    """The page.

    Args:
        evaluation: Metrics and verdict.
        lines: Of all test sets; only those that the versions read differently are shown.

    Raises:
        OSError: A picture of a shown line cannot be read.
    """
    sections = "".join(_test_set(name, test_set) for name, test_set in evaluation.test_sets.items())
    return page(evaluation.gate, evaluation.created, sections + _gallery(changed_lines(lines)))


def write_report(path: Path, evaluation: Evaluation, lines: Sequence[ComparedLine]) -> None:
    """Write the page whole or not at all."""
    write_atomically(path, render_report(evaluation, lines))


def _test_set(name: str, test_set: TestSet) -> str:
    recognition = test_set.challenger.recognition
    before = test_set.champion.recognition if test_set.champion else None
    known = test_set.difference
    parts = [f"<h2>Test set “{escape(name)}”</h2>\n", _overall(test_set)]
    for caption, groups, groups_before, differences in (
        (
            "By category",
            recognition.by_category,
            before.by_category if before else {},
            known.by_category if known else {},
        ),
        (
            "By symbol class",
            recognition.by_symbol_class,
            before.by_symbol_class if before else {},
            known.by_symbol_class if known else {},
        ),
    ):
        rows = [
            _group_row(group, metrics, groups_before.get(group), differences.get(group))
            for group, metrics in groups.items()
        ]
        heads = ["", "lines", "challenger", "champion", "points", "interval"]
        parts.append(table(f"{caption}: exact match", heads, rows))
    return "".join(parts)


def _overall(test_set: TestSet) -> str:
    def figures(metrics: Metrics | None) -> list[float | None]:
        if metrics is None:
            return [None] * 6
        recognition, detection, end_to_end = metrics.recognition, metrics.detection, metrics.end_to_end
        return [
            recognition.exact,
            recognition.one_minus_ned,
            recognition.cer,
            detection.hmean if detection else None,
            end_to_end.exact_f1 if end_to_end else None,
            end_to_end.one_minus_ned if end_to_end else None,
        ]

    names = [
        "recognition: exact",
        "recognition: 1 − NED",
        "recognition: CER",
        "detection: hmean",
        "end to end: exact F1",
        "end to end: 1 − NED",
    ]
    known = test_set.difference
    differences = [known.exact, known.one_minus_ned, known.cer] if known else [None] * 3
    rows = [
        [
            f"<th>{name}</th>",
            share(now),
            share(then),
            points(now, then, lower_is_better=name.endswith("CER")),
            interval(difference),
        ]
        for name, now, then, difference in zip(
            names,
            figures(test_set.challenger),
            figures(test_set.champion),
            [*differences, None, None, None],
            strict=True,
        )
    ]
    caption = f"{test_set.challenger.recognition.lines} lines"
    if known:
        caption += (
            f" of {known.drawings} drawings; {known.confidence:.0%} intervals of the difference by a paired bootstrap "
            f"over drawings, {known.resamples} resamples"
        )
    return table(caption, ["", "challenger", "champion", "points", "interval"], rows)


def _group_row(name: str, now: GroupMetrics, then: GroupMetrics | None, difference: Difference | None) -> list[str]:
    before = then.exact if then else None
    head = f"<th>{escape(name.replace('_', ' '))}</th>"
    lines = f"<td>{now.lines}</td>"
    return [head, lines, share(now.exact), share(before), points(now.exact, before), interval(difference)]


def _gallery(lines: Sequence[ComparedLine]) -> str:
    def right(reading: str, line: ComparedLine) -> bool:
        return canonical(reading) == canonical(line.text)

    newly_wrong = [line for line in lines if right(line.champion, line)]
    newly_right = [line for line in lines if right(line.challenger, line)]
    still_wrong = [line for line in lines if line not in newly_wrong and line not in newly_right]
    parts = ["<h2>Lines that changed</h2>\n"]
    for title, chosen in (
        ("Right before, wrong now", newly_wrong),
        ("Wrong before, right now", newly_right),
        ("Wrong before and now, differently", still_wrong),
    ):
        caption = f"{title}: {len(chosen)}"
        if len(chosen) > _GALLERY:
            caption += f", the first {_GALLERY} shown"
        rows = [_gallery_row(line) for line in chosen[:_GALLERY]]
        parts.append(table(caption, ["", "label", "challenger", "champion", "category"], rows, kind="gallery"))
    return "".join(parts)


def _gallery_row(line: ComparedLine) -> list[str]:
    picture = base64.b64encode(line.picture.read_bytes()).decode("ascii")
    cells = [f'<td><img alt="" src="data:image/png;base64,{picture}"></td>']
    return cells + [f"<td>{escape(each)}</td>" for each in (line.text, line.challenger, line.champion, line.category)]
