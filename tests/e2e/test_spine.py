"""The whole length of the product, from `cdk deploy` to `cdk destroy`, through boto3 and HTTP as a stranger would."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.note_page import draw_note_page, draw_structured_note_page
from tests.e2e.account import Account, deployed_account, eventually, free_port, message_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

STACKS = {
    f"drawing-platform-local-{name}"
    for name in ("Data", "Images", "Labelling", "Monitoring", "Release", "Search", "Serving", "Training")
}
RUN_SECONDS = 300
RELEASE_SECONDS = 90


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with deployed_account(tmp_path_factory.mktemp("account"), free_port()) as deployed:
        yield deployed


class Stranger:
    """Somebody with credentials and boto3, who knows the names of the environment."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.names = account.names
        self.sagemaker = account.client("sagemaker")
        self.runtime = account.client("sagemaker-runtime")

    def versions(self) -> dict[int, dict[str, Any]]:
        listed = self.sagemaker.list_model_packages(ModelPackageGroupName=self.names["model-package-group"])
        return {item["ModelPackageVersion"]: item for item in listed["ModelPackageSummaryList"]}

    def decide(self, version: int, status: str) -> None:
        arn = self.versions()[version]["ModelPackageArn"]
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)

    def serving(self) -> str | None:
        """The version that answers, asked over HTTP; None while nothing answers."""
        try:
            return str(self.read(picture())["model"]["version"])
        except (self.sagemaker.exceptions.ClientError, self.runtime.exceptions.ClientError):
            return None

    def read(self, drawing: bytes) -> dict[str, Any]:
        answer = self.runtime.invoke_endpoint(
            EndpointName=self.names["endpoint-name"], ContentType="image/png", Body=drawing
        )
        read: dict[str, Any] = json.loads(answer["Body"].read())
        return read

    def wait_until_serving(self, version: str) -> None:
        eventually(
            lambda: True if self.serving() == version else None, seconds=RELEASE_SECONDS, what=f"v{version} serves"
        )
        eventually(lambda: self.last_release("SUCCEEDED", version), seconds=RELEASE_SECONDS, what="release recorded")

    def last_release(self, status: str, version: str) -> dict[str, Any] | None:
        listed = self.account.client("dynamodb").query(
            TableName=self.names["history-table"],
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": self.names["endpoint-name"]}},
            ScanIndexForward=False,
        )["Items"]
        if listed and (listed[0]["status"]["S"], listed[0]["to_version"]["S"]) == (status, version):
            return dict(listed[0])
        return None

    def upload(self, folder: Path, batch: str) -> None:
        """Pictures first, the manifest last: that is the event."""
        s3, bucket = self.account.client("s3"), self.names["data-bucket"]
        for path in sorted((folder / "images").iterdir()):
            s3.upload_file(str(path), bucket, f"labels/{batch}/images/{path.name}")
        s3.upload_file(str(folder / "manifest.jsonl"), bucket, f"labels/{batch}/manifest.jsonl")

    def executions(self) -> list[dict[str, Any]]:
        listed = self.sagemaker.list_pipeline_executions(PipelineName=self.names["pipeline-name"])
        return list(listed["PipelineExecutionSummaries"])

    def ended(self, known: int) -> dict[str, Any]:
        """The execution that comes after the first `known` ones, once it has ended."""
        started = eventually(
            lambda: self.executions() if len(self.executions()) > known else None, seconds=60, what="a run starts"
        )
        assert len(started) == known + 1
        newest = max(started, key=lambda item: item["StartTime"])["PipelineExecutionArn"]

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=newest)
            return found if found["PipelineExecutionStatus"] not in ("Executing", "Stopping") else None

        return eventually(look, seconds=RUN_SECONDS, what=f"{newest} ends")

    def steps(self, execution: dict[str, Any]) -> dict[str, tuple[str, str]]:
        """Status and reason of failure of each step."""
        listed = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution["PipelineExecutionArn"])
        return {
            step["StepName"]: (step["StepStatus"], step.get("FailureReason", ""))
            for step in listed["PipelineExecutionSteps"]
        }

    def subscribe(self) -> str:
        """A queue that hears every alert."""
        sqs = self.account.client("sqs")
        queue = sqs.create_queue(QueueName="stranger")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.account.client("sns").subscribe(TopicArn=self.names["alerts-topic-arn"], Protocol="sqs", Endpoint=arn)
        return str(queue)

    def messages(self, queue: str) -> list[str]:
        received = self.account.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [message_of(message) for message in received.get("Messages", [])]


