"""`drawingops models` against an account in moto."""

import json
from collections.abc import Callable

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from tests.cli.world import BUCKET, ENDPOINT, GROUP, HISTORY, World

Put = Callable[[str, bytes | str], str]


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


def run_manifest(*batches: str) -> str:
    """A `run.json` over the newest versions of batches of the data bucket."""
    references = tuple(ManifestReference(uri=f"s3://{BUCKET}/labels/{name}/manifest.jsonl") for name in batches)
    return RunManifest(run_id="run-7", manifests=references, reason="2 new labelled batches").to_json()


def drawing(name: str) -> str:
    region = {"points": [[0, 0], [9, 0], [9, 9], [0, 9]], "text": "⌀6", "category": "dimension", "ignore": False}
    return json.dumps({"image": name, "width": 10, "height": 10, "regions": [region]}) + "\n"


def trained(world: World, put: Put) -> str:
    """Registers v1, imported, and v2, trained from it on two batches; gives back the ARN of v2."""
    official = world.register("Approved", run_id="official", package_sha256="0ff1c1a1")
    put("labels/spring/manifest.jsonl", drawing("a.png") + drawing("b.png"))
    put("labels/summer/manifest.jsonl", drawing("c.png"))
    counts = {"drawings": 3, "lines": 40}
    put(
        "datasets/runs/run-7/dataset/dataset.json",
        json.dumps({"train": counts, "val": counts, "replay": counts, "new_characters": ["⌀"], "quarantined": 0}),
    )
    return world.register(
        "Approved",
        parent=official,
        label_manifest=put("datasets/runs/run-7/run.json", run_manifest("spring", "summer")),
        replay_manifests=put("datasets/runs/run-7/replay.json", run_manifest("spring")),
        dataset=f"s3://{BUCKET}/datasets/runs/run-7/dataset",
        hyperparameters="epochs=30 learning_rate=1e-4",
        training_image="image/training:c0de",
        image_digest="sha256:abc",
        package_sha256="f00d",
        run_id="run-7",
    )


def test_show_answers_the_four_questions(world: World, put: Put) -> None:
    trained(world, put)
    put("models/x/model.tar.gz", b"package")
    world.deploy(1, "config-1")
    answer = world.answer("models", "show", "v2")
    assert answer["stored"]["size"] == len(b"package")
    assert [(batch["name"], batch["drawings"]) for batch in answer["learned"]["batches"]] == [
        ("spring", 2),
        ("summer", 1),
    ]
    assert answer["learned"]["before"] == 1
    assert [item["name"] for item in answer["lineage"]] == ["v2", "v1"]
    assert [(item["environment"], item["version"]) for item in answer["production"]] == [("dev", "v1")]
    text = world.run("models", "show", "v2").stdout
    for part in (
        "Where is it?",
        "model.tar.gz",
        "f00d",
        "What was it trained on?",
        "spring: 2 drawings",
        "What made it?",
        "learning_rate=1e-4",
        "image/training:c0de",
        "sha256:abc",
        "From which versions?",
        "0ff1c1a1",
        "What is in production?",
        "v1 since",
        "tried and good",
        "What to go back to?",
    ):
        assert part in text


def test_the_lineage_ends_where_an_ancestor_was_deleted(world: World) -> None:
    world.register(parent=f"arn:aws:sagemaker:eu-central-1:123456789012:model-package/{GROUP}/77")
    last = world.answer("models", "show", "v1")["lineage"][-1]
    assert (last["name"], last["state"]) == ("v77", "deleted or out of reach")


def test_a_package_that_is_gone_is_told_where_it_is_asked_for(world: World) -> None:
    world.register()
    assert "IT IS NOT THERE ANY MORE" in world.run("models", "show", "v1").stdout


def test_labels_that_are_gone_do_not_hide_the_rest(world: World) -> None:
    world.register(label_manifest=f"s3://{BUCKET}/datasets/runs/run-9/run.json", hyperparameters="epochs=3")
    text = world.run("models", "show", "v1").stdout
    assert "not readable" in text
    assert "datasets/runs/run-9/run.json" in text
    assert "epochs=3" in text


def test_a_rollback_goes_to_the_last_good_version_that_is_still_approved(world: World) -> None:
    for state in ("Approved", "Approved", "Rejected", "Approved"):
        world.register(state)
    world.remember("2026-11-20T10:01:00Z#a", 1, "config-1")
    world.remember("2026-11-20T10:02:00Z#b", 2, "config-2", status="ROLLED_BACK")
    world.remember("2026-11-20T10:03:00Z#c", 3, "config-3")
    world.deploy(4, "config-4")
    (dev,) = world.answer("models", "production")["environments"]
    assert (dev["version"], dev["back_to"]) == ("v4", "v1")
    assert "v1, the last good version before v4: `drawingops models rollback --env dev`" in " ".join(
        world.run("models", "show", "v4").stdout.split()
    )


def test_an_environment_that_cannot_be_asked_does_not_hide_the_others(world: World) -> None:
    world.register("Approved")
    world.deploy(1, "config-1")
    dev, prod = world.answer("models", "production", "prod=nobody")["environments"]
    assert (dev["version"], dev["problem"]) == ("v1", None)
    assert prod["version"] is None
    assert "nobody" in prod["problem"]


def test_production_of_an_unknown_environment_is_refused(world: World) -> None:
    result = world.run("models", "production", "moon")
    assert result.exit_code == 1
    assert "moon: there is no such environment" in result.stderr


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


def test_the_history_says_what_was_asked_what_was_measured_and_what_came_of_it(world: World) -> None:
    world.remember("2026-11-20T10:01:00Z#one", 1, "config-1")
    world.client("dynamodb").update_item(
        TableName=HISTORY,
        Key={"endpoint": {"S": ENDPOINT}, "deployment": {"S": "2026-11-20T10:01:00Z#one"}},
        UpdateExpression="SET #status = :status, #action = :action, #metrics = :metrics, #config = :config",
        ExpressionAttributeNames={
            "#status": "status",
            "#action": "action",
            "#metrics": "metrics",
            "#config": "deployment_config",
        },
        ExpressionAttributeValues={
            ":status": {"S": "REFUSED"},
            ":action": {"S": "rollback"},
            ":metrics": {"S": '{"accuracy": "0.91"}'},
            ":config": {"S": "{}"},
        },
    )
    table = world.run("models", "history").stdout
    for part in ("rollback", "REFUSED", "91.0 %", "user/operator", "tried and good"):
        assert part in " ".join(table.split())
    (entry,) = world.answer("models", "history")["deployments"]
    assert (entry["action"], entry["deployment_config"]) == ("rollback", "{}")


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
