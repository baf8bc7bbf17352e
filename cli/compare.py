"""Two versions side by side: every figure of their evaluations, what made them, and how sure each difference is.

Figures are worth comparing where both versions read the same data. A version's `evaluation.json` holds itself
(challenger) and the version it was measured against (champion) on the same data, with a paired interval of each
difference; where two versions were never measured together, only the frozen regression set is the same for both, and
the answer says so. `--on DIR` (cli/compare_drawings.py) lets both read the same drawings now.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.console import Result, percent
from cli.environment import Environment
from cli.errors import OperatorError
from cli.intervals import Interval, of_difference, of_shares
from cli.learned import Batch
from cli.origins import DataDifference, Parameter, data_difference, parameters
from cli.registry import ModelVersion
from drawing_ocr.evaluation.report import Difference, Differences, Evaluation, GroupMetrics, Metrics
from drawing_ocr.evaluation.significance import LEAST_DRAWINGS

# Less than half of the last digit that is shown.
SAME = 0.0005
TITLES = {"new": "new drawings", "regression": "regression set", "yours": "your drawings"}
VERDICTS = {"better": "green", "worse": "red", "noise": "dim"}
NOISE = f"noise: chance alone may have made it, or fewer than {LEAST_DRAWINGS} drawings tell of it"


class Row(BaseModel):
    """One figure of both versions, fractions; None where it was not measured."""

    model_config = ConfigDict(frozen=True)

    test_set: str
    figure: str
    lines: int | None
    left: float | None
    right: float | None
    lower_is_better: bool = False
    interval: Interval | None = None

    @property
    def gain(self) -> float | None:
        """How much better the right one is; negative where it is worse."""
        if self.left is None or self.right is None:
            return None
        return self.left - self.right if self.lower_is_better else self.right - self.left


class LineChange(BaseModel):
    """A place of a drawing that the versions read differently.

    Attributes:
        label: what stands there; None where nobody labelled it.
        kind: whether the right version is nearer to the label.
        box: corners in pixels of the upright page.
    """

    model_config = ConfigDict(frozen=True)

    drawing: Path
    page: int
    box: list[tuple[float, float]]
    label: str | None
    left: str
    right: str
    kind: str


class OnDrawings(BaseModel):
    """What both versions read in the drawings of a folder."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    drawings: int
    labelled: int
    changes: list[LineChange]
    failed: dict[str, str]


class Comparison(Result):
    """All that two versions differ in."""

    left: str
    right: str
    same_data: bool
    rows: list[Row]
    parameters: tuple[Parameter, ...] = ()
    data: DataDifference | None = None
    on: OnDrawings | None = None
    report: Path | None = None

    def render(self) -> RenderableType:
        parts: list[RenderableType] = [
            self._figures(test_set) for test_set in dict.fromkeys(row.test_set for row in self.rows)
        ]
        if not self.same_data:
            parts.append(Text(_NOT_TOGETHER.format(left=self.left, right=self.right), "yellow"))
        if self.on:
            parts.append(self._changes(self.on))
        if self.parameters:
            parts.append(self._parameters())
        if self.data:
            parts.append(self._data(self.data))
        if self.report:
            parts.append(Text(f"pictures and all of this: {self.report}"))
        return Group(*parts)

    def _figures(self, test_set: str) -> Table:
        table = Table(
            *("figure", "lines", self.left, self.right, "difference", "95 % interval", ""),
            title=TITLES[test_set],
            caption=NOISE if has_noise(self.rows, test_set) else None,
        )
        for row in self.rows:
            if row.test_set == test_set:
                lines = "-" if row.lines is None else str(row.lines)
                table.add_row(
                    row.figure, lines, percent(row.left), percent(row.right), _difference(row), *_certainty(row)
                )
        return table

    def _changes(self, on: OnDrawings) -> RenderableType:
        counts = {kind: sum(change.kind == kind for change in on.changes) for kind in ("better", "worse", "different")}
        said = Text.assemble(
            f"{on.drawings} drawings of {on.folder}, {on.labelled} labelled places; read differently: ",
            (f"{counts['better']} better", "green"),
            ", ",
            (f"{counts['worse']} worse", "red"),
            f", {counts['different']} neither or without a label",
        )
        return Group(said, *(Text(f"not read: {name}: {why}", "red") for name, why in on.failed.items()))

    def _parameters(self) -> Table:
        table = Table("parameter", self.left, self.right, title="made differently")
        for item in self.parameters:
            table.add_row(item.name, item.left or "-", item.right or "-")
        return table

    def _data(self, data: DataDifference) -> RenderableType:
        if data.unknown:
            return Text(f"what they learned from cannot be compared: {data.unknown}", "yellow")
        lines = [Text(both_learned(data))]
        for name, batches in ((self.left, data.only_left), (self.right, data.only_right)):
            lines += [Text(f"only {name}: {batch_line(batch)}") for batch in batches]
        return Group(*lines)


