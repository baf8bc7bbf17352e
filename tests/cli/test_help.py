"""Help that helps: every command says what it does and shows a line that could be typed; a mistake is one line."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.main import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = list(commands(get_command(app)))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_says_what_it_does_and_shows_an_example_that_it_understands(
    path: tuple[str, ...], command: Any
) -> None:
    assert command.help
    examples = [line for line in (command.epilog or "").split("\n\n") if line.startswith("drawingops ")]
    assert examples, f"{' '.join(path)} has no example"
    for example in examples:
        words = shlex.split(example)[1:]
        assert tuple(words[: len(path)]) == path
        # Parsed by the command itself, but not run: an option that does not exist, or is absent, raises.
        command.make_context(example, words[len(path) :], resilient_parsing=False)


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_help_is_shown_without_an_account(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.stdout


@pytest.mark.parametrize(
    "line",
    [
        "models show",
        "models promote v1",
        "models compare v1",
        "cost --execution",
        "trace",
        "models show v1 --colour red",
        "modles list",
    ],
)
def test_a_line_that_is_not_understood_is_a_usage_error_without_a_traceback(line: str) -> None:
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output
