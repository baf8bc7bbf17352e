"""How every command is built: the same four options, one answer, errors in one line, exit code 1."""

import inspect
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.console import Result, open_console
from cli.environment import ENVIRONMENTS, Environment, discover
from cli.errors import OperatorError, one_line

EnvironmentOption = Annotated[
    str,
    typer.Option(
        "--env", envvar="DRAWING_ENV", help=f"Which deployment: {', '.join(ENVIRONMENTS)}.", show_default=True
    ),
]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="AWS profile; else the usual AWS variables.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON on stdout.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]

_COMMON = (
    inspect.Parameter("env", inspect.Parameter.KEYWORD_ONLY, default="local", annotation=EnvironmentOption),
    inspect.Parameter("profile", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ProfileOption),
    inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
    inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=DebugOption),
)


@dataclass(frozen=True)
class Call:
    """What a command is handed beside its own arguments."""

    env: str
    profile: str | None
    as_json: bool
    progress: Console

    @cached_property
    def environment(self) -> Environment:
        """The deployed environment that `--env` names; raises OperatorError where there is none."""
        return discover(self.env, self.profile)


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., Result]], Callable[..., None]]:
    """Registers a function `(call, own arguments…) -> Result` as the command `name` of `app`."""

    def register(function: Callable[..., Result]) -> Callable[..., None]:
        @wraps(function)
        def run(*, env: str, profile: str | None, as_json: bool, debug: bool, **arguments: Any) -> None:
            call = Call(env, profile, as_json, open_console(stderr=True))
            try:
                if env not in ENVIRONMENTS:
                    raise OperatorError(f"--env {env}: there is no such environment; use {', '.join(ENVIRONMENTS)}")
                answer = function(call, **arguments)
            except typer.Exit:
                raise
            except KeyboardInterrupt:
                call.progress.print("stopped")
                raise typer.Exit(130) from None
            except Exception as error:
                if debug:
                    raise
                call.progress.print(Text.assemble(("error: ", "bold red"), one_line(error)), soft_wrap=True)
                raise typer.Exit(1) from None
            if as_json:
                sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
            else:
                open_console().print(answer.render())
            if not answer.succeeded:
                raise typer.Exit(1)

        run.__signature__ = _signature(function)  # type: ignore[attr-defined]
        return typing.cast(Callable[..., None], app.command(name)(run))

    return register


def _signature(function: Callable[..., Result]) -> inspect.Signature:
    hints = typing.get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
        if hints[parameter.name] is not Call
    ]
    return inspect.Signature([*own, *_COMMON])
