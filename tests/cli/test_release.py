"""The release workflow as the operator follows it: states once, the outcome from the history, refusals in one line."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli import release
from cli.errors import OperatorError
from tests.cli.world import World

EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:release-dev:run2"


class Workflow:
    """A state machine whose execution ends as it was told."""

    def __init__(self, status: str, states: list[str], **ending: str) -> None:
        self.status, self.states, self.ending = status, states, ending
        self.started: dict[str, Any] = {}

    def start_execution(self, **arguments: Any) -> dict[str, str]:
        self.started = {**arguments, "input": json.loads(arguments["input"])}
        return {"executionArn": EXECUTION}

    def describe_execution(self, **_: str) -> dict[str, str]:
        return {"status": self.status, **self.ending}

    def get_paginator(self, _: str) -> "Workflow":
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        yield {"events": [{"stateEnteredEventDetails": {"name": name}} for name in self.states]}


def use(world: World, monkeypatch: pytest.MonkeyPatch, workflow: Workflow) -> None:
    real = world.environment.access.client
    monkeypatch.setattr(
        "cli.environment.Environment.client", lambda _, name: workflow if name == "stepfunctions" else real(name)
    )


def test_a_state_that_is_entered_again_and_again_is_shown_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    use(world, monkeypatch, Workflow("SUCCEEDED", ["Plan", "Wait", "Verify", "Wait", "Verify", "Finish"]))
    assert list(release.follow(world.environment, EXECUTION)) == ["Plan", "Wait", "Verify", "Finish"]


def test_a_deployment_of_an_approved_version_ends_with_its_line_of_the_history(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.register("Approved")
    world.remember("2026-11-20T10:02:00Z#run2", 1, "config-1")
    workflow = Workflow("SUCCEEDED", ["Plan", "Finish"])
    use(world, monkeypatch, workflow)
    result = world.run("models", "deploy", "v1", "--reason", "try it")
    assert result.exit_code == 0, result.stderr
    assert "SUCCEEDED  - → v1 in 42.0 s" in result.stdout
    assert workflow.started["input"]["action"] == "deploy"
    assert workflow.started["input"]["model_package_arn"] == arn
    assert workflow.started["input"]["reason"] == "try it"
    assert workflow.started["name"].startswith("drawingops-")


def test_a_release_that_aws_rolled_back_fails_the_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register("Approved")
    world.remember("2026-11-20T10:02:00Z#run2", 1, "config-1", status="ROLLED_BACK")
    use(world, monkeypatch, Workflow("FAILED", ["Plan", "Finish"]))
    result = world.run("models", "deploy", "v1")
    assert result.exit_code == 1
    assert "ROLLED_BACK" in result.stdout


def test_a_rollback_names_its_target(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register("Approved")
    world.remember("2026-11-20T10:02:00Z#run2", 1, "config-1")
    workflow = Workflow("SUCCEEDED", [])
    use(world, monkeypatch, workflow)
    world.run("models", "rollback")
    assert workflow.started["input"]["target"] == "previous"
    world.run("models", "rollback", "--to", "v1")
    assert workflow.started["input"]["target"] == "1"


def test_a_refusal_is_the_functions_own_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cause = json.dumps({"errorMessage": "there is no earlier approved version", "stackTrace": ["File x"]})
    use(world, monkeypatch, Workflow("FAILED", [], cause=cause, error="PlatformError"))
    with pytest.raises(OperatorError, match=r"^the release was refused: there is no earlier approved version$"):
        release.outcome(world.environment, EXECUTION)


def test_nothing_to_release_is_said_and_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    output = json.dumps({"deploy": False, "message": "v2 was rejected and does not serve"})
    use(world, monkeypatch, Workflow("SUCCEEDED", [], output=output))
    assert release.outcome(world.environment, EXECUTION) == "v2 was rejected and does not serve"


def test_an_order_that_was_refused_says_why_and_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register("Approved")
    world.remember("2026-11-20T10:02:00Z#run2", 1, "config-1", status="REFUSED", message="v1 serves now")
    workflow = Workflow("FAILED", ["Plan", "Notify"])
    use(world, monkeypatch, workflow)
    result = world.run("models", "delete", "v1", "--reason", "wrong labels")
    assert result.exit_code == 1
    assert "the release was refused: v1 serves now" in result.stderr
    assert workflow.started["input"]["action"] == "remove"
    assert workflow.started["input"]["target"] == "v1"
    assert workflow.started["input"]["reason"] == "wrong labels"


def test_an_order_that_a_later_one_overtook_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register("Approved")
    world.remember("2026-11-20T10:02:00Z#run2", 1, "config-1", status="SUPERSEDED", message="v2 was ordered later")
    use(world, monkeypatch, Workflow("SUCCEEDED", ["Plan"]))
    result = world.run("models", "deploy", "v1")
    assert result.exit_code == 0
    assert "nothing to release: v2 was ordered later" in result.stdout


def test_the_history_shows_why_a_release_was_rolled_back(world: World) -> None:
    why = "v2 was rolled back: alarm errors: Threshold Crossed"
    world.remember("2026-11-20T10:02:00Z#run2", 2, "config-2", status="ROLLED_BACK", message=why)
    (entry,) = world.answer("models", "history")["deployments"]
    assert (entry["status"], entry["message"]) == ("ROLLED_BACK", why)