_NOT_TOGETHER = (
    "{left} and {right} were never measured on the same new drawings: compare the regression set only, which is the "
    "same for both, or let both read your drawings with --on DIR"
)


def compare_versions(environment: Environment, left: ModelVersion, right: ModelVersion) -> Comparison:
    """The comparison of two versions by their evaluations; OperatorError where a version was never evaluated."""
    measured = _measured_together(environment, left, right) or _measured_apart(environment, left, right)
    return Comparison(
        left=left.name,
        right=right.name,
        same_data=measured.same_data,
        rows=list(figures(measured)),
        parameters=tuple(parameters(left, right)),
        data=data_difference(environment, left, right),
    )


def compare_origins(environment: Environment, left: ModelVersion, right: ModelVersion) -> Comparison:
    """Two versions that were never evaluated: only what made them."""
    return Comparison(
        left=left.name,
        right=right.name,
        same_data=True,
        rows=[],
        parameters=tuple(parameters(left, right)),
        data=data_difference(environment, left, right),
    )


def has_figures(left: ModelVersion, right: ModelVersion) -> bool:
    """Whether evaluations of both versions are kept."""
    both = bool(left.evaluation_uri and right.evaluation_uri)
    return (
        both
        or bool(right.parent == left.arn and right.evaluation_uri)
        or bool(left.parent == right.arn and left.evaluation_uri)
    )


# By test set; None where a version was not measured.
Figures = dict[str, Metrics | None]


@dataclass(frozen=True)
class Measured:
    """Figures of both versions by test set, and what is known of their differences.

    Attributes:
        differences: by test set, of the challenger less the champion.
        turned: whether the left version is the challenger.
        same_data: whether both read the same new drawings.
    """

    left: Mapping[str, Metrics | None]
    right: Mapping[str, Metrics | None]
    differences: Mapping[str, Differences | None]
    turned: bool
    same_data: bool


def _measured_together(environment: Environment, left: ModelVersion, right: ModelVersion) -> Measured | None:
    if right.parent == left.arn and right.evaluation_uri:
        sets = _evaluation(environment, right).test_sets
        turned = False
    elif left.parent == right.arn and left.evaluation_uri:
        sets = _evaluation(environment, left).test_sets
        turned = True
    else:
        return None
    challenger: Figures = {name: item.challenger for name, item in sets.items()}
    champion: Figures = {name: item.champion for name, item in sets.items()}
    return Measured(
        left=challenger if turned else champion,
        right=champion if turned else challenger,
        differences={name: item.difference for name, item in sets.items()},
        turned=turned,
        same_data=True,
    )


def _measured_apart(environment: Environment, left: ModelVersion, right: ModelVersion) -> Measured:
    return Measured(
        left=_own(environment, left),
        right=_own(environment, right),
        differences={},
        turned=False,
        same_data=False,
    )


def _own(environment: Environment, version: ModelVersion) -> Figures:
    return {name: item.challenger for name, item in _evaluation(environment, version).test_sets.items()}


def _evaluation(environment: Environment, version: ModelVersion) -> Evaluation:
    if version.evaluation_uri is None:
        raise OperatorError(
            f"{version.name} has no evaluation: it was imported, not trained; compare it with a version trained from "
            "it, or let both read your drawings with --on DIR"
        )
    return Evaluation.parse(environment.read_object(version.evaluation_uri), where=version.evaluation_uri)


def figures(measured: Measured) -> Iterator[Row]:
    """Every figure of every test set that at least one version was measured on."""
    for test_set in TITLES:
        left, right = measured.left.get(test_set), measured.right.get(test_set)
        if left or right:
            yield from _TestSet(test_set, left, right, measured).rows()