class Load(threading.Thread):
    """Asks the endpoint again and again; counts who was answered by which version, and who was not."""

    def __init__(self, stranger: Stranger) -> None:
        super().__init__(daemon=True)
        self._stranger, self._enough = stranger, threading.Event()
        self.answered: list[str] = []
        self.failures: list[str] = []

    def run(self) -> None:
        drawing = picture()
        while not self._enough.is_set():
            try:
                self.answered.append(str(self._stranger.read(drawing)["model"]["version"]))
            except Exception as error:
                self.failures.append(str(error))
            time.sleep(0.05)

    def stop(self) -> None:
        self._enough.set()
        self.join(timeout=30)


def picture() -> bytes:
    """A small drawing with one line of text."""
    image = draw_note_page(3)[0][:220, :500]
    return cv2.imencode(".png", image)[1].tobytes()


def test_labels_become_a_released_version_and_bad_labels_do_not(account: Account, tmp_path: Path) -> None:
    stranger = Stranger(account)
    alerts = stranger.subscribe()

    # Version 1 waits for approval; approving it makes the endpoint.
    assert stranger.versions()[1]["ModelApprovalStatus"] == "PendingManualApproval"
    assert stranger.serving() is None
    stranger.decide(1, "Approved")
    stranger.wait_until_serving("1")

    # Labels that the official reader reads well, so that a few seconds of training pass the gate.
    write_batch(tmp_path / "good", 5, seed=41, draw=draw_structured_note_page, processes=1)
    stranger.upload(tmp_path / "good", "good")
    good = stranger.ended(known=0)
    assert good["PipelineExecutionStatus"] == "Succeeded", (good, stranger.steps(good))
    assert stranger.steps(good)["Register"] == ("Succeeded", "")
    assert sorted(stranger.versions()) == [1, 2]
    described = stranger.sagemaker.describe_model_package(ModelPackageName=stranger.versions()[2]["ModelPackageArn"])
    metadata = described["CustomerMetadataProperties"]
    assert metadata["parent"] == stranger.versions()[1]["ModelPackageArn"]
    assert float(metadata["accuracy"]) >= 0.85

    # Nobody notices the change of version.
    load = Load(stranger)
    load.start()
    stranger.decide(2, "Approved")
    stranger.wait_until_serving("2")
    load.stop()
    assert load.failures == []
    assert load.answered[0] == "1"
    assert load.answered[-1] == "2"

    # Wrong labels: refused, told, not registered.
    write_batch(tmp_path / "bad", 5, seed=42, draw=draw_structured_note_page, processes=1, wrong_labels=1.0)
    stranger.upload(tmp_path / "bad", "bad")
    bad = stranger.ended(known=1)
    assert bad["PipelineExecutionStatus"] == "Failed"
    status, reason = stranger.steps(bad)["Refused"]
    assert status == "Failed"
    assert "accuracy" in reason
    assert sorted(stranger.versions()) == [1, 2]
    told = eventually(
        lambda: next((text for text in stranger.messages(alerts) if "refused" in text), None), seconds=30, what="alert"
    )
    assert "Nothing was registered" in told

    # The live version is rejected: the one before it serves again.
    stranger.decide(2, "Rejected")
    stranger.wait_until_serving("1")


def test_a_second_deployment_changes_nothing_and_destroying_leaves_nothing(account: Account) -> None:
    """After all the above: with versions, an endpoint, runs and labels in the account."""
    assert live_stacks(account) == {"CDKToolkit", *STACKS}
    before = functions(account)
    again = account.cdk.deploy()
    assert len(re.findall(r"\(no changes\)", again)) == len(STACKS)
    assert functions(account) == before

    sagemaker = account.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"], "the workflow's endpoint is what no stack owns"
    account.cdk.destroy()
    assert live_stacks(account) == {"CDKToolkit"}
    assert functions(account) == {}
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert sagemaker.list_pipelines()["PipelineSummaries"] == []
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    buckets = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if not name.startswith("cdk-")] == []
    assert account.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    left = account.client("ssm").get_parameters_by_path(Path="/drawing-platform/", Recursive=True)
    assert left["Parameters"] == []


def live_stacks(account: Account) -> set[str]:
    listed = account.client("cloudformation").list_stacks()["StackSummaries"]
    return {stack["StackName"] for stack in listed if stack["StackStatus"] != "DELETE_COMPLETE"}


def functions(account: Account) -> dict[str, str]:
    """The checksum of the code of each function."""
    listed = account.client("lambda").list_functions()["Functions"]
    return {item["FunctionName"]: item["CodeSha256"] for item in listed}
