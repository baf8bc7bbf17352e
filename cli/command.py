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
    str | None,
    typer.Option(
        "--env", envvar="DRAWING_ENV", help=f"{', '.join(ENVIRONMENTS)}; local without it.", show_default=False
    ),
]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="AWS profile; else the usual AWS variables.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON on stdout.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]

_COMMON = tuple(
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("env", None, EnvironmentOption),
        ("profile", None, ProfileOption),
        ("as_json", False, JsonOption),
        ("debug", False, DebugOption),
    )
)
_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


@dataclass(frozen=True)
class Common:
    """The options that every command takes, before its name or after it."""

    env: str | None = None
    profile: str | None = None
    as_json: bool = False
    debug: bool = False

    def or_else(self, outer: "Common") -> "Common":
        """These options, and `outer` for those that were not given."""
        return Common(
            self.env or outer.env,
            self.profile or outer.profile,
            self.as_json or outer.as_json,
            self.debug or outer.debug,
        )


@dataclass(frozen=True)
class Call:
    """What a command is handed beside its own arguments."""

    env: str
    profile: str | None
    progress: Console

    @cached_property
    def environment(self) -> Environment:
        """The deployed environment that `--env` names; raises OperatorError where there is none."""
        return discover(self.env, self.profile)


def command(app: typer.Typer, name: str, *examples: str) -> Callable[[Callable[..., Result]], Callable[..., None]]:
    """Registers a function `(call, own arguments…) -> Result` as the command `name` of `app`.

    Args:
        app: the group that the command is of.
        name: the command.
        examples: whole command lines, shown at the end of its help.
    """

    def register(function: Callable[..., Result]) -> Callable[..., None]:
        @wraps(function)
        def run(
            *,
            context: typer.Context,
            env: str | None,
            profile: str | None,
            as_json: bool,
            debug: bool,
            **arguments: Any,
        ) -> None:
            outer = context.obj if isinstance(context.obj, Common) else Common()
            options = Common(env, profile, as_json, debug).or_else(outer)
            call = Call(options.env or "local", options.profile, open_console(stderr=True))
            try:
                if call.env not in ENVIRONMENTS:
                    raise OperatorError(
                        f"--env {call.env}: there is no such environment; use {', '.join(ENVIRONMENTS)}"
                    )
                answer = function(call, **arguments)
            except typer.Exit:
                raise
            except KeyboardInterrupt:
                call.progress.print("stopped")
                raise typer.Exit(130) from None
            except Exception as error:
                if options.debug:
                    raise
                call.progress.print(Text.assemble(("error: ", "bold red"), one_line(error)), soft_wrap=True)
                raise typer.Exit(1) from None
            if options.as_json:
                sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
            else:
                open_console().print(answer.render())
            if not answer.succeeded:
                raise typer.Exit(1)

        run.__signature__ = _signature(function)  # type: ignore[attr-defined]
        return typing.cast(Callable[..., None], app.command(name, epilog=_epilog(examples))(run))

    return register


def _epilog(examples: tuple[str, ...]) -> str | None:
    # An empty line between two examples: what follows directly would be folded into one paragraph.
    return "\n\n".join(("Examples:", *examples)) if examples else None


def _signature(function: Callable[..., Result]) -> inspect.Signature:
    hints = typing.get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
        if hints[parameter.name] is not Call
    ]
    return inspect.Signature([_CONTEXT, *own, *_COMMON])