@dataclass(frozen=True)
class _TestSet:
    name: str
    left: Metrics | None
    right: Metrics | None
    measured: Measured

    def rows(self) -> Iterator[Row]:
        known = self.right or self.left
        assert known is not None
        lines, paired = known.recognition.lines, self.measured.differences.get(self.name)
        yield self._row(
            "exact match",
            lambda metrics: metrics.recognition.exact,
            lines,
            paired.exact if paired else None,
            share=True,
        )
        yield self._row(
            "1 − edit distance",
            lambda metrics: metrics.recognition.one_minus_ned,
            lines,
            paired.one_minus_ned if paired else None,
        )
        yield self._row(
            "character errors (CER)",
            lambda metrics: metrics.recognition.cer,
            lines,
            paired.cer if paired else None,
            lower=True,
        )
        if known.detection:
            yield self._row(
                "boxes found (hmean)", lambda metrics: metrics.detection.hmean if metrics.detection else None
            )
        if known.end_to_end:
            yield self._row(
                "whole sheets, exact (F1)", lambda metrics: metrics.end_to_end.exact_f1 if metrics.end_to_end else None
            )
        yield from self._groups("category", "by_category", known, paired.by_category if paired else {})
        yield from self._groups("symbols", "by_symbol_class", known, paired.by_symbol_class if paired else {})

    def _groups(self, title: str, grouping: str, known: Metrics, paired: Mapping[str, Difference]) -> Iterator[Row]:
        for name, group in sorted(_groups_of(known, grouping).items()):
            yield self._row(
                f"exact · {title} {name}", _exact_of(grouping, name), group.lines, paired.get(name), share=True
            )

    def _row(
        self,
        figure: str,
        read: Callable[[Metrics], float | None],
        lines: int | None = None,
        paired: Difference | None = None,
        *,
        lower: bool = False,
        share: bool = False,
    ) -> Row:
        left = read(self.left) if self.left else None
        right = read(self.right) if self.right else None
        interval = of_difference(paired, turned=self.measured.turned) if paired else None
        # Apart, the new drawings of two runs are different ones: their difference has no meaning to be sure of.
        apart = not self.measured.same_data and self.name == "regression"
        if interval is None and share and apart and left is not None and right is not None and lines:
            interval = of_shares(left, lines, right, lines)
        return Row(
            test_set=self.name,
            figure=figure,
            lines=lines,
            left=left,
            right=right,
            lower_is_better=lower,
            interval=interval,
        )


def _groups_of(metrics: Metrics, grouping: str) -> dict[str, GroupMetrics]:
    groups: dict[str, GroupMetrics] = getattr(metrics.recognition, grouping)
    return groups


def _exact_of(grouping: str, name: str) -> Callable[[Metrics], float | None]:
    def read(metrics: Metrics) -> float | None:
        groups = _groups_of(metrics, grouping)
        return groups[name].exact if name in groups else None

    return read


def has_noise(rows: Iterable[Row], test_set: str) -> bool:
    """Whether a difference on this test set may be chance."""
    return any(row.interval and row.interval.verdict == "noise" for row in rows if row.test_set == test_set)


def both_learned(data: DataDifference) -> str:
    """How many batches two versions have in common."""
    return f"both learned from {data.shared} batch{'' if data.shared == 1 else 'es'}"


def batch_line(batch: Batch) -> str:
    """A batch in one line."""
    drawings = "manifest out of reach" if batch.drawings is None else f"{batch.drawings} drawings"
    return f"{batch.name}: {drawings}  {batch.uri}"


def points(fraction: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * fraction:+.1f}"


def _difference(row: Row) -> Text:
    if row.gain is None:
        return Text("-")
    if abs(row.gain) < SAME:
        return Text("=")
    change = row.gain if not row.lower_is_better else -row.gain
    return Text(f"{points(change)} points", "green" if row.gain > 0 else "red")


def _certainty(row: Row) -> tuple[str, Text]:
    if row.interval is None:
        return "-", Text("")
    verdict = row.interval.verdict
    return f"{points(row.interval.low)} … {points(row.interval.high)}", Text(verdict, VERDICTS[verdict])
