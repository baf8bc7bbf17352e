"""`drawingops batch`: thousands of drawings in, answers, pictures and tables out; again, it does what is missing."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.batch.run import Order, Outcome, Watcher, run
from cli.command import Call, command
from cli.console import Result
from cli.data import progress_bar

# More are in failures.csv and in the gallery.
SHOWN_FAILURES = 20


class Batch(Result):
    """A batch that is done as far as it can be."""

    out: Path
    outcome: Outcome

    @property
    def succeeded(self) -> bool:
        return not self.outcome.failures

    def render(self) -> RenderableType:
        done, failures = self.outcome, self.outcome.failures
        before = f" ({done.kept} done before)" if done.kept else ""
        parts: list[RenderableType] = [
            f"{done.drawings - len(failures)} of {done.drawings} drawings read by v{done.version}{before}, "
            f"{done.texts} texts: {self.out}/index.html, texts.csv, texts.parquet"
        ]
        if failures:
            table = Table("could not be read", "reason")
            for name, reason in failures[:SHOWN_FAILURES]:
                table.add_row(Text(name), Text(reason))
            parts.append(table)
            more = f"all {len(failures)} are in {self.out}/failures.csv; " if len(failures) > SHOWN_FAILURES else ""
            parts.append(f"{more}again, these alone: the same command with --retry-failed")
        return Group(*parts)


def add_to(app: typer.Typer) -> None:
    """Adds `batch` to the top of the command line."""
    command(
        app,
        "batch",
        "drawingops batch drawings/ --out readings --env dev",
        "drawingops batch s3://BUCKET/drawings/spring/ --out spring --env prod",
    )(batch)


def batch(
    call: Call,
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="Folder, s3://bucket/prefix/, or s3://… manifest (.jsonl, .manifest)."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Results; the same again goes on where it stopped.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="VERSION", help="Reads with it; else the version that serves.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Tries those again that could not be read.")
    ] = False,
    instances: Annotated[
        int, typer.Option("--instances", min=1, max=100, help="Machines that share the drawings.")
    ] = 1,
) -> Result:
    """Reads many drawings with batch transform: answers, overlays, a gallery, and all texts as CSV and Parquet."""
    where = source if source.startswith("s3://") else str(Path(source).resolve())
    order = Order(source=where, out=out, model=model, retry_failed=retry_failed, instances=instances)
    with progress_bar(call) as bar:
        uploading = bar.add_task("upload", total=None, visible=False)
        reading = bar.add_task("looking", total=None)
        watch = Watcher(
            uploaded=lambda: bar.update(uploading, visible=True, advance=1),
            found=lambda total, kept: bar.update(reading, total=total, completed=kept),
            done=lambda: bar.advance(reading),
            state=lambda status: bar.update(reading, description=f"reading ({status})"),
        )
        outcome = run(call.environment, order, watch)
    return Batch(out=out, outcome=outcome)
