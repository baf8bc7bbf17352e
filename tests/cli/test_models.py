"""`drawingops models` against an account in moto."""

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.world import ENDPOINT, GROUP, World


def test_an_empty_registry_says_how_to_fill_it(world: World) -> None:
    result = world.run("models", "list")
    assert result.exit_code == 0
    assert "import-official" in result.stdout


def test_the_list_shows_newest_first_with_state_accuracy_data_parent_and_the_live_one(world: World) -> None:
    first = world.register("Approved", accuracy="0.51", label_manifest="s3://b/datasets/runs/official/run.json")
    world.register(
        accuracy="0.935", regression_exact="0.99", parent=first, label_manifest="s3://b/datasets/runs/run-7/run.json"
    )
    world.deploy(1, "config-1")
    table = world.run("models", "list").stdout
    rows = [line for line in table.splitlines() if "│" in line]
    assert [row.split("│")[1].strip() for row in rows] == ["v2", "v1"]
    assert "PendingManualApproval" in rows[0]
    assert "93.5 %" in rows[0]
    assert "run-7" in rows[0]
    assert "v1" in rows[0].split("│")[7]
    assert "live" in rows[1]
    assert "live" not in rows[0]


def test_the_common_options_stand_before_the_command_or_after_it(world: World) -> None:
    world.register()
    after = CliRunner().invoke(app, ["models", "list", "--env", "dev", "--json"])
    before = CliRunner().invoke(app, ["--env", "dev", "--json", "models", "list"])
    assert before.exit_code == 0
    assert before.stdout == after.stdout


def test_the_list_as_json_carries_every_field(world: World) -> None:
    world.register(accuracy="0.9")
    answer = world.answer("models", "list")
    assert answer["group"] == GROUP
    assert answer["live"] is None
    version = answer["versions"][0]
    assert (version["version"], version["state"], version["accuracy"]) == (1, "PendingManualApproval", 0.9)
    assert version["model_data_url"].endswith("model.tar.gz")


def test_show_answers_the_four_questions(world: World) -> None:
    world.register(
        "Approved",
        label_manifest="s3://b/datasets/runs/run-7/run.json",
        hyperparameters='{"learning_rate": "1e-4"}',
        image_digest="sha256:abc",
        package_sha256="f00d",
    )
    world.deploy(1, "config-1")
    text = world.run("models", "show", "v1").stdout
    for part in (
        "Where is it?",
        "model.tar.gz",
        "f00d",
        "What was it trained on?",
        "run-7",
        "What made it?",
        '"learning_rate": "1e-4"',
        "sha256:abc",
        "Where is it deployed?",
        "answers now",
        "tried and good",
    ):
        assert part in text


@pytest.mark.parametrize("name", ["v9", "9"])
def test_an_unknown_version_is_named_with_those_that_exist(world: World, name: str) -> None:
    world.register()
    result = world.run("models", "show", name)
    assert result.exit_code == 1
    assert "v9: no such version" in result.stderr
    assert "there are: v1" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_word_is_not_a_version(world: World) -> None:
    result = world.run("models", "show", "newest")
    assert result.exit_code == 1
    assert "newest: not a version" in result.stderr


def test_approve_sets_the_state_and_keeps_the_reason(world: World) -> None:
    arn = world.register()
    answer = world.answer("models", "approve", "v1", "--reason", "reads the ⌀")
    assert answer == {"version": "v1", "state": "Approved", "reason": "reads the ⌀", "released": None}
    found = world.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert world.answer("models", "show", "v1")["version"]["reason"] == "reads the ⌀"


def test_approving_twice_is_refused_because_nothing_would_be_released(world: World) -> None:
    world.register("Approved")
    result = world.run("models", "approve", "v1", "--reason", "again")
    assert result.exit_code == 1
    assert "v1 is Approved already" in result.stderr


def test_a_decision_without_a_reason_is_a_usage_error(world: World) -> None:
    world.register()
    assert world.run("models", "reject", "v1").exit_code == 2


@pytest.mark.parametrize("state", ["PendingManualApproval", "Rejected"])
def test_only_approved_versions_are_deployed(world: World, state: str) -> None:
    world.register(state)
    result = world.run("models", "deploy", "v1")
    assert result.exit_code == 1
    assert f"v1 is {state}: only approved versions are deployed" in result.stderr
    assert "models approve v1" in result.stderr


def test_a_rollback_needs_something_to_go_back_to(world: World) -> None:
    world.register("Approved")
    result = world.run("models", "rollback")
    assert result.exit_code == 1
    assert f"{ENDPOINT}: nothing was deployed yet" in result.stderr


def test_the_history_is_newest_first(world: World) -> None:
    world.remember("2026-11-20T10:01:00Z#one", 1, "config-1")
    world.remember("2026-11-20T11:02:00Z#two", 2, "config-2", status="ROLLED_BACK")
    answer = world.answer("models", "history")["deployments"]
    assert [(entry["to_version"], entry["status"]) for entry in answer] == [("2", "ROLLED_BACK"), ("1", "SUCCEEDED")]
    table = world.run("models", "history").stdout
    assert table.index("ROLLED_BACK") < table.index("SUCCEEDED")
    assert "42.0 s" in table


def test_the_live_version_is_the_one_whose_configuration_answers_not_the_newest_attempt(world: World) -> None:
    world.register("Approved")
    world.register("Approved")
    world.deploy(1, "config-1")
    world.remember("2026-11-20T11:02:00Z#two", 2, "config-2", status="ROLLED_BACK")
    assert world.answer("models", "list")["live"] == 1


@pytest.mark.usefixtures("bare_account")
def test_without_a_deployed_environment_the_remedy_is_named() -> None:
    result = CliRunner().invoke(app, ["models", "list", "--env", "staging"])
    assert result.exit_code == 1
    assert "no environment staging is deployed in region eu-central-1" in result.stderr
    assert "make deploy ENV=staging" in result.stderr


def test_a_half_deployed_environment_names_what_it_lacks(world: World) -> None:
    boto3.client("ssm").delete_parameter(Name="/drawing-platform/dev/history-table")
    result = world.run("models", "list")
    assert result.exit_code == 1
    assert "lacks the SSM parameters history-table" in result.stderr


@pytest.mark.usefixtures("bare_account")
def test_an_unknown_environment_is_refused() -> None:
    result = CliRunner().invoke(app, ["models", "list", "--env", "moon"])
    assert result.exit_code == 1
    assert "--env moon: there is no such environment; use local, dev, staging, prod" in result.stderr
