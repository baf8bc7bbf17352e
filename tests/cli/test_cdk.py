"""The CDK command line: its progress is understood, its failure is one line, its words are kept."""

import os
from pathlib import Path

import pytest

from cli import cdk
from cli.cdk import Deployed
from cli.errors import OperatorError

SAID = """\
✨  Synthesis time: 4.2s
Local/Data (drawing-platform-local-Data): deploying... [1/2]
drawing-platform-local-Data |   0 | 7:45:01 AM | CREATE_IN_PROGRESS | AWS::KMS::Key | Local/Data/Key
 ✅  Local/Data (drawing-platform-local-Data)
Local/Images (drawing-platform-local-Images): deploying... [2/2]
 ✅  Local/Images (drawing-platform-local-Images) (no changes)
✨  Total time: 9s
"""
FAILED = """\
Local/Data (drawing-platform-local-Data): deploying... [1/2]
drawing-platform-local-Data | ROLLBACK_IN_PROGRESS | The following resource(s) failed to create: [Bucket]: no such key
❌  drawing-platform-local-Data failed to deploy
Source Location: ...aws-cdk-lib
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the CDK command line, which the tests write."""
    script = tmp_path / "cdk"
    monkeypatch.setattr(cdk, "CDK", script)
    monkeypatch.setattr(cdk, "LOCAL_STATE", tmp_path)
    return script


def says(script: Path, text: str, status: int = 0) -> None:
    script.write_text(f"#!/bin/sh\necho \"$@\" > {script.parent}/arguments\ncat <<'END'\n{text}END\nexit {status}\n")
    script.chmod(0o755)


def test_every_stack_is_told_when_it_begins_and_when_it_ends(command: Path) -> None:
    says(command, SAID)
    began: list[str] = []
    ended: list[Deployed] = []
    cdk.deploy(os.environ, began=began.append, ended=ended.append)
    assert began == ["Local/Data", "Local/Images"]
    assert [(stack.stack, stack.changed) for stack in ended] == [("Local/Data", True), ("Local/Images", False)]
    arguments = (command.parent / "arguments").read_text()
    assert "--method=direct" in arguments
    assert "-c env=local" in arguments


def test_a_failure_names_the_resource_and_the_log(command: Path) -> None:
    says(command, FAILED, status=1)
    with pytest.raises(OperatorError) as caught:
        cdk.deploy(os.environ, began=lambda _: None, ended=lambda _: None)
    assert "failed to create: [Bucket]: no such key" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert cdk.log_file().read_text() == FAILED


def test_bootstrap_does_not_synthesize_the_application(command: Path) -> None:
    says(command, "")
    cdk.bootstrap(os.environ, "123456789012", "eu-central-1")
    assert (command.parent / "arguments").read_text().startswith("bootstrap aws://123456789012/eu-central-1")


def test_without_the_command_line_the_remedy_is_named(command: Path) -> None:
    with pytest.raises(OperatorError, match="make setup"):
        cdk.bootstrap(os.environ, "123456789012", "eu-central-1")
    assert not command.exists()
