"""`drawingops labels offer`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from cli import labels_offer
from cli.environment import Access, Environment, Names
from cli.labels_offer import Offered
from drawing_ocr.labelling.offer import Doubt, OfferReport, Parts, State, UncertainDrawing
from tests.cli.world import BUCKET, REGION

READ = datetime(2026, 11, 17, 9, tzinfo=UTC)
DRAWING = UncertainDrawing(
    sha256="ab" * 32,
    uri=f"s3://{BUCKET}/drawings/{'ab' * 32}.png",
    read=READ,
    score=0.5,
    parts=Parts(confidence=0.25, grammar=0.125, agreement=0.125),
    lines=20,
    expected_wrong=12.4,
    doubts=(Doubt(text="0382", wrong=0.91),),
)
REPORT = OfferReport(
    endpoint="reader",
    created=READ,
    state=State.WOULD_OFFER,
    model_version="3",
    week="2026-W47",
    budget=20,
    spent=4,
    captured=70,
    read_again=48,
    calibrated_on=412,
    least=0.1,
    drawings=(DRAWING,),
)
REQUEST = {
    "ProcessingJobName": "offer-dev-<aws.scheduler.execution-id>",
    "RoleArn": "arn:aws:iam::123456789012:role/offer",
    "AppSpecification": {
        "ImageUri": "image",
        "ContainerEntrypoint": ["offer"],
        "ContainerArguments": ["--endpoint", "reader"],
    },
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}},
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "offer",
                "S3Output": {
                    "S3Uri": f"s3://{BUCKET}/monitoring/reader/offers/looks/<aws.scheduler.scheduled-time>/",
                    "LocalPath": "/opt/ml/processing/offer",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
    },
}


class SageMaker:
    """Runs every job at once; what it would have written is there."""

    def __init__(self, environment: Environment, status: str) -> None:
        self.environment, self.status, self.requests = environment, status, list[dict[str, Any]]()
        self.exceptions = environment.client("ssm").exceptions
        self.variant: dict[str, Any] | None = None

    def create_processing_job(self, **request: Any) -> None:
        self.requests.append(request)
        uri = request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
        key = f"{uri.removeprefix(f's3://{BUCKET}/')}offer.json"
        self.environment.client("s3").put_object(Bucket=BUCKET, Key=key, Body=REPORT.to_json().encode())

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.variant is None:
            error = {"Error": {"Code": "ValidationException", "Message": f"Could not find endpoint {EndpointName}"}}
            raise self.exceptions.ClientError(error, "DescribeEndpoint")
        return {"ProductionVariants": [self.variant]}

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, str]:
        assert ProcessingJobName == self.requests[0]["ProcessingJobName"]
        return {"ProcessingJobStatus": self.status, "ExitMessage": "5 other looks were faster"}


class Account:
    """The command line before an account with or without a schedule."""

    def __init__(self, patch: pytest.MonkeyPatch, *, scheduled: bool, status: str = "Completed") -> None:
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
        nothing: dict[str, Any] = dict.fromkeys(Names.model_fields, "")
        environment = Environment("dev", Access(session), Names.model_construct(**nothing))
        environment.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        if scheduled:
            environment.client("ssm").put_parameter(
                Name="/drawing-platform/dev/offer-schedule", Value="offers", Type="String"
            )
            environment.client("scheduler").create_schedule(
                Name="offers",
                ScheduleExpression="rate(168 hours)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": "arn:aws:x", "RoleArn": REQUEST["RoleArn"], "Input": json.dumps(REQUEST)},
            )
        self.sagemaker = SageMaker(environment, status)
        client = Environment.client
        patch.setattr(
            Environment, "client", lambda own, name: self.sagemaker if name == "sagemaker" else client(own, name)
        )
        patch.setattr("cli.command.discover", lambda *_: environment)

    def run(self, *arguments: str) -> Any:
        """`drawingops labels offer ARGUMENTS`."""
        app = typer.Typer()
        app.callback()(lambda: None)
        labels_offer.add_to(app)
        return CliRunner().invoke(app, ["offer", *arguments, "--env", "dev"])


def test_a_dry_run_is_the_scheduled_job_that_only_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        account = Account(monkeypatch, scheduled=True)
        result = account.run("--dry-run", "--json")
    (request,) = account.sagemaker.requests
    assert request["AppSpecification"]["ContainerArguments"] == ["--endpoint", "reader", "--dry-run", "true"]
    assert "<aws" not in json.dumps(request)
    assert json.loads(result.stdout)["report"]["drawings"][0]["score"] == 0.5


def test_without_dry_run_the_job_is_as_scheduled(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        account = Account(monkeypatch, scheduled=True)
        assert account.run().exit_code == 0
    assert account.sagemaker.requests[0]["AppSpecification"] == REQUEST["AppSpecification"]


def test_people_see_what_would_be_chosen_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        shown = Account(monkeypatch, scheduled=True).run("--dry-run").stdout
    assert "70 drawings of reader, 48 read again: 1 would be offered" in shown
    assert "2026-W47: 5 of 20 drawings" in shown
    assert "███▓▓▒▒" in shown
    assert "0382 91%" in shown


def test_a_failed_job_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        result = Account(monkeypatch, scheduled=True, status="Failed").run()
    assert result.exit_code == 1
    assert "5 other looks were faster" in result.stderr


def test_an_environment_without_offers_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        account = Account(monkeypatch, scheduled=False)
        for account.sagemaker.variant in (None, {"VariantName": "reader", "CurrentInstanceCount": 1}):
            result = account.run()
            assert result.exit_code == 1
            assert "labelling.weekly_drawings above 0" in result.stderr


def test_of_a_serverless_endpoint_there_is_nothing_to_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        account = Account(monkeypatch, scheduled=False)
        account.sagemaker.variant = {"VariantName": "reader", "CurrentServerlessConfig": {"MemorySizeInMB": 6144}}
        result = account.run()
    assert result.exit_code == 1
    assert "its endpoint is serverless, of which SageMaker captures nothing" in " ".join(result.stderr.split())


def test_a_part_that_speaks_for_a_drawing_has_no_length() -> None:
    drawing = DRAWING.model_copy(update={"parts": Parts(confidence=0.6, grammar=-0.1)})
    assert labels_offer._bar(drawing).plain == "█" * 7
    assert Offered(report=REPORT.model_copy(update={"drawings": (drawing,)})).succeeded
