"""`drawingops labels`: the team, ordering a job, looking at it."""

import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from cli import labels_progress
from cli.environment import Environment
from drawing_ocr.labelling.job import Job
from drawing_ocr.labelling.task import task_id
from tests.cli.world import BUCKET, NAMES, World

LABELLING = NAMES["labelling-bucket"]
TABLE = NAMES["labelling-table"]


@pytest.fixture
def labelling(world: World) -> Iterator[World]:
    """The world with a user pool, a table, a bucket and the workflow of labelling."""
    cognito = world.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    for group in ("annotator", "reviewer", "manager"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
    s3 = world.client("s3")
    s3.create_bucket(Bucket=LABELLING, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    world.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    machine = world.client("stepfunctions").create_state_machine(
        name="labelling-dev",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    ssm = world.client("ssm")
    for name, value in {"labelling-pool": pool, "labelling-workflow-arn": machine}.items():
        ssm.put_parameter(Name=f"/drawing-platform/dev/{name}", Value=value, Type="String", Overwrite=True)
    prepared = mock.Mock(return_value=iter(["SUCCEEDED"]))
    with mock.patch.object(labels_progress, "watch_preparation", prepared):
        yield world


def picture(path: Path) -> Path:
    Image.fromarray(np.full((40, 60, 3), 255, np.uint8)).save(path)
    return path


def put(world: World, pk: str, sk: str, **numbers: int | str) -> None:
    item = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in numbers.items()}
    world.client("dynamodb").put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": sk}, **item})


def test_somebody_new_gets_a_password_once_and_another_group_later(labelling: World) -> None:
    added = labelling.answer("labels", "team", "add", "anna", "--email", "anna@example.com")["added"]
    assert added["groups"] == ["annotator"]
    assert len(added["password"]) == 16
    again = labelling.answer("labels", "team", "add", "anna", "--group", "reviewer")["added"]
    assert (again["groups"], again["password"]) == (["annotator", "reviewer"], None)
    (member,) = labelling.answer("labels", "team", "list")["members"]
    assert (member["name"], member["email"], member["state"]) == ("anna", "anna@example.com", "FORCE_CHANGE_PASSWORD")


def test_somebody_leaves_a_group_or_the_team(labelling: World) -> None:
    labelling.answer("labels", "team", "add", "anna")
    labelling.answer("labels", "team", "add", "anna", "--group", "manager")
    labelling.answer("labels", "team", "remove", "anna", "--group", "manager")
    assert labelling.answer("labels", "team", "list")["members"][0]["groups"] == ["annotator"]
    labelling.answer("labels", "team", "remove", "anna")
    assert labelling.answer("labels", "team", "list")["members"] == []
    assert "nobody of the team is called so" in labelling.run("labels", "team", "remove", "anna").stderr


def test_a_job_is_ordered_with_its_drawings_and_its_known_ones(labelling: World, tmp_path: Path) -> None:
    drawing = picture(tmp_path / "sheet.png")
    gold = tmp_path / "gold"
    gold.mkdir()
    picture(gold / "known.png")
    region = {"points": [[1, 1], [20, 1], [20, 9], [1, 9]], "text": "M8", "category": "dimension"}
    manifest = {"image": "known.png", "width": 60, "height": 40, "regions": [region]}
    (gold / "manifest.jsonl").write_text(json.dumps(manifest) + "\n", "utf-8")
    arguments = ("labels", "create", "gears", str(drawing), "--annotators", "3", "--gold", str(gold))
    ordered = labelling.answer(*arguments)["ordered"]
    assert (ordered["drawings"], ordered["gold"]) == (1, 1)
    s3 = labelling.client("s3")
    job = Job.parse(s3.get_object(Bucket=LABELLING, Key="jobs/gears/job.json")["Body"].read(), where="job.json")
    assert [each.uri for each in job.drawings] == [
        f"s3://{BUCKET}/drawings/gears/sheet.png",
        f"s3://{BUCKET}/drawings/gears/known.png",
    ]
    assert job.annotators == 3
    known = task_id(job.drawings[1].uri, job.drawings[1].version_id)
    gold_labels = json.loads(s3.get_object(Bucket=LABELLING, Key=f"jobs/gears/gold/{known}.json")["Body"].read())
    assert gold_labels["regions"][0]["text"] == "M8"
    executions = labelling.client("stepfunctions").list_executions(
        stateMachineArn=ordered["execution_arn"].rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    )["executions"]
    assert [each["name"] for each in executions] == ["gears"]


def test_the_same_order_again_goes_on_and_another_of_that_name_is_refused(labelling: World, tmp_path: Path) -> None:
    drawing = picture(tmp_path / "sheet.png")
    for _ in range(2):
        assert labelling.answer("labels", "create", "gears", str(drawing))["ordered"]["drawings"] == 1
    other = picture(tmp_path / "other.png")
    refused = labelling.run("labels", "create", "gears", str(other))
    assert "there is a job gears already, of other drawings: choose another name" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Gears!", "."), "small letters, digits and dashes"),
        (("gears", "nowhere.png"), "there is no such file or folder"),
        (("gears", "tests/settings"), "no drawing is there"),
    ],
)
def test_an_order_that_cannot_be_is_one_line(
    labelling: World, tmp_path: Path, arguments: tuple[str, str], words: str
) -> None:
    name, path = arguments
    picture(tmp_path / "sheet.png")
    refused = labelling.run("labels", "create", name, str(tmp_path) if path == "." else path)
    assert refused.exit_code == 1
    assert words in " ".join(refused.stderr.split())


