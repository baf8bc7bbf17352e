"""Endpoints: served processes behind InvokeEndpoint, replaced without a failed request."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import ROLE, Client, wait_for


def put_model(client: Client, bucket: str, word: str) -> str:
    archive = io.BytesIO()
    body = json.dumps({"word": word}).encode()
    with tarfile.open(fileobj=archive, mode="w:gz") as content:
        entry = tarfile.TarInfo("model.json")
        entry.size = len(body)
        content.addfile(entry, io.BytesIO(body))
    key = f"packages/{uuid.uuid4().hex}/model.tar.gz"
    client("s3").put_object(Bucket=bucket, Key=key, Body=archive.getvalue())
    return f"s3://{bucket}/{key}"


def make_config(client: Client, bucket: str, image: str, word: str, environment: dict[str, str] | None = None) -> str:
    name = f"{word}-{uuid.uuid4().hex[:8]}"
    container = {"Image": image, "ModelDataUrl": put_model(client, bucket, word), "Environment": environment or {}}
    client("sagemaker").create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2,
        "ContainerStartupHealthCheckTimeoutInSeconds": 60,
    }
    client("sagemaker").create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    return name


def settled(client: Client, name: str) -> Any:
    def done() -> Any:
        endpoint = client("sagemaker").describe_endpoint(EndpointName=name)
        return endpoint if endpoint["EndpointStatus"] in ("InService", "Failed") else None

    return wait_for(done, 40)


def make_endpoint(client: Client, config: str) -> str:
    name = f"endpoint-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"] in ("Creating", "InService")
    assert settled(client, name)["EndpointStatus"] == "InService"
    return name


def ask(client: Client, name: str, body: bytes = b"xyz") -> dict[str, Any]:
    answer = client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=body, ContentType="text/x")
    document: dict[str, Any] = json.loads(answer["Body"].read())
    return document


def alarm(client: Client, state: str) -> str:
    name = f"alarm-{uuid.uuid4().hex[:8]}"
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",  # the state that is set here stays, since nothing is measured
    )
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return name


def blue_green(routing: dict[str, Any], alarms: list[str], bake: int = 0) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": bake,
            "MaximumExecutionTimeoutInSeconds": 600,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]},
    }


CANARY = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 1}


def has_latency(client: Client, endpoint: str) -> bool:
    metrics = client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", MetricName="ModelLatency")["Metrics"]
    return any({"Name": "EndpointName", "Value": endpoint} in metric["Dimensions"] for metric in metrics)


def test_an_endpoint_answers_with_its_model(client: Client, bucket: str, image: str) -> None:
    name = make_endpoint(client, make_config(client, bucket, image, "first"))
    assert ask(client, name) == {"word": "first", "bytes": 3, "type": "text/x"}
    wait_for(lambda: has_latency(client, name))  # metrics come after the answer, as in AWS
    client("sagemaker").delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="Could not find"):
        client("sagemaker").describe_endpoint(EndpointName=name)


def test_no_request_fails_while_the_endpoint_is_replaced(client: Client, bucket: str, image: str) -> None:
    name = make_endpoint(client, make_config(client, bucket, image, "before"))
    new = make_config(client, bucket, image, "after")
    words: list[str] = []
    failures: list[Exception] = []
    ended = threading.Event()

    def keep_asking() -> None:
        while not ended.is_set():
            try:
                words.append(ask(client, name)["word"])
            except Exception as error:
                failures.append(error)

    askers = [threading.Thread(target=keep_asking) for _ in range(3)]
    for asker in askers:
        asker.start()
    deployment = blue_green(CANARY, [alarm(client, "OK")])
    client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=deployment)
    assert client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating"
    endpoint = settled(client, name)
    time.sleep(0.3)
    ended.set()
    for asker in askers:
        asker.join()
    assert failures == []
    assert endpoint["EndpointConfigName"] == new
    assert set(words) == {"before", "after"}
    assert words[-1] == "after"
    client("sagemaker").delete_endpoint(EndpointName=name)


def test_an_alarm_rolls_an_update_back_silently(client: Client, bucket: str, image: str) -> None:
    old = make_config(client, bucket, image, "good")
    name = make_endpoint(client, old)
    new = make_config(client, bucket, image, "worse")
    deployment = blue_green(CANARY, [alarm(client, "ALARM")])
    client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=deployment)
    endpoint = settled(client, name)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", old)
    assert ask(client, name)["word"] == "good"
    client("sagemaker").delete_endpoint(EndpointName=name)


def test_a_fleet_that_does_not_become_healthy_is_rolled_back(client: Client, bucket: str, image: str) -> None:
    old = make_config(client, bucket, image, "good")
    name = make_endpoint(client, old)
    new = make_config(client, bucket, image, "sick", {"CRASH": "yes"})
    client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=new)
    endpoint = settled(client, name)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", old)
    client("sagemaker").delete_endpoint(EndpointName=name)


def test_an_endpoint_whose_server_dies_at_once_fails(client: Client, bucket: str, image: str) -> None:
    config = make_config(client, bucket, image, "sick", {"CRASH": "yes"})
    name = f"endpoint-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    endpoint = settled(client, name)
    assert endpoint["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in endpoint["FailureReason"]
    client("sagemaker").delete_endpoint(EndpointName=name)


def test_retained_variant_properties_survive_an_update(client: Client, bucket: str, image: str) -> None:
    name = make_endpoint(client, make_config(client, bucket, image, "a"))
    client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}]
    )
    new = make_config(client, bucket, image, "b")
    client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=new, RetainAllVariantProperties=True)
    assert settled(client, name)["ProductionVariants"][0]["DesiredInstanceCount"] == 5
    client("sagemaker").delete_endpoint(EndpointName=name)


@pytest.mark.parametrize("status", [422, 500])
def test_an_error_of_the_container_is_a_model_error(client: Client, bucket: str, image: str, status: int) -> None:
    name = make_endpoint(client, make_config(client, bucket, image, "a"))
    with pytest.raises(client("sagemaker-runtime").exceptions.ModelError) as caught:
        ask(client, name, str(status).encode())
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert caught.value.response["OriginalStatusCode"] == status
    assert json.loads(caught.value.response["OriginalMessage"]) == {"error": "bad"}
    client("sagemaker").delete_endpoint(EndpointName=name)


def test_an_unknown_endpoint_is_named(client: Client) -> None:
    with pytest.raises(ClientError, match="Endpoint nowhere of account 123456789012 not found"):
        ask(client, "nowhere")


def test_more_than_half_the_traffic_cannot_be_a_canary(client: Client, bucket: str, image: str) -> None:
    name = make_endpoint(client, make_config(client, bucket, image, "a"))
    routing = {**CANARY, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 80}}
    with pytest.raises(ClientError, match="At most 50 percent"):
        client("sagemaker").update_endpoint(
            EndpointName=name,
            EndpointConfigName=make_config(client, bucket, image, "b"),
            DeploymentConfig=blue_green(routing, []) | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "x"}]}},
        )
    client("sagemaker").delete_endpoint(EndpointName=name)
