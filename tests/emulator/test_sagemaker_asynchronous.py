"""Asynchronous endpoints: answers lie in S3 and SNS tells."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import ROLE, Client, wait_for
from tests.emulator.test_sagemaker_endpoints import put_model, settled


class Endpoint:
    """An asynchronous endpoint whose notifications arrive in a queue."""

    def __init__(self, client: Client, bucket: str, image: str) -> None:
        self._client, self.bucket = client, bucket
        self.name = f"async-{uuid.uuid4().hex[:8]}"
        topic = client("sns").create_topic(Name=self.name)["TopicArn"]
        self._queue = client("sqs").create_queue(QueueName=self.name)["QueueUrl"]
        attributes = client("sqs").get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
        container = {"Image": image, "ModelDataUrl": put_model(client, bucket, "async")}
        client("sagemaker").create_model(ModelName=self.name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant = {"VariantName": "reader", "ModelName": self.name, "InitialInstanceCount": 1}
        client("sagemaker").create_endpoint_config(
            EndpointConfigName=self.name,
            ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}],
            AsyncInferenceConfig={
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
                "OutputConfig": {
                    "S3OutputPath": f"s3://{bucket}/async/{self.name}/out",
                    "S3FailurePath": f"s3://{bucket}/async/{self.name}/failed",
                    "NotificationConfig": {
                        "SuccessTopic": topic,
                        "ErrorTopic": topic,
                        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
                    },
                },
            },
        )
        client("sagemaker").create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)
        assert settled(client, self.name)["EndpointStatus"] == "InService"

    def put(self, body: bytes) -> str:
        key = f"async/{self.name}/in/{uuid.uuid4().hex}"
        self._client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def invoke(self, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=self.name, **request
        )
        return answer

    def content(self, uri: str) -> bytes:
        """An object, once it is there."""
        s3, key = self._client("s3"), uri.removeprefix(f"s3://{self.bucket}/")

        def look() -> Any:
            try:
                return s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except s3.exceptions.NoSuchKey:
                return None

        return bytes(wait_for(look))

    def notification(self) -> dict[str, Any]:
        """The next message of the topic."""

        def receive() -> Any:
            found = self._client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=1)
            return found.get("Messages")

        message = wait_for(receive)[0]
        self._client("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        document: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
        return document


@pytest.fixture(scope="module")
def endpoint(client: Client, bucket: str, image: str) -> Endpoint:
    return Endpoint(client, bucket, image)


def test_an_answer_is_an_object_and_a_notification(endpoint: Endpoint) -> None:
    source = endpoint.put(b"drawing")
    accepted = endpoint.invoke(InputLocation=source, ContentType="image/png", InferenceId="mine")
    assert accepted["InferenceId"] == "mine"
    assert accepted["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert accepted["OutputLocation"].startswith(f"s3://{endpoint.bucket}/async/{endpoint.name}/out/")
    body = endpoint.content(accepted["OutputLocation"])
    assert json.loads(body) == {"word": "async", "bytes": 7, "type": "image/png"}
    told = endpoint.notification()
    assert told["invocationStatus"] == "Completed"
    assert told["inferenceId"] == "mine"
    assert told["requestParameters"] == {
        "contentType": "image/png",
        "endpointName": endpoint.name,
        "inputLocation": source,
    }
    assert told["responseParameters"]["outputLocation"] == accepted["OutputLocation"]
    assert told["responseParameters"]["contentType"] == "application/json"


def test_a_failure_is_written_to_the_failure_path_and_told(endpoint: Endpoint) -> None:
    accepted = endpoint.invoke(InputLocation=endpoint.put(b"500"), InferenceId="sad")
    assert b"Received server error (500)" in endpoint.content(accepted["FailureLocation"])
    told = endpoint.notification()
    assert (told["invocationStatus"], told["inferenceId"]) == ("Failed", "sad")
    assert "Received server error (500)" in told["failureReason"]


def test_a_missing_input_is_a_failure_too(endpoint: Endpoint) -> None:
    accepted = endpoint.invoke(InputLocation=f"s3://{endpoint.bucket}/nowhere")
    assert b"s3://" in endpoint.content(accepted["FailureLocation"])
    assert endpoint.notification()["invocationStatus"] == "Failed"


def test_names_of_the_output_may_be_given(endpoint: Endpoint) -> None:
    accepted = endpoint.invoke(Body=b"inline", ContentType="text/x", S3OutputPathExtension="day", Filename="a.json")
    assert accepted["OutputLocation"] == f"s3://{endpoint.bucket}/async/{endpoint.name}/out/day/a.json"
    assert json.loads(endpoint.content(accepted["OutputLocation"]))["bytes"] == 6
    assert endpoint.notification()["invocationStatus"] == "Completed"


def test_the_backlog_is_measured(client: Client, endpoint: Endpoint) -> None:
    accepted = [endpoint.invoke(Body=b"x") for _ in range(5)]
    for each in accepted:
        endpoint.content(each["OutputLocation"])
        endpoint.notification()
    metrics = client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", MetricName="ApproximateBacklogSize")
    assert [{"Name": "EndpointName", "Value": endpoint.name}] in [each["Dimensions"] for each in metrics["Metrics"]]


def test_an_endpoint_is_either_synchronous_or_asynchronous(client: Client, endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint.name, Body=b"x")
    assert "AsyncInferenceConfig" in client("sagemaker").describe_endpoint(EndpointName=endpoint.name)


def test_input_is_given_once(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="Exactly one of"):
        endpoint.invoke(InputLocation=f"s3://{endpoint.bucket}/a", Body=b"x")
