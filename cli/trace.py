"""`drawingops trace`: one story, from the labels that arrived to the release, with one correlation id: the run's."""

from itertools import groupby
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import trace_find
from cli.command import Call, command
from cli.console import Result
from cli.trace_events import Event, story

SOURCES = {"S3": "cyan", "trigger": "cyan", "pipeline": "blue", "registry": "magenta", "release": "green", "log": "dim"}


class Story(Result):
    """What happened, the oldest first. `correlation_id` stands in every log line of the functions."""

    asked: str
    correlation_id: str
    events: list[Event]

    def render(self) -> RenderableType:
        known = f"correlation id {self.correlation_id}" if self.correlation_id else _WAITS
        head = Text.assemble((self.asked, "bold"), "  ", known)
        table = Table.grid(padding=(0, 2))
        for column in range(4):
            table.add_column(no_wrap=column < 2, overflow="fold")
        for (source, what, detail, failed), same in groupby(self.events, key=_without_time):
            repeated = list(same)
            table.add_row(
                repeated[0].time.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                Text(source, SOURCES[source]),
                Text(what, "bold red" if failed else ""),
                Text(f"{detail} × {len(repeated)}".strip() if len(repeated) > 1 else detail),
            )
        return Group(head, table)


def _without_time(event: Event) -> tuple[str, str, str, bool]:
    """A workflow that waits says the same again and again: one line, with how often."""
    return event.source, event.what, event.detail, event.failed


_WAITS = "no run has taken it yet: `drawingops train start --dry-run` says why"


def add_to(app: typer.Typer) -> None:
    """Adds `trace` to the top of the command line."""
    command(
        app,
        "trace",
        "drawingops trace batch-07",
        "drawingops trace v3 --env prod",
        "drawingops trace 20261121T101500-1a2b3c4d --json",
    )(trace)


def trace(
    call: Call,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A batch, a run id, a pipeline execution, a version or a deployment.")
    ],
) -> Result:
    """The story of a batch, run, execution, version or deployment: from the S3 event to the release, with times."""
    environment = call.environment
    subject = trace_find.find(environment, name)
    return Story(asked=name, correlation_id=subject.run_id, events=story(environment, subject))
