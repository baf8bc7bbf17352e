"""Ground Truth's labelling jobs: functions before and after, workers, limits, expiry, output."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import ACCOUNT, REGION, lifetime
from emulator.sagemaker import labelling_dataset as dataset
from tests.emulator.conftest import ROLE, Client, wait_for

EVENT = "SageMaker Ground Truth Labeling Job State Change"
BEFORE = """
def handler(event, context):
    line = event["dataObject"]
    assert event["version"] == "2018-10-16" and ":labeling-job/" in event["labelingJobArn"]
    if "break" in line:
        raise ValueError("no such task")
    return {"taskInput": {"ref": line["source-ref"]}, "isHumanAnnotationRequired": line.get("ask", True)}
"""
AFTER = """
import json, boto3
def handler(event, context):
    bucket, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
    items = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    answers = []
    for item in items:
        said = [json.loads(each["annotationData"]["content"])["answer"] for each in item["annotations"]]
        if "too long" in said:
            said = ["x" * 20_001]
        label = {"said": sorted(said), "batch": len(items), "source": item["dataObject"]["s3Uri"]}
        content = {event["labelAttributeName"]: label}
        answers.append({"datasetObjectId": item["datasetObjectId"], "consolidatedAnnotation": {"content": content}})
    return answers
"""


def function(client: Client, source: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", source)
    return str(
        client("lambda").create_function(
            FunctionName=f"SageMaker-{uuid.uuid4().hex[:8]}",
            Code={"ZipFile": archive.getvalue()},
            Runtime="python3.11",
            Handler="index.handler",
            Role=ROLE,
        )["FunctionArn"]
    )


@dataclass
class World:
    """A team of two, two functions, a template, and a queue of events."""

    client: Client
    url: str
    bucket: str
    pool: str = ""
    team: str = ""
    functions: dict[str, str] = field(default_factory=dict)
    queue: str = ""

    def start(self, lines: list[dict[str, Any]], **more: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:8]}"
        content = "".join(json.dumps(line) + "\n" for line in lines)
        self.client("s3").put_object(Bucket=self.bucket, Key=f"{name}.manifest", Body=content.encode())
        self.client("sagemaker").create_labeling_job(**self.request(name, **more))
        wait_for(lambda: self.describe(name)["LabelingJobStatus"] != "Initializing")
        return name

    def request(self, name: str, *, workers: int = 1, template: str = "template.html", **task: Any) -> dict[str, Any]:
        return {
            "LabelingJobName": name,
            "LabelAttributeName": "labels",
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{self.bucket}/{name}.manifest"}}},
            "OutputConfig": {"S3OutputPath": f"s3://{self.bucket}/out/"},
            "RoleArn": ROLE,
            "HumanTaskConfig": {
                "WorkteamArn": self.team,
                "UiConfig": {"UiTemplateS3Uri": f"s3://{self.bucket}/{template}"},
                "PreHumanTaskLambdaArn": self.functions["before"],
                "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": self.functions["after"]},
                "TaskTitle": "Label",
                "TaskDescription": "Label",
                "NumberOfHumanWorkersPerDataObject": workers,
                "TaskTimeLimitInSeconds": 3600,
                **task,
            },
        }

    def describe(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("sagemaker").describe_labeling_job(LabelingJobName=name)
        return found

    def ended(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = wait_for(
            lambda: (job := self.describe(name))["LabelingJobStatus"] in ("Completed", "Failed", "Stopped") and job
        )
        return found

    def call(self, name: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/emulator/labeling-jobs/{name}/{path}", data=data)
        with urllib.request.urlopen(request) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def submit(self, name: str, user: str, answer: str) -> str | None:
        task = self.call(name, f"next?worker={user}")
        if task is None:
            return None
        self.call(name, f"tasks/{task['task']}/submit", {"worker": user, "fields": {"answer": answer}})
        return str(task["task"])

    def output(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read(f"out/{name}/manifests/output/output.manifest").splitlines()]

    def read(self, key: str) -> str:
        return str(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]


def lines(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"source-ref": f"s3://pictures/{number}.png", "part": number, **more} for number in range(count)]


@pytest.fixture(scope="module")
def world(account: lifetime.Running, client: Client, bucket: str) -> Iterator[World]:
    made = World(client, account.url, bucket)
    cognito, sagemaker = client("cognito-idp"), client("sagemaker")
    made.pool = cognito.create_user_pool(PoolName="workers")["UserPool"]["Id"]
    cognito.create_group(UserPoolId=made.pool, GroupName="annotator")
    for user in ("ann", "bob"):
        cognito.admin_create_user(UserPoolId=made.pool, Username=user, MessageAction="SUPPRESS")
        cognito.admin_add_user_to_group(UserPoolId=made.pool, Username=user, GroupName="annotator")
    secret = cognito.create_user_pool_client(UserPoolId=made.pool, ClientName="w", GenerateSecret=True)
    made.team = sagemaker.create_workteam(
        WorkteamName="annotators",
        Description="they label",
        MemberDefinitions=[members(made.pool, secret["UserPoolClient"]["ClientId"])],
    )["WorkteamArn"]
    made.functions = {"before": function(client, BEFORE), "after": function(client, AFTER)}
    client("s3").put_object(Bucket=bucket, Key="template.html", Body=b"<crowd-form></crowd-form>")
    made.queue = client("sqs").create_queue(QueueName="labelling-events")["QueueUrl"]
    pattern = {"source": ["aws.sagemaker"], "detail-type": [EVENT]}
    client("events").put_rule(Name="labelling-events", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:labelling-events"
    client("events").put_targets(Rule="labelling-events", Targets=[{"Id": "queue", "Arn": arn}])
    yield made
    sagemaker.delete_workteam(WorkteamName="annotators")


def members(pool: str, client_id: str, group: str = "annotator") -> dict[str, Any]:
    return {"CognitoMemberDefinition": {"UserPool": pool, "UserGroup": group, "ClientId": client_id}}


def test_answers_of_several_workers_become_one_label_an_object(world: World) -> None:
    name = world.start(lines(3), workers=2)
    for user in ("ann", "bob"):
        assert [world.submit(name, user, f"{user} says") for _ in range(4)] == ["0", "1", "2", None]
    assert world.ended(name)["LabelCounters"]["HumanLabeled"] == 3
    for number, line in enumerate(world.output(name)):
        assert line["part"] == number  # attributes of the input pass through
        assert line["labels"]["said"] == ["ann says", "bob says"]
        assert line["labels"]["source"] == f"s3://pictures/{number}.png"
        assert line["labels-metadata"]["type"] == "groundtruth/custom"
        assert line["labels-metadata"]["human-annotated"] == "yes"


def test_the_function_after_gets_many_objects_at_once(world: World) -> None:
    name = world.start(lines(4))
    for _ in range(4):
        world.submit(name, "ann", "x")
    world.ended(name)
    assert max(line["labels"]["batch"] for line in world.output(name)) > 1


def test_what_each_worker_said_is_kept_with_who_and_when(world: World) -> None:
    name = world.start(lines(1))
    world.submit(name, "ann", "x")
    world.ended(name)
    (key,) = world.keys(f"out/{name}/annotations/worker-response/iteration-1/0/")
    (answer,) = json.loads(world.read(key))["answers"]
    assert answer["answerContent"] == {"answer": "x"}
    assert answer["workerId"].startswith(f"private.{REGION}.")
    assert answer["workerMetadata"]["identityData"]["issuer"].endswith(world.pool)
    assert answer["submissionTime"] >= answer["acceptanceTime"]


def test_an_object_that_everybody_gives_back_expires_and_is_not_sent_again(world: World) -> None:
    name = world.start(lines(2))
    for user in ("ann", "bob"):
        assert world.call(name, f"next?worker={user}")["task"] == "0"
        world.call(name, "tasks/0/decline", {"worker": user})
    assert world.submit(name, "ann", "x") == "1"
    world.ended(name)
    first, second = world.output(name)
    assert "labels" not in first
    assert first["labels-metadata"]["failure-reason"] == "ClientError: Annotation tasks expired"
    assert second["labels"]["said"] == ["x"]


def test_after_the_last_day_what_nobody_answered_never_reaches_the_function_after(world: World) -> None:
    name = world.start(lines(3), workers=2)
    world.submit(name, "ann", "alone")
    world.call(name, "expire", {})
    job = world.ended(name)
    assert (job["LabelingJobStatus"], job["LabelCounters"]["FailedNonRetryableError"]) == ("Completed", 2)
    assert [line.get("labels", {}).get("said") for line in world.output(name)] == [["alone"], None, None]


def test_a_job_of_which_nothing_was_answered_has_failed(world: World) -> None:
    name = world.start(lines(1))
    world.call(name, "expire", {})
    job = world.ended(name)
    assert job["LabelingJobStatus"] == "Failed"
    assert "Annotation tasks expired" in job["FailureReason"]


def test_the_function_before_decides_who_is_asked(world: World) -> None:
    some = [*lines(1, ask=False), *lines(1, **{"break": 1}), *lines(1, ask="true"), *lines(1)]
    name = world.start(some)
    assert world.submit(name, "ann", "x") == "3"
    world.ended(name)
    unasked, broken, text, asked = world.output(name)
    assert "labels" not in unasked
    assert "no such task" in broken["labels-metadata"]["failure-reason"]
    assert "must be a boolean" in text["labels-metadata"]["failure-reason"]
    assert asked["labels"]["said"] == ["x"]


def test_a_label_of_more_than_20000_characters_is_none(world: World) -> None:
    name = world.start(lines(2))
    world.submit(name, "ann", "too long")
    world.submit(name, "ann", "x")
    world.ended(name)
    assert "20000 characters" in world.output(name)[0]["labels-metadata"]["failure-reason"]


def test_only_as_many_tasks_are_out_as_may_be(world: World) -> None:
    name = world.start(lines(3), MaxConcurrentTaskCount=1)
    assert world.call(name, "next?worker=ann")["task"] == "0"
    assert world.call(name, "next?worker=bob") is None
    world.submit(name, "ann", "x")
    assert world.call(name, "next?worker=bob")["task"] == "1"
    world.client("sagemaker").stop_labeling_job(LabelingJobName=name)
    assert world.ended(name)["LabelingJobStatus"] == "Stopped"
    assert ["labels" in line for line in world.output(name)] == [True, False, False]


def test_lines_that_have_the_label_already_are_not_asked_again(world: World) -> None:
    name = world.start([*lines(1, labels={"said": ["before"]}), *lines(1)])
    assert world.submit(name, "ann", "x") == "1"
    world.ended(name)
    assert [line["labels"]["said"] for line in world.output(name)] == [["before"], ["x"]]


def test_each_change_of_state_is_an_event_that_names_the_job(world: World) -> None:
    name = world.start(lines(1))
    world.submit(name, "ann", "x")
    arn = world.ended(name)["LabelingJobArn"]
    seen: list[str] = []

    def completed() -> bool:
        answer = world.client("sqs").receive_message(QueueUrl=world.queue, MaxNumberOfMessages=10)
        events = [json.loads(each["Body"]) for each in answer.get("Messages", [])]
        seen.extend(each["detail"]["LabelingJobStatus"] for each in events if each["resources"] == [arn])
        return "Completed" in seen

    wait_for(completed)


def test_strangers_get_no_task(world: World) -> None:
    name = world.start(lines(1))
    with pytest.raises(urllib.error.HTTPError) as caught:
        world.call(name, "next?worker=eve")
    assert caught.value.code == 403


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"LabelAttributeName": "labels-metadata"}, "must end neither"),
        ({"LabelingJobName": "-bad"}, "LabelingJobName"),
        ({"task": {"TaskTimeLimitInSeconds": 28_801}}, "at most 28800"),
        ({"task": {"NumberOfHumanWorkersPerDataObject": 10}}, "NumberOfHumanWorkersPerDataObject"),
        ({"task": {"WorkteamArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/none"}}, "not exist"),
    ],
)
def test_a_request_that_the_service_refuses_is_refused(world: World, changed: dict[str, Any], reason: str) -> None:
    request = world.request("refused", **changed.pop("task", {}))
    with pytest.raises(ClientError, match="ValidationException") as caught:
        world.client("sagemaker").create_labeling_job(**{**request, **changed})
    assert reason in str(caught.value)


def test_a_template_of_more_than_128000_characters_fails_the_job(world: World) -> None:
    world.client("s3").put_object(Bucket=world.bucket, Key="long.html", Body=b"x" * 128_001)
    job = world.ended(world.start(lines(1), template="long.html"))
    assert (job["LabelingJobStatus"], "128000" in job["FailureReason"]) == ("Failed", True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no data objects"),
        ("{", "no valid JSON"),
        ('{"part": 1}', "either source-ref or source"),
        (json.dumps({"source-ref": "s3://b/a", "$x": 1}), "begins with \\$"),
        (json.dumps({"source-ref": "s3://b/a", "x": "y" * 20_001}), "attribute x has more than 20000"),
        (json.dumps({"source-ref": "s3://b/a", **{f"x{n}": "y" * 19_000 for n in range(6)}}), "more than 100000"),
    ],
)
def test_a_manifest_that_the_service_refuses_is_refused(content: str, reason: str) -> None:
    with pytest.raises(dataset.ManifestError, match=reason):
        dataset.read_manifest(content, "labels")


def test_a_team_needs_a_client_with_a_secret_and_a_group_that_is_there(world: World) -> None:
    cognito, sagemaker = world.client("cognito-idp"), world.client("sagemaker")
    public = cognito.create_user_pool_client(UserPoolId=world.pool, ClientName="p")["UserPoolClient"]["ClientId"]
    with pytest.raises(ClientError, match="must have a client secret"):
        sagemaker.create_workteam(WorkteamName="x", Description="x", MemberDefinitions=[members(world.pool, public)])
    with pytest.raises(ClientError, match="member definition is invalid"):
        sagemaker.create_workteam(
            WorkteamName="x", Description="x", MemberDefinitions=[members(world.pool, public, "nobody")]
        )


def test_a_region_has_one_workforce_with_the_pool_of_its_first_team(world: World) -> None:
    cognito, sagemaker = world.client("cognito-idp"), world.client("sagemaker")
    team = sagemaker.describe_workteam(WorkteamName="annotators")["Workteam"]
    assert team["SubDomain"].endswith(f".labeling.{REGION}.sagemaker.aws")
    pool = cognito.create_user_pool(PoolName="others")["UserPool"]["Id"]
    cognito.create_group(UserPoolId=pool, GroupName="annotator")
    other = cognito.create_user_pool_client(UserPoolId=pool, ClientName="w", GenerateSecret=True)
    with pytest.raises(ClientError, match="existing private workforce"):
        sagemaker.create_workteam(
            WorkteamName="x",
            Description="x",
            MemberDefinitions=[members(pool, other["UserPoolClient"]["ClientId"])],
        )
