"""What happens to an endpoint when its new version is bad: the old one goes on answering."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import lifetime
from emulator.api import ServiceError
from emulator.sagemaker.deployment import Guardrails, check
from tests.emulator import programs
from tests.emulator.conftest import ROLE, Client, wait_for

# A version whose environment says what is wrong with it; MODEL is the word that it answers.
SERVE = """
import os, signal, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

fault, asked = os.environ.get("FAULT", ""), 0
if fault == "crash":
    raise SystemExit("the model cannot be loaded")

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if fault == "hang":
            time.sleep(600)
        self.answer(200, b"")

    def do_POST(self):
        global asked
        asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        if fault == "slow":
            time.sleep(0.3)
        if fault == "memory" and asked == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        self.answer(500 if fault == "errors" and asked % 5 == 0 else 200, os.environ["MODEL"].encode())

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def versions(fast_account: lifetime.Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    return programs.push(fast_account.port, "versions", {"serve": SERVE}, tmp_path_factory.mktemp("image") / "context")


class Service:
    """An endpoint on a good version, and what its callers get."""

    def __init__(self, client: Client, image: str) -> None:
        self._client, self._image = client, image
        self.name = f"endpoint-{uuid.uuid4().hex[:8]}"
        self.config = self.make("good")
        client("sagemaker").create_endpoint(EndpointName=self.name, EndpointConfigName=self.config)
        assert self.settled()["EndpointStatus"] == "InService"
        self.answers: Counter[str] = Counter()

    def make(self, word: str, fault: str = "", startup_seconds: int = 60) -> str:
        name = f"{word}-{uuid.uuid4().hex[:8]}"
        container = {"Image": self._image, "Environment": {"MODEL": word, "FAULT": fault}}
        self._client("sagemaker").create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant = {
            "VariantName": "reader",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "ContainerStartupHealthCheckTimeoutInSeconds": startup_seconds,
        }
        self._client("sagemaker").create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def alarm(self, metric: str, threshold: float, **statistic: str) -> str:
        name = f"{self.name}-{metric}"
        dimensions = {"EndpointName": self.name, "VariantName": "reader"}
        self._client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Period=60,
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            Threshold=threshold,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            **statistic,
        )
        return name

    def update(self, config: str, alarms: list[str], bake: int = 300, limit: int = 3600, **more: Any) -> Any:
        """The endpoint after an update with half the traffic as a canary."""
        size = {"Type": "CAPACITY_PERCENT", "Value": 50}
        routing = {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": bake}
        deployment: dict[str, Any] = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": routing,
                "MaximumExecutionTimeoutInSeconds": limit,
            }
        }
        if alarms:
            deployment["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
        self._client("sagemaker").update_endpoint(
            EndpointName=self.name, EndpointConfigName=config, DeploymentConfig=deployment, **more
        )
        return self.settled()

    def describe(self) -> Any:
        return self._client("sagemaker").describe_endpoint(EndpointName=self.name)

    def settled(self) -> Any:
        return wait_for(lambda: (found := self.describe())["EndpointStatus"] in ("InService", "Failed") and found, 60)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Twenty requests a second; `answers` counts them."""
        ended = threading.Event()

        def ask() -> None:
            while not ended.wait(0.1):
                self.answers[self._ask()] += 1

        askers = [threading.Thread(target=ask) for _ in range(2)]
        for asker in askers:
            asker.start()
        yield
        ended.set()
        for asker in askers:
            asker.join()

    def _ask(self) -> str:
        runtime = self._client("sagemaker-runtime")
        try:
            return str(runtime.invoke_endpoint(EndpointName=self.name, Body=b"x")["Body"].read().decode())
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    def delete(self) -> None:
        self._client("sagemaker").delete_endpoint(EndpointName=self.name)


@pytest.fixture
def service(fast_client: Client, versions: str) -> Iterator[Service]:
    made = Service(fast_client, versions)
    yield made
    made.delete()


@pytest.mark.parametrize("fault", ["crash", "hang"])
def test_a_version_that_does_not_start_is_never_asked(service: Service, fault: str) -> None:
    with service.load():
        endpoint = service.update(service.make("bad", fault), [])
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", service.config)
    assert set(service.answers) == {"good"}


def test_a_version_with_server_errors_is_rolled_back_by_its_alarm(service: Service) -> None:
    alarm = service.alarm("Invocation5XXErrors", 1, Statistic="Sum")
    with service.load():
        endpoint = service.update(service.make("bad", "errors"), [alarm], bake=1200)
        time.sleep(0.5)
        before = service.answers["ModelError"]
        time.sleep(0.5)
    assert endpoint["EndpointConfigName"] == service.config
    assert 0 < before == service.answers["ModelError"]
    assert service.answers["bad"] > 0
    assert set(service.answers) == {"good", "bad", "ModelError"}


def test_a_slow_version_is_rolled_back_by_its_alarm(service: Service) -> None:
    alarm = service.alarm("ModelLatency", 200_000, ExtendedStatistic="p99")
    with service.load():
        endpoint = service.update(service.make("bad", "slow"), [alarm], bake=1200)
    assert endpoint["EndpointConfigName"] == service.config
    assert set(service.answers) == {"good", "bad"}


def test_a_version_that_is_killed_is_started_again_and_rolled_back_by_its_alarm(service: Service) -> None:
    alarm = service.alarm("Invocation5XXErrors", 1, Statistic="Sum")
    with service.load():
        endpoint = service.update(service.make("bad", "memory"), [alarm], bake=1200)
    assert endpoint["EndpointConfigName"] == service.config
    assert service.answers["ModelError"] > 0


def test_a_good_version_takes_the_traffic_in_steps_without_a_lost_request(service: Service) -> None:
    alarms = [
        service.alarm("Invocation5XXErrors", 1, Statistic="Sum"),
        service.alarm("ModelLatency", 5e6, ExtendedStatistic="p99"),
    ]
    new = service.make("better")
    with service.load():
        endpoint = service.update(new, alarms, bake=180)
    assert endpoint["EndpointConfigName"] == new
    assert endpoint["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"][0]["AlarmName"] == alarms[0]
    assert set(service.answers) == {"good", "better"}
    # Half for three seconds, then all for three.
    assert service.answers["better"] > service.answers["good"]


def test_a_deployment_that_takes_too_long_is_rolled_back(service: Service) -> None:
    started = time.monotonic()
    endpoint = service.update(service.make("bad", "hang", startup_seconds=3600), [], bake=60, limit=600)
    assert 9 < time.monotonic() - started < 20
    assert endpoint["EndpointConfigName"] == service.config


def test_a_running_deployment_shows_itself(service: Service, fast_client: Client) -> None:
    new = service.make("better")
    ended = threading.Thread(target=service.update, args=(new, []), kwargs={"bake": 120})
    ended.start()
    pending = wait_for(lambda: service.describe().get("PendingDeploymentSummary"))
    assert pending["EndpointConfigName"] == new

    def baking() -> Any:
        found = service.describe().get("PendingDeploymentSummary", {})
        return found if found.get("ProductionVariants", [{}])[0].get("CurrentInstanceCount") else None

    variant = wait_for(baking)["ProductionVariants"][0]
    assert variant["VariantStatus"][0]["Status"] in ("Creating", "ActivatingTraffic", "Baking")
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        fast_client("sagemaker").update_endpoint(EndpointName=service.name, EndpointConfigName=new)
    ended.join()
    assert "PendingDeploymentSummary" not in service.describe()


def test_an_alarm_that_rings_already_lets_no_request_through(service: Service, fast_client: Client) -> None:
    alarm = service.alarm("ModelLatency", 1, ExtendedStatistic="p99")
    with service.load():
        state = fast_client("cloudwatch").describe_alarms
        wait_for(lambda: state(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "ALARM")
        service.update(service.make("unwanted"), [alarm])
    assert set(service.answers) == {"good"}


@pytest.mark.parametrize(
    ("data", "image", "reason"),
    [
        ("s3://nowhere/model.tar.gz", "versions", 'Failed to download model data for container "container_1" from URL'),
        (None, "mute", "CannotStartContainerError"),
    ],
)
def test_a_failed_endpoint_says_why_in_sagemaker_s_words(
    fast_account: lifetime.Running,
    fast_client: Client,
    versions: str,
    tmp_path: Any,
    data: str | None,
    image: str,
    reason: str,
) -> None:
    sagemaker, name = fast_client("sagemaker"), f"failed-{uuid.uuid4().hex[:8]}"
    uri = versions
    if image == "mute":
        uri = programs.push(fast_account.port, "mute", {"train": "print('no server here')"}, tmp_path / "context")
    container = {"Image": uri, **({"ModelDataUrl": data} if data else {})}
    sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "reader", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    found = wait_for(lambda: (e := sagemaker.describe_endpoint(EndpointName=name))["EndpointStatus"] == "Failed" and e)
    assert reason in found["FailureReason"]
    with pytest.raises(ClientError, match="can only be deleted"):
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.delete_endpoint(EndpointName=name)


# --- the steps


def policy(kind: str, **size: Any) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": 60, **size},
            "TerminationWaitInSeconds": 120,
            "MaximumExecutionTimeoutInSeconds": 1800,
        }
    }


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


@pytest.mark.parametrize(
    ("deployment", "shares"),
    [
        ({}, (1.0,)),
        (policy("ALL_AT_ONCE"), (1.0,)),
        (policy("CANARY", CanarySize=percent(10)), (0.1, 1.0)),
        (policy("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1}), (0.25, 1.0)),
        (policy("LINEAR", LinearStepSize=percent(30)), (0.3, 0.6, 0.9, 1.0)),
        (policy("LINEAR", LinearStepSize=percent(50)), (0.5, 1.0)),
        (
            {"RollingUpdatePolicy": {"MaximumBatchSize": percent(33), "WaitIntervalInSeconds": 60}},
            (0.33, 0.66, 0.99, 1.0),
        ),
    ],
)
def test_steps_of_the_traffic(deployment: dict[str, Any], shares: tuple[float, ...]) -> None:
    assert Guardrails.of(deployment, instances=4).shares == pytest.approx(shares)


def test_every_step_is_watched_and_the_old_fleet_waits() -> None:
    guardrails = Guardrails.of(policy("LINEAR", LinearStepSize=percent(50)), instances=2)
    assert (guardrails.bake, guardrails.termination_wait, guardrails.limit) == (60, 120, 1800)
    assert guardrails.waits == 2 * 60 + 120


@pytest.mark.parametrize(
    ("deployment", "reason"),
    [
        (policy("CANARY"), "CanarySize is required"),
        (policy("LINEAR"), "LinearStepSize is required"),
        (policy("LINEAR", LinearStepSize=percent(60)), "At most 50 percent"),
        (policy("LINEAR", LinearStepSize=percent(1)), "must be larger than the time spent"),
        ({**policy("ALL_AT_ONCE"), "RollingUpdatePolicy": {"MaximumBatchSize": percent(50)}}, "Only one of"),
    ],
)
def test_guardrails_that_contradict_themselves_are_refused(deployment: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError, match=reason):
        check(deployment)
