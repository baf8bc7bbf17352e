"""Where words go: results to stdout, progress and errors to stderr, so that `--json` stays clean in a pipe."""

from abc import ABC, abstractmethod
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from rich.console import Console, RenderableType

# Rich falls back to 80 columns where there is no terminal, which folds every table in a CI log.
WIDTH_WITHOUT_TERMINAL = 150


def open_console(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr; plain lines without colour where that is not a terminal."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


class Result(BaseModel, ABC):
    """What a command answers: JSON with `--json`, else what `render` draws."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    @property
    def succeeded(self) -> bool:
        """False makes the command exit with 1 after the answer was shown."""
        return True

    @abstractmethod
    def render(self) -> RenderableType:
        """The answer for a person."""


class Said(Result):
    """An answer of one sentence."""

    message: str

    def render(self) -> RenderableType:
        return self.message


def short_time(moment: datetime | None) -> str:
    """Local time to the minute, or a dash."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "-"


def duration(seconds: float | None) -> str:
    """`4.2 s`, `1 min 05 s`, `2 h 03 min`, or a dash."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def percent(fraction: float | None) -> str:
    """A fraction as per cent with one decimal, or a dash."""
    return "-" if fraction is None else f"{100 * fraction:.1f} %"


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 40) -> str:
    """The last `width` values as one line of bars between their least and their greatest."""
    shown = values[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    spread = (high - low) or 1.0
    return "".join(_BARS[round((value - low) / spread * (len(_BARS) - 1))] for value in shown)
