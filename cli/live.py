"""A pipeline execution while it runs: a picture that moves on a terminal, one line an event everywhere else."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.console import duration, percent, sparkline
from cli.runs import Run, Step

STATUS = {"Succeeded": "green", "Failed": "red", "Stopped": "red", "Executing": "yellow"}
# Without a terminal a loss line every so many steps is enough to see that it falls.
STEPS_A_LINE = 5


def run_table(run: Run) -> RenderableType:
    """Steps with their times, below it the curve and, where the run was refused, the reason."""
    table = Table("step", "status", "took", "detail")
    for step in run.steps:
        table.add_row(step.name, Text(step.status, STATUS.get(step.status, "")), duration(step.seconds), step.detail)
    parts: list[RenderableType] = [
        Text.assemble((run.name, "bold"), "  ", (run.status, STATUS.get(run.status, "")), f"  {duration(run.seconds)}"),
        table,
    ]
    if run.curve.loss:
        parts.append(_curve(run))
    if run.refusal:
        parts.append(Text.assemble(("refused: ", "bold red"), run.refusal))
    return Group(*parts)


def _curve(run: Run) -> RenderableType:
    curve = run.curve
    rows = Table.grid(padding=(0, 2))
    speed = f"{curve.images_per_second:.1f} images/s" if curve.images_per_second else ""
    rows.add_row("loss", sparkline(curve.loss), f"{curve.loss[-1]:.4f}", f"step {curve.step}", speed)
    if curve.epochs:
        exact = [epoch["val_exact"] for epoch in curve.epochs]
        kept = curve.epochs[-1].get("regression_exact")
        rows.add_row(
            "accuracy",
            sparkline(exact),
            percent(exact[-1]),
            f"epoch {len(exact)}",
            f"regression {percent(kept)}" if kept else "",
        )
    return rows


def show(console: Console, runs: Iterator[Run]) -> Run:
    """Shows an execution until it ends, and gives back its last state.

    Raises:
        ValueError: `runs` is empty.
    """
    last = _show_moving(console, runs) if console.is_terminal else _show_lines(console, runs)
    if last is None:
        raise ValueError("there is no run to show")
    return last


def _show_moving(console: Console, runs: Iterator[Run]) -> Run | None:
    last = None
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        for last in runs:
            live.update(run_table(last))
    return last


def _show_lines(console: Console, runs: Iterator[Run]) -> Run | None:
    seen: dict[str, str] = {}
    shown_step = shown_epochs = 0
    last = None
    for last in runs:
        for step in last.steps:
            if seen.get(step.name) != step.status:
                seen[step.name] = step.status
                console.print(_step_line(step), soft_wrap=True)
        curve = last.curve
        if curve.loss and curve.step >= shown_step + STEPS_A_LINE:
            shown_step = curve.step
            console.print(f"    step {curve.step}  loss {curve.loss[-1]:.4f}  {sparkline(curve.loss)}")
        for epoch in curve.epochs[shown_epochs:]:
            console.print(
                f"    epoch {epoch['epoch']:.0f}  accuracy {percent(epoch['val_exact'])}"
                f"  regression {percent(epoch.get('regression_exact'))}"
            )
        shown_epochs = len(curve.epochs)
    return last


def _step_line(step: Step) -> Text:
    took = f"  {duration(step.seconds)}" if step.ended else ""
    return Text.assemble(
        f"  {step.name:<18} ", (step.status, STATUS.get(step.status, "")), f"{took}  {step.detail}".rstrip()
    )
