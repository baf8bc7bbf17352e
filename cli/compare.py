"""Two versions side by side: every figure of their evaluations, and which of them is better.

Figures are worth comparing where both versions read the same data. A version's `evaluation.json` holds itself
(challenger) and the version it was measured against (champion) on the same data; where two versions were never measured
together, only the frozen regression set is the same for both, and the answer says so.
"""

from collections.abc import Callable, Iterator

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.console import Result, percent
from cli.environment import Environment
from cli.errors import OperatorError
from cli.registry import ModelVersion
from drawing_ocr.evaluation.report import Evaluation, GroupMetrics, Metrics

# Less than half of the last digit that is shown.
SAME = 0.0005


class Row(BaseModel):
    """One figure of both versions, fractions; None where it was not measured."""

    model_config = ConfigDict(frozen=True)

    test_set: str
    figure: str
    lines: int | None
    left: float | None
    right: float | None
    lower_is_better: bool = False

    @property
    def gain(self) -> float | None:
        """How much better the right one is; negative where it is worse."""
        if self.left is None or self.right is None:
            return None
        return self.left - self.right if self.lower_is_better else self.right - self.left


class Comparison(Result):
    """All figures of two versions."""

    left: str
    right: str
    same_data: bool
    rows: list[Row]

    def render(self) -> RenderableType:
        tables = [self._table(test_set) for test_set in dict.fromkeys(row.test_set for row in self.rows)]
        note = [] if self.same_data else [Text(_NOT_TOGETHER.format(left=self.left, right=self.right), "yellow")]
        return Group(*tables, *note)

    def _table(self, test_set: str) -> Table:
        title = {"new": "new drawings", "regression": "regression set"}[test_set]
        table = Table("figure", "lines", self.left, self.right, "difference", title=title)
        for row in self.rows:
            if row.test_set == test_set:
                lines = "-" if row.lines is None else str(row.lines)
                table.add_row(row.figure, lines, percent(row.left), percent(row.right), _difference(row))
        return table


_NOT_TOGETHER = (
    "{left} and {right} were never measured on the same new drawings: compare the regression set only, "
    "which is the same for both"
)


def compare_versions(environment: Environment, left: ModelVersion, right: ModelVersion) -> Comparison:
    """The comparison of two versions; OperatorError where a version was never evaluated."""
    together = _measured_together(environment, left, right)
    if together is not None:
        older, newer = together
        return Comparison(left=left.name, right=right.name, same_data=True, rows=list(_rows(older, newer)))
    rows = list(_rows(_own(environment, left), _own(environment, right)))
    return Comparison(left=left.name, right=right.name, same_data=False, rows=rows)


Measured = dict[str, Metrics | None]


def _measured_together(
    environment: Environment, left: ModelVersion, right: ModelVersion
) -> tuple[Measured, Measured] | None:
    if right.parent == left.arn and right.evaluation_uri:
        challenger, champion = _both(environment, right)
        return champion, challenger
    if left.parent == right.arn and left.evaluation_uri:
        return _both(environment, left)
    return None


def _both(environment: Environment, version: ModelVersion) -> tuple[Measured, Measured]:
    evaluation = _evaluation(environment, version)
    challenger: Measured = {name: item.challenger for name, item in evaluation.test_sets.items()}
    champion: Measured = {name: item.champion for name, item in evaluation.test_sets.items()}
    return challenger, champion


def _own(environment: Environment, version: ModelVersion) -> Measured:
    return _both(environment, version)[0]


def _evaluation(environment: Environment, version: ModelVersion) -> Evaluation:
    if version.evaluation_uri is None:
        raise OperatorError(
            f"{version.name} has no evaluation: it was imported, not trained; compare it with a version trained from it"
        )
    return Evaluation.parse(environment.read_object(version.evaluation_uri), where=version.evaluation_uri)


def _rows(left: Measured, right: Measured) -> Iterator[Row]:
    for test_set in ("new", "regression"):
        yield from _test_set_rows(test_set, left.get(test_set), right.get(test_set))


def _test_set_rows(test_set: str, left: Metrics | None, right: Metrics | None) -> Iterator[Row]:
    def row(
        figure: str, read: Callable[[Metrics], float | None], lines: int | None = None, *, lower: bool = False
    ) -> Row:
        return Row(
            test_set=test_set,
            figure=figure,
            lines=lines,
            left=read(left) if left else None,
            right=read(right) if right else None,
            lower_is_better=lower,
        )

    known = right or left
    if known is None:
        return
    lines = known.recognition.lines
    yield row("exact match", lambda metrics: metrics.recognition.exact, lines)
    yield row("1 − edit distance", lambda metrics: metrics.recognition.one_minus_ned, lines)
    yield row("character errors (CER)", lambda metrics: metrics.recognition.cer, lines, lower=True)
    if known.detection:
        yield row("boxes found (hmean)", lambda metrics: metrics.detection.hmean if metrics.detection else None)
    if known.end_to_end:
        yield row(
            "whole sheets, exact (F1)", lambda metrics: metrics.end_to_end.exact_f1 if metrics.end_to_end else None
        )
    for name, group in sorted(known.recognition.by_category.items()):
        yield row(f"exact · category {name}", _exact_of("by_category", name), group.lines)
    for name, group in sorted(known.recognition.by_symbol_class.items()):
        yield row(f"exact · symbols {name}", _exact_of("by_symbol_class", name), group.lines)


def _exact_of(grouping: str, name: str) -> Callable[[Metrics], float | None]:
    def read(metrics: Metrics) -> float | None:
        groups: dict[str, GroupMetrics] = getattr(metrics.recognition, grouping)
        return groups[name].exact if name in groups else None

    return read


def _difference(row: Row) -> Text:
    if row.gain is None:
        return Text("-")
    if abs(row.gain) < SAME:
        return Text("=")
    points = 100 * (row.gain if not row.lower_is_better else -row.gain)
    return Text(f"{points:+.1f} points", "green" if row.gain > 0 else "red")
