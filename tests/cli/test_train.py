"""What a run would be trained on, and events that failed brought back."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import boto3
import pytest

from cli import dead_letters
from cli.errors import OperatorError
from drawing_ocr.annotation import Annotation, Category, Region
from drawing_ocr.dataset.manifest import manifest_text
from tests.cli.world import BUCKET, NAMES, World

BOX = ((10.0, 10.0), (60.0, 10.0), (60.0, 30.0), (10.0, 30.0))
DEFINITION = {
    "Parameters": [
        {"Name": "BaseModelPackage", "Type": "String", "DefaultValue": ""},
        {"Name": "LabelManifest", "Type": "String"},
        {"Name": "RunId", "Type": "String"},
        {"Name": "Epochs", "Type": "Integer", "DefaultValue": 40},
        {"Name": "LearningRate", "Type": "Float", "DefaultValue": 0.0001},
    ]
}


def annotation(picture: str, *texts: str) -> Annotation:
    regions = [Region(points=BOX, text=text, category=Category.DIMENSION) for text in texts]
    regions.append(Region(points=BOX, text="###", category=Category.TEXT, ignore=True))
    return Annotation(image=picture, width=100, height=100, regions=tuple(regions))


def packed(dictionary: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in (("package.json", b"{}"), ("recogniser/dict.txt", dictionary.encode())):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Account:
    """The trigger's answer and the pipeline's definition; everything else is in moto."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def invoke(self, **_: Any) -> dict[str, Any]:
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}

    def describe_pipeline(self, *, PipelineName: str) -> dict[str, str]:
        assert PipelineName == NAMES["pipeline-name"]
        return {"PipelineDefinition": json.dumps(DEFINITION)}


@pytest.fixture
def planned(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two batches that wait, and a base whose dictionary knows the digits; gives back the base's ARN."""
    put = world.client("s3").put_object
    first = manifest_text([annotation("images/1.png", "12", "⌀12"), annotation("images/2.png", "7")])
    put(Bucket=BUCKET, Key="labels/a/manifest.jsonl", Body=(first + "no json\n").encode())
    put(Bucket=BUCKET, Key="labels/b/manifest.jsonl", Body=manifest_text([annotation("images/1.png", "φ3")]).encode())
    put(Bucket=BUCKET, Key="models/x/model.tar.gz", Body=packed("".join(f"{digit}\n" for digit in range(10))))
    base = world.register("Approved")
    account = Account(
        {
            "decision": "dry_run",
            "reason": "2 batches; it would start now",
            "manifests": [f"s3://{BUCKET}/labels/{name}/manifest.jsonl" for name in "ab"],
            "base": base,
        }
    )
    real = world.environment.access.client

    def client(_: Any, name: str) -> Any:
        if name == "lambda":
            return account
        if name == "sagemaker":
            sagemaker = real(name)
            monkeypatch.setattr(sagemaker, "describe_pipeline", account.describe_pipeline)
            return sagemaker
        return real(name)

    monkeypatch.setattr("cli.environment.Environment.client", client)
    return base


def test_a_dry_run_shows_batches_drawings_lines_new_characters_base_and_parameters(world: World, planned: str) -> None:
    found = world.answer("train", "start", "--dry-run", "--epochs", "3")
    assert found["base"] == "v1"
    assert [(each["name"], each["drawings"], each["lines"], each["unusable"]) for each in found["batches"]] == [
        ("a", 2, 3, 1),
        ("b", 1, 1, 0),
    ]
    assert (found["drawings"], found["lines"]) == (3, 4)
    # φ before a number is a diameter, so there is one new character and not two.
    assert found["new_characters"] == ["⌀"]
    assert found["parameters"] == [
        {"name": "BaseModelPackage", "value": "", "chosen": False},
        {"name": "Epochs", "value": "3", "chosen": True},
        {"name": "LearningRate", "value": "0.0001", "chosen": False},
    ]
    assert planned.endswith("/1")


@pytest.mark.usefixtures("planned")
def test_the_dry_run_is_readable_as_a_table(world: World) -> None:
    said = world.run("train", "start", "--dry-run").stdout
    assert "it would start now" in said
    assert "new characters: ⌀" in said
    assert "2 batches" in said
    assert "from v1" in said


@pytest.mark.usefixtures("planned")
def test_the_dictionary_of_a_trained_base_lies_beside_its_dataset(world: World) -> None:
    world.client("s3").put_object(
        Bucket=BUCKET, Key="datasets/runs/r/dataset/dict.txt", Body="1\n2\n3\n7\n⌀\n".encode()
    )
    sagemaker = world.client("sagemaker")
    arn = sagemaker.list_model_packages(ModelPackageGroupName=NAMES["model-package-group"])
    sagemaker.update_model_package(
        ModelPackageArn=arn["ModelPackageSummaryList"][0]["ModelPackageArn"],
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"dataset": f"s3://{BUCKET}/datasets/runs/r/dataset"},
    )
    assert world.answer("train", "start", "--dry-run")["new_characters"] == []


@pytest.fixture
def queues(world: World) -> dict[str, str]:  # noqa: ARG001
    """URLs of the label queue and of its dead letters."""
    made = {name: boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("labels", "dead")}
    for parameter, name in {"label-queue": "labels", "label-dead-letters": "dead"}.items():
        boto3.client("ssm").put_parameter(
            Name=f"/drawing-platform/dev/{parameter}", Value=made[name], Type="String", Overwrite=True
        )
    return made


def waiting(url: str) -> set[str]:
    found: set[str] = set()
    while messages := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found |= {message["Body"] for message in messages}
    return found


def test_replay_moves_every_dead_letter_back(world: World, queues: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr(dead_letters, "WAIT_SECONDS", 0)
    bodies = {f"event {number}" for number in range(25)}
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=queues["dead"], MessageBody=body)
    assert world.answer("train", "replay") == {"messages": 25}
    assert waiting(queues["labels"]) == bodies
    assert waiting(queues["dead"]) == set()
    assert "no message waits" in world.run("train", "replay").stdout


def test_a_dead_letter_that_cannot_be_sent_stays_where_it_is() -> None:
    deleted: list[str] = []

    class Queue:
        def receive_message(self, **_: Any) -> dict[str, Any]:
            return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in ("good", "bad")]}

        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            return {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Message": "too long"}]}

        def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> None:
            assert QueueUrl == "dead"
            deleted.extend(entry["ReceiptHandle"] for entry in Entries)

    with pytest.raises(OperatorError, match="1 messages were moved, then: too long; run it again"):
        dead_letters.move(Queue(), "dead", "labels")
    assert deleted == ["good"]