def test_status_shows_jobs_people_and_agreement(labelling: World) -> None:
    job = {"title": "Gears", "state": "open", "created": "2026-11-21T09:00:00Z", "created_by": "x"}
    put(labelling, "jobs", "gears", priority=0, annotators=2, tasks=10, labelled=4, skipped=1, **job)
    counts = {"tasks": 5, "milliseconds": 60_000, "own": 8, "expected": 8, "exact": 6, "gold_tasks": 1, "gold_own": 2}
    put(labelling, "job#gears", "person#sub-1", name="anna", gold_expected=2, gold_exact=2, **counts)
    put(labelling, "job#gears", "category#text", regions=3, both=6, one=0, neither=4, edits=1, characters=10)
    assert [each["job"] for each in labelling.answer("labels", "status")["jobs"]] == ["gears"]
    report = labelling.answer("labels", "status", "gears")["report"]
    (anna,) = report["people"]
    assert (anna["name"], anna["seconds"], anna["agreement"]) == ("anna", 60.0, 0.75)
    assert anna["gold"] == {"tasks": 1, "exact": 1.0}
    (category,) = report["categories"]
    assert (category["alpha"], category["cer"]) == (1.0, 0.1)
    shown = labelling.run("labels", "status", "gears").stdout
    assert "5 of 10" in shown
    assert "75.0 %" in shown
    assert "there is no labelling job wheels" in labelling.run("labels", "status", "wheels").stderr


def test_what_the_export_refuses_is_told(labelling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"title": "Gears", "state": "open", "created": "2026-11-21T09:00:00Z", "created_by": "x"}
    put(labelling, "jobs", "gears", priority=0, annotators=1, tasks=2, labelled=1, **job)
    said = {"errorMessage": "job gears: 1 tasks are not finished: label or review them first"}
    function = mock.Mock()
    function.invoke.return_value = {"FunctionError": "Unhandled", "Payload": mock.Mock(read=lambda: json.dumps(said))}
    asked = Environment.client
    monkeypatch.setattr(
        Environment, "client", lambda self, service: function if service == "lambda" else asked(self, service)
    )
    assert "1 tasks are not finished" in labelling.run("labels", "export", "gears").stderr
