"""One readable message for each thing that happened."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from drawing_ocr.evaluation.report import Evaluation, Gate, Metrics, RecognitionMetrics, TestSet
from notify import handler
from notify.message import failed, subject
from shared.errors import PlatformError
from tests.lambda_context import Context

BUCKET = "data"
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/p/execution/abcdefghijkl"
REFUSED = {"RunId": "run-1", "EvaluationUri": "s3://data/evaluation", "PipelineExecutionArn": ARN}
RELEASED = {"about": "deployment e 1", "subject": "e: v2 succeeded", "text": "e: v2 serves", "reason": "v2 serves"}


class Inbox:
    """What the topic's subscriber receives."""

    def __init__(self) -> None:
        self.sqs = boto3.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns = boto3.client("sns")
        self.topic = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def messages(self) -> list[dict[str, Any]]:
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(item["Body"]) for item in received]


@pytest.fixture
def inbox(account: None, monkeypatch: pytest.MonkeyPatch) -> Inbox:  # noqa: ARG001
    boto3.client("dynamodb").create_table(
        TableName="told",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    tested = TestSet(challenger=Metrics(recognition=RecognitionMetrics(lines=1, exact=0, one_minus_ned=0, cer=1)))
    gate = Gate(accuracy=0.5, regression_drop=0.02, champion_gain=-0.1, passed=0, reasons=("accuracy 0.50 < 0.85",))
    report = Evaluation(test_sets={"new": tested, "regression": tested}, gate=gate)
    s3.put_object(Bucket=BUCKET, Key="evaluation/evaluation.json", Body=report.to_json().encode())
    made = Inbox()
    monkeypatch.setenv("TOPIC_ARN", made.topic)
    monkeypatch.setenv("TABLE", "told")
    return made


def test_a_refusal_is_told_with_its_reason_and_numbers(inbox: Inbox) -> None:
    assert handler.handle(dict(REFUSED), Context()) == {"Reason": "accuracy 0.50 < 0.85"}
    (message,) = inbox.messages()
    assert message["Subject"] == "Training run run-1 was refused"
    assert "accuracy 0.50 < 0.85" in message["Message"]
    assert "50.00%" in message["Message"]
    assert ARN in message["Message"]


def test_the_same_news_is_told_once_and_answered_alike(inbox: Inbox) -> None:
    answers = [handler.handle(dict(REFUSED), Context()) for _ in range(3)]
    assert answers == [{"Reason": "accuracy 0.50 < 0.85"}] * 3
    assert len(inbox.messages()) == 1


def test_news_that_could_not_be_published_is_told_by_the_retry(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_ARN", f"{inbox.topic}-gone")
    with pytest.raises(Exception, match=r"NotFound|does not exist"):
        handler.handle(dict(REFUSED), Context())
    monkeypatch.setenv("TOPIC_ARN", inbox.topic)
    handler.handle(dict(REFUSED), Context())
    assert len(inbox.messages()) == 1


def test_a_release_is_told(inbox: Inbox) -> None:
    handler.handle(dict(RELEASED), Context())
    (message,) = inbox.messages()
    assert (message["Subject"], message["Message"]) == ("e: v2 succeeded", "e: v2 serves")


def test_a_failed_run_is_told_with_the_step_that_failed() -> None:
    steps = [
        {"StepName": "ResolveBaseModel", "StepStatus": "Succeeded"},
        {"StepName": "Prepare", "StepStatus": "Failed", "FailureReason": "image x.png is broken"},
    ]
    message = failed(ARN, "step failed", steps)
    assert message is not None
    assert message.reason == "Prepare: image x.png is broken"


def test_the_end_of_a_refused_run_is_no_second_news() -> None:
    assert failed(ARN, "", [{"StepName": "Refused", "StepStatus": "Failed", "FailureReason": "gate"}]) is None


def test_an_execution_that_did_not_fail_is_no_news(inbox: Inbox) -> None:
    detail = {"pipelineExecutionArn": ARN, "currentPipelineExecutionStatus": "Succeeded"}
    assert handler.handle({"source": "aws.sagemaker", "detail": detail}, Context()) == {"Reason": ""}
    assert inbox.messages() == []


def test_a_subject_is_short_ascii() -> None:
    said = subject("⌀" * 200)
    assert said.isascii()
    assert len(said) < 100


def test_an_event_of_no_known_form_is_refused(inbox: Inbox) -> None:  # noqa: ARG001
    with pytest.raises(PlatformError, match="an event with the keys hello is of no known form"):
        handler.handle({"hello": 1}, Context())
