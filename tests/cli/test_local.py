"""`drawingops local` without starting anything: states, refusals, what a deployment depends on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import account
from cli.local import Up
from cli.main import app
from emulator import lifetime


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime, "status", lambda _: None)
    monkeypatch.delenv("DRAWING_ENV", raising=False)


def test_without_an_account_the_status_names_the_command_that_starts_one() -> None:
    result = CliRunner().invoke(app, ["local", "status"])
    assert result.exit_code == 0
    assert "drawingops local up" in result.stdout


@pytest.mark.parametrize("arguments", [["models", "list"], ["train", "status"], ["models", "history"]])
def test_every_command_that_needs_the_account_names_the_remedy(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "error: the account on this machine is not running: start it with `drawingops local up`" in result.stderr


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_local_commands_refuse_another_environment(command: str) -> None:
    result = CliRunner().invoke(app, ["local", command, "--env", "prod"])
    assert result.exit_code == 1
    assert "about the account on this machine only" in result.stderr


def test_a_change_in_any_source_needs_a_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "ROOT", tmp_path)
    for name in account.SOURCES:
        path = tmp_path / name
        (path if "." in name else path / "file.txt").parent.mkdir(parents=True, exist_ok=True)
        (path if "." in name else path / "file.txt").write_text("one")
    before = account._sources_digest()
    assert account._sources_digest() == before
    (tmp_path / "lambda" / "__pycache__").mkdir()
    (tmp_path / "lambda" / "__pycache__" / "x.pyc").write_text("compiled")
    assert account._sources_digest() == before
    (tmp_path / "config" / "file.txt").write_text("two")
    assert account._sources_digest() != before


def test_an_account_that_runs_keeps_its_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = lifetime.Running(1, 5000, tmp_path, "process", 0.0)
    monkeypatch.setattr(lifetime, "status", lambda _: running)
    result = CliRunner().invoke(app, ["local", "up", "--runtime", "container"])
    assert result.exit_code == 1
    assert "the account runs with the runtime process: stop it with `drawingops local down` first" in " ".join(
        result.stderr.split()
    )


def test_what_was_started_says_where_people_label_and_as_whom() -> None:
    up = Up(
        url="http://localhost:5000", seconds=21, steps=[], page="http://page/", users=("annotator", "reviewer"),
        password="secret",
    )  # fmt: skip
    said = str(up.render())
    assert "label at http://page/ as annotator, reviewer, password secret" in said
    assert "drawingops labels create" in said
