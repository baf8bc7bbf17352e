"""Ground Truth's labelling jobs: functions before and after, workers, limits, expiry, output."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import ACCOUNT, REGION, lifetime
from emulator.sagemaker import labelling_dataset as dataset
from tests.emulator.conftest import Client, wait_for
from tests.emulator.labelling_world import World, labelling_world, lines, members


@pytest.fixture(scope="module")
def world(account: lifetime.Running, client: Client, bucket: str) -> Iterator[World]:
    yield from labelling_world(account, client, bucket)


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
