"""One readable message for each thing that happened."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from drawing_ocr.evaluation.report import (
    Difference,
    Differences,
    Evaluation,
    Gate,
    Metrics,
    RecognitionMetrics,
    TestSet,
)
from notify import handler
from notify.message import failed, refused, released, subject
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
    assert message["Subject"] == "Training refused: accuracy 0.50 < 0.85"
    assert message["Message"].splitlines()[0] == "accuracy 0.50 < 0.85"
    assert "run-1 was refused" in message["Message"]
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


def test_every_message_knows_its_run_so_that_its_log_line_joins_the_story() -> None:
    steps = [{"StepName": "Train", "StepStatus": "Failed", "FailureReason": "exit code 1"}]
    message = failed(ARN, "", steps, run_id="run-7")
    assert message is not None
    assert message.run_id == "run-7"
    news = {"about": "deployment", "subject": "s", "text": "t", "reason": "r"}
    assert released(news | {"run_id": "run-7"}).run_id == "run-7"
    assert released(news).run_id == ""


def test_a_failed_run_is_told_with_the_step_that_failed() -> None:
    steps = [
        {"StepName": "ResolveBaseModel", "StepStatus": "Succeeded"},
        {"StepName": "Prepare", "StepStatus": "Failed", "FailureReason": "image x.png is broken"},
    ]
    message = failed(ARN, "step failed", steps)
    assert message is not None
    assert message.reason == "Prepare: image x.png is broken"


def test_what_our_function_said_is_told_without_what_stands_around_it() -> None:
    around = "ClientError: The lambda function returned an error: PlatformError: v2 is Rejected meanwhile: train again"
    message = failed(ARN, "", [{"StepName": "Register", "StepStatus": "Failed", "FailureReason": around}])
    assert message is not None
    assert message.text.splitlines()[0] == "Register: v2 is Rejected meanwhile: train again"
    assert message.subject == "Training failed: Register: v2 is Rejected meanwhile: train again"


def test_a_failed_job_is_told_with_its_own_words() -> None:
    job = "arn:aws:sagemaker:eu-central-1:123456789012:processing-job/pipelines-x-Prepare"
    steps = [
        {"StepName": "ResolveBaseModel", "StepStatus": "Succeeded", "Metadata": {"Lambda": {"Arn": "f"}}},
        {
            "StepName": "Prepare",
            "StepStatus": "Failed",
            "FailureReason": "AlgorithmError: exit code 1",
            "Metadata": {"ProcessingJob": {"Arn": job}},
        },
    ]
    asked: list[str] = []

    def describe(*, ProcessingJobName: str) -> dict[str, str]:
        asked.append(ProcessingJobName)
        return {"ExitMessage": "s3://data/labels/a/manifest.jsonl: an empty batch"}

    sagemaker = SimpleNamespace(
        describe_pipeline_execution=lambda **_: {"FailureReason": "a step failed"},
        list_pipeline_execution_steps=lambda **_: {"PipelineExecutionSteps": steps},
        describe_processing_job=describe,
    )
    detail = {"pipelineExecutionArn": ARN, "currentPipelineExecutionStatus": "Failed"}
    message = handler.compose({"source": "aws.sagemaker", "detail": detail}, None, sagemaker)
    assert message is not None
    assert message.reason == "Prepare: s3://data/labels/a/manifest.jsonl: an empty batch"
    assert asked == ["pipelines-x-Prepare"]


def test_a_refusal_says_which_differences_may_be_chance() -> None:
    exact = Difference(value=-0.02, low=-0.05, high=0.01, verdict="noise")
    difference = Differences(drawings=9, resamples=2000, confidence=0.95, exact=exact, one_minus_ned=exact, cer=exact)
    metrics = Metrics(recognition=RecognitionMetrics(lines=1, exact=0, one_minus_ned=0, cer=1))
    gate = Gate(accuracy=0.9, regression_drop=0, champion_gain=-0.02, passed=0, reasons=("gain",))
    tested = TestSet(challenger=metrics, champion=metrics, difference=difference)
    message = refused("run-1", ARN, Evaluation(test_sets={"new": tested}, gate=gate))
    assert "gain over the released version       -2.00%  (95% interval -5.00% to +1.00%: may be chance)" in message.text


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
    assert subject("two\nlines") == "two lines"


def test_an_event_of_no_known_form_is_refused(inbox: Inbox) -> None:  # noqa: ARG001
    with pytest.raises(PlatformError, match="an event with the keys hello is of no known form"):
        handler.handle({"hello": 1}, Context())
