"""One stage of the demo: a header, what happens, its time, and the promises that it must keep."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import BaseModel
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cli.console import duration


class BrokenPromise(Exception):
    """Something that the demo promises did not hold; its text names it in one line."""


class StageResult(BaseModel):
    """How one stage went."""

    number: int
    title: str
    seconds: float
    figures: dict[str, str]
    promises: list[str]


@dataclass
class Stage:
    """A stage while it runs."""

    number: int
    title: str
    console: Console
    figures: dict[str, str] = field(default_factory=dict)
    promises: list[str] = field(default_factory=list)

    def say(self, text: str | Text) -> None:
        """One line of what happens."""
        self.console.print(Text("  ").append(text))

    def command(self, line: str) -> None:
        """The command that does the same by hand."""
        self.console.print(Text(f"  $ drawingops {line}", "bold"))

    def figure(self, name: str, value: str) -> None:
        """A figure for the summary."""
        self.figures[name] = value

    def promise(self, kept: bool, text: str) -> None:
        """Shows that a promise was kept; raises BrokenPromise where it was not."""
        if not kept:
            raise BrokenPromise(f"stage {self.number}: {text}")
        self.promises.append(text)
        self.console.print(Text.assemble("  ", ("✓", "bold green"), f" {text}"))


@dataclass
class Journal:
    """All stages of one demo."""

    console: Console
    results: list[StageResult] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Runs the next stage inside the block."""
        stage = Stage(len(self.results) + 1, title, self.console)
        self.console.print()
        self.console.print(Rule(f"[bold]{stage.number}  {title}", align="left"))
        started = time.monotonic()
        yield stage
        seconds = time.monotonic() - started
        self.results.append(
            StageResult(
                number=stage.number, title=title, seconds=seconds, figures=stage.figures, promises=stage.promises
            )
        )
        self.console.print(Text(f"  {duration(seconds)}", "dim"))

    @property
    def seconds(self) -> float:
        """Of all stages together."""
        return sum(result.seconds for result in self.results)

    def table(self) -> Table:
        """Stages, times, figures."""
        table = Table("", "stage", "took", "figures", title="make demo")
        for result in self.results:
            figures = "\n".join(f"{name} {value}" for name, value in result.figures.items())
            table.add_row(str(result.number), result.title, duration(result.seconds), figures)
        table.add_section()
        table.add_row("", "together", duration(self.seconds), "")
        return table
