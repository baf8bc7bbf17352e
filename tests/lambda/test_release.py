"""The release workflow: one version at a time, the right one, told truly, whatever is repeated, late or killed."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.lambda_registry import GROUP, add_version
from tests.lambda_release import ENDPOINT, LEASE, READING, SHADOW, ReleaseWorld
from tests.state_machine import FAILED, SUCCEEDED, Execution


@pytest.fixture
def world(account: None, monkeypatch: pytest.MonkeyPatch) -> ReleaseWorld:  # noqa: ARG001
    made = ReleaseWorld()
    monkeypatch.setattr(boto3, "client", made.client)
    monkeypatch.setattr("time.time", made.clock)
    for name, value in made.variables().items():
        monkeypatch.setenv(name, value)
    return made


def settings(monkeypatch: pytest.MonkeyPatch, world: ReleaseWorld, **changed: Any) -> None:
    monkeypatch.setenv("ENDPOINT", world.variables(**changed)["ENDPOINT"])


def until(execution: Execution, state: str) -> Execution:
    """Runs to the point before `state` is entered."""
    for _ in range(200):
        if execution.state == state:
            return execution
        execution.step()
    raise AssertionError(f"{state} was not reached: {execution.entered[-10:]}")


# --- one release


def test_the_first_version_creates_the_endpoint(world: ReleaseWorld) -> None:
    arn = add_version(world.registry, accuracy="0.91", regression_exact="0.98")
    execution = world.release(model_package_arn=arn)
    assert execution.status == SUCCEEDED
    (model,) = world.sagemaker.models.values()
    assert model["PrimaryContainer"]["Environment"] == {"MODEL_PACKAGE_VERSION": "1"}
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert world.sagemaker.live() == "1"
    assert world.owner() == ""


def test_the_history_says_who_when_from_to_why_how_long_and_with_what(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.release(
        model_package_arn=add_version(world.registry, accuracy="0.91"), requested_by="ada", reason="reads more"
    )
    first, second = world.history()
    assert (second["status"], second["from_version"], second["to_version"]) == ("SUCCEEDED", "1", "2")
    assert (second["requested_by"], second["reason"], second["action"]) == ("ada", "reads more", "deploy")
    assert second["started"] < second["began"] < second["ended"]
    assert float(second["seconds"]) > 0
    assert second["from_config"] == first["endpoint_config"]
    assert second["endpoint_config"] == world.sagemaker.endpoints[ENDPOINT]["config"]
    assert json.loads(second["metrics"]) == {"accuracy": "0.91"}
    assert json.loads(second["deployment_config"]) == world.sagemaker.called("UpdateEndpoint")[0]["DeploymentConfig"]
    assert second["message"] == "v2 serves"


def test_the_run_that_made_the_version_goes_with_its_release(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, str]] = []
    monkeypatch.setattr("release.handler.logger.append_keys", lambda **keys: said.append(keys))
    execution = world.release(model_package_arn=add_version(world.registry, run_id="run-7"))
    assert world.entry(execution)["run_id"] == "run-7"
    assert world.news[-1]["run_id"] == "run-7"
    # Plan begins before it knows the version; from then on every line carries the run.
    assert [keys["correlation_id"] for keys in said[1:]] == ["run-7"] * (len(said) - 1)
    assert len(said) > 3


def test_an_update_shifts_traffic_under_alarms_and_keeps_the_fleet(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
    (update,) = world.sagemaker.called("UpdateEndpoint")
    assert update["RetainAllVariantProperties"] is True
    config = update["DeploymentConfig"]
    assert config["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]}
    policy = config["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 300,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
    }
    assert policy["MaximumExecutionTimeoutInSeconds"] == 1800
    assert policy["TerminationWaitInSeconds"] == 60


@pytest.mark.parametrize(
    ("strategy", "routing"),
    [
        ("all_at_once", {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}),
        (
            "linear",
            {
                "Type": "LINEAR",
                "WaitIntervalInSeconds": 300,
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 10},
            },
        ),
    ],
)
def test_the_strategy_is_that_of_the_settings(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, strategy: str, routing: dict[str, Any]
) -> None:
    settings(monkeypatch, world, strategy=strategy)
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
    (update,) = world.sagemaker.called("UpdateEndpoint")
    assert update["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == routing


def test_a_setting_that_was_not_applied_is_told(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.forgets_deployment_config = True
    execution = world.release(model_package_arn=add_version(world.registry))
    message = world.entry(execution)["message"]
    assert message.startswith("v2 serves, but not as it was told: BlueGreenUpdatePolicy: ")
    assert "AutoRollbackConfiguration" in message
    assert world.news[-1]["reason"] == message


def test_a_fleet_that_shrank_is_told(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.endpoints[ENDPOINT]["instances"] = 4
    execution = until(world.start(model_package_arn=add_version(world.registry)), "Verify")
    world.sagemaker.endpoints[ENDPOINT]["instances"] = 2
    assert "instances: 4 before, 2 now" in world.entry(execution.run())["message"]


def test_a_serverless_endpoint_has_neither_machines_nor_guardrails(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    serverless = {"memory_mb": 6144, "max_concurrency": 4}
    settings(monkeypatch, world, serverless=serverless, autoscaling=None, subnets=[], security_groups=[])
    for _ in range(2):
        assert world.release(model_package_arn=add_version(world.registry)).status == SUCCEEDED
    for config in world.sagemaker.configs.values():
        (variant,) = config["ProductionVariants"]
        assert variant["ServerlessConfig"] == {"MemorySizeInMB": 6144, "MaxConcurrency": 4}
        assert not {"InstanceType", "InitialInstanceCount"} & variant.keys()
        assert "KmsKeyId" not in config
    (update,) = world.sagemaker.called("UpdateEndpoint")
    assert update.keys() == {"EndpointName", "EndpointConfigName"}
    assert world.history()[-1]["message"] == "v2 serves"


def test_scaling_is_registered_and_the_same_after_every_release(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
        assert list(world.scaling.targets) == [f"endpoint/{ENDPOINT}/variant/reader"]
        assert list(world.scaling.policies) == [f"{ENDPOINT}-invocations"]


def test_scaling_that_fails_undoes_no_release_but_is_told(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "RegisterScalableTarget")

    monkeypatch.setattr(world.scaling, "register_scalable_target", refuse)
    execution = world.release(model_package_arn=add_version(world.registry))
    assert world.entry(execution)["status"] == "SUCCEEDED"
    assert "but scaling or tidying up failed" in world.entry(execution)["message"]


def test_configurations_go_but_those_of_the_last_versions_that_served(world: ReleaseWorld) -> None:
    for _ in range(4):
        world.release(model_package_arn=add_version(world.registry))
    assert [name.split("-")[2] for name in world.sagemaker.configs] == ["v3", "v4"]
    assert set(world.sagemaker.models) == set(world.sagemaker.configs)
    world.release(target="1")
    assert world.sagemaker.live() == "1"


def test_configurations_of_another_endpoint_are_left_alone(world: ReleaseWorld) -> None:
    other = f"{ENDPOINT}-local-v1-0123abcd"
    world.sagemaker.configs[other] = {}
    for _ in range(4):
        world.release(model_package_arn=add_version(world.registry))
    assert other in world.sagemaker.configs


# --- the check before traffic


def test_a_version_answers_alone_before_it_gets_traffic(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    execution = world.start(model_package_arn=add_version(world.registry))
    until(execution, "Apply")
    assert "Check" in execution.entered
    assert world.sagemaker.endpoints[ENDPOINT]["status"] == "InService"
    assert SHADOW not in world.sagemaker.endpoints
    shadows = [call for call in world.sagemaker.called("CreateEndpointConfig") if SHADOW in call["EndpointConfigName"]]
    assert [call["ProductionVariants"][0]["InitialInstanceCount"] for call in shadows] == [1, 1]
    assert shadows[1]["ProductionVariants"][0]["InstanceType"] == "ml.m5.large"


def slow(world: ReleaseWorld) -> Any:
    def answer() -> Any:
        world.clock.now += 6
        return READING | {"model": {"name": "reader", "version": "2"}}

    return answer


def model_error(_: ReleaseWorld) -> Any:
    response: Any = {"Error": {"Code": "ModelError", "Message": "long"}, "OriginalMessage": "out of memory"}
    return ClientError(response, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (lambda _: (b"<html>", "text/html"), "it answered with text/html, not application/json"),
        (lambda _: (b"<html>", "application/json"), "the answer is no JSON"),
        (lambda _: {"text": "12.5"}, "the answer has no predictions"),
        (lambda _: READING | {"predictions": [{"text": 5}]}, "the answer's predictions.0.box: Field required"),
        (lambda _: READING | {"predictions": [], "model": {"name": "r", "version": "2"}}, "it read nothing"),
        (lambda _: READING | {"model": {"name": "r", "version": "1"}}, "version 1 answered, not 2"),
        (model_error, "it answered with an error: out of memory"),
        (lambda _: ReadTimeoutError(endpoint_url="x"), "no answer: Read timeout"),
        (slow, "bore.png took 6.0 s, at most 5.0 s are allowed"),
    ],
)
def test_a_version_that_answers_wrongly_never_comes_near_the_traffic(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, answers: Any, why: str
) -> None:
    monkeypatch.setattr("release.shadow.time", SimpleNamespace(monotonic=world.clock))
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.answers["2"] = answers(world)
    execution = world.release(model_package_arn=add_version(world.registry))
    assert execution.status == FAILED
    entry = world.entry(execution)
    assert entry["status"] == "FAILED"
    assert entry["message"].startswith("v2 failed the check before traffic: ")
    assert why in entry["message"]
    assert world.sagemaker.called("UpdateEndpoint") == []
    assert list(world.sagemaker.endpoints) == [ENDPOINT]
    assert why in world.news[-1]["text"]


def test_a_version_that_does_not_start_never_comes_near_the_traffic(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.unfit.add("2")
    execution = world.release(model_package_arn=add_version(world.registry))
    assert world.entry(execution)["message"] == "v2 failed the check before traffic: it did not start: no ping"
    assert list(world.sagemaker.endpoints) == [ENDPOINT]
    assert world.sagemaker.live() == "1"


def test_the_way_back_to_a_version_that_served_needs_no_check(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
    execution = world.release(target="previous")
    assert "Check" not in execution.entered
    assert world.sagemaker.live() == "1"


def test_what_a_killed_check_left_behind_is_removed(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    killed = world.start(model_package_arn=add_version(world.registry))
    until(killed, "WaitForCheck")
    assert SHADOW in world.sagemaker.endpoints
    world.release(**world.kill(killed))
    assert list(world.sagemaker.endpoints) == [ENDPOINT]


# --- what goes wrong


def test_a_silent_rollback_is_told_with_the_alarm_that_caused_it(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.bad.add("2")
    world.sagemaker.patience = 3
    execution = until(world.start(model_package_arn=add_version(world.registry)), "Verify")
    world.alarms.firing["errors"] = "Threshold Crossed: 24 >= 3"
    execution.step()
    world.alarms.firing.clear()  # it may be over by the time the endpoint is back
    execution.run()
    assert execution.status == FAILED
    entry = world.entry(execution)
    assert entry["status"] == "ROLLED_BACK"
    assert "v2 was rolled back, drawing-reader-v1-" in entry["message"]
    assert "alarm errors: Threshold Crossed: 24 >= 3" in entry["message"]
    assert world.news[-1]["reason"] == entry["message"]
    assert world.news[-1]["subject"] == "drawing-reader: deployment of v2 rolled back"
    assert world.owner() == ""


def test_a_rollback_without_an_alarm_has_a_reason_too(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.bad.add("2")
    execution = world.release(model_package_arn=add_version(world.registry))
    assert "its fleet did not become healthy, or the update took too long" in world.entry(execution)["message"]


def test_an_endpoint_that_fails_is_a_failure_and_is_made_anew_next_time(world: ReleaseWorld) -> None:
    arn = add_version(world.registry)
    execution = until(world.start(model_package_arn=arn), "Verify")
    world.sagemaker.endpoints[ENDPOINT] |= {"status": "Failed", "reason": "no capacity"}
    assert execution.run().status == FAILED
    assert world.entry(execution)["message"] == "endpoint drawing-reader is Failed: no capacity"
    assert world.release(model_package_arn=arn).status == SUCCEEDED
    assert world.sagemaker.live() == "1"


def test_a_step_that_breaks_closes_the_history_with_what_it_said(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "the role may not be passed"}}, "CreateModel")

    monkeypatch.setattr(world.sagemaker, "create_model", refuse)
    execution = world.release(model_package_arn=add_version(world.registry))
    assert execution.status == FAILED
    assert world.entry(execution)["status"] == "FAILED"
    assert "the role may not be passed" in world.entry(execution)["message"]
    assert world.owner() == ""


def test_a_plan_that_breaks_is_in_the_history_and_told(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "later"}}, "DescribeEndpoint")

    monkeypatch.setattr(world.sagemaker, "describe_endpoint", refuse)
    execution = world.release(model_package_arn=add_version(world.registry))
    assert execution.status == FAILED
    assert world.entry(execution)["status"] == "FAILED"
    assert "later" in world.news[-1]["text"]


# --- orders that are refused


def refused(world: ReleaseWorld, **order: str) -> str:
    """The reason for which an order was refused, as the history, the message and the execution have it."""
    execution = world.release(**order)
    entry = world.entry(execution)
    assert (execution.status, entry["status"]) == (FAILED, "REFUSED")
    assert world.news[-1]["reason"] == entry["message"] == execution.cause
    assert world.owner() == ""
    return entry["message"]


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_only_an_approved_version_is_released(world: ReleaseWorld, status: str) -> None:
    arn = add_version(world.registry, status)
    assert refused(world, model_package_arn=arn) == f"v1 is {status}: approve it first"


def test_a_version_of_another_group_is_not_released(world: ReleaseWorld) -> None:
    arn = add_version(world.registry, group="others")
    assert "belongs to group others" in refused(world, model_package_arn=arn)


@pytest.mark.parametrize(("target", "message"), [("7", "no version v7"), ("newest", "neither 'previous' nor")])
def test_a_target_that_means_nothing_is_refused(world: ReleaseWorld, target: str, message: str) -> None:
    add_version(world.registry)
    assert message in refused(world, target=target)


def test_an_order_of_no_known_form_is_refused_in_one_line(world: ReleaseWorld) -> None:
    assert refused(world, action="destroy").startswith("order: action: Input should be 'deploy', ")


def test_without_an_earlier_version_there_is_no_way_back(world: ReleaseWorld) -> None:
    assert refused(world, target="previous") == "nothing was deployed yet, so there is nothing to go back from"
    world.release(model_package_arn=add_version(world.registry))
    assert "no earlier approved version" in refused(world, target="previous")


# --- which version


@pytest.mark.parametrize("target", ["1", "v1"])
def test_a_version_is_found_by_its_number(world: ReleaseWorld, target: str) -> None:
    add_version(world.registry)
    add_version(world.registry)
    world.release(target=target)
    assert world.sagemaker.live() == "1"


def test_previous_goes_back_and_forward_again(world: ReleaseWorld) -> None:
    for _ in range(2):
        world.release(model_package_arn=add_version(world.registry))
    world.release(target="previous")
    assert world.sagemaker.live() == "1"
    world.release(target="previous")
    assert world.sagemaker.live() == "2"
    assert [entry["to_version"] for entry in world.history()] == ["1", "2", "1", "2"]
    assert [entry["action"] for entry in world.history()[2:]] == ["rollback", "rollback"]


def test_previous_skips_what_was_rejected_or_rolled_back(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry) for _ in range(4)]
    world.sagemaker.bad.add("3")
    for arn in arns:
        world.release(model_package_arn=arn)
    world.decide(arns[1], "Rejected")
    world.release(target="previous")
    assert world.sagemaker.live() == "1"


def test_previous_skips_a_version_that_is_gone(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    arns = [add_version(world.registry) for _ in range(3)]
    for arn in arns:
        world.release(model_package_arn=arn)
    real = world.sagemaker.describe_model_package

    def describe(**arguments: Any) -> Any:
        if arguments["ModelPackageName"] == arns[1]:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "gone"}}, "DescribeModelPackage")
        return real(**arguments)

    monkeypatch.setattr(world.sagemaker, "describe_model_package", describe)
    world.release(target="previous")
    assert world.sagemaker.live() == "1"


def test_a_way_back_is_from_the_version_that_was_meant(world: ReleaseWorld) -> None:
    """Ordered while version 2 is being deployed, and that ends in a rollback: there is nothing left to go back from."""
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.bad.add("2")
    deploying = until(world.start(model_package_arn=add_version(world.registry)), "Verify")
    back = world.start(target="previous")
    back.step()
    deploying.run()
    back.run()
    assert (world.entry(back)["status"], world.entry(back)["message"]) == (
        "UNNEEDED",
        "v2 does not serve any more",
    )
    assert world.sagemaker.live() == "1"


# --- events


def test_an_approval_releases_the_version_and_names_the_person(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = add_version(world.registry, "PendingManualApproval")
    event = world.decide(arn, "Approved")
    real = world.sagemaker.describe_model_package
    person = {"LastModifiedBy": {"IamIdentity": {"Arn": "arn:aws:iam::1:user/ada"}}, "ApprovalDescription": "good"}
    monkeypatch.setattr(world.sagemaker, "describe_model_package", lambda **arguments: real(**arguments) | person)
    execution = world.release(**event)
    entry = world.entry(execution)
    assert (entry["status"], entry["action"]) == ("SUCCEEDED", "approval")
    assert (entry["requested_by"], entry["reason"]) == ("arn:aws:iam::1:user/ada", "good")


def test_an_approval_told_twice_is_acted_on_once(world: ReleaseWorld) -> None:
    event = world.decide(add_version(world.registry, "PendingManualApproval"), "Approved")
    world.release(**event)
    again = world.release(**event)
    assert (again.status, again.data["message"]) == (SUCCEEDED, "v1 serves already")
    assert [entry["status"] for entry in world.history()] == ["SUCCEEDED", "UNNEEDED"]
    assert len(world.sagemaker.called("CreateEndpoint")) == 2  # the check's and the endpoint


@pytest.mark.parametrize("back", ["by a person", "by an alarm", "by a rejection that was taken back"])
def test_an_approval_told_again_after_a_rollback_starts_nothing(world: ReleaseWorld, back: str) -> None:
    first, second = (add_version(world.registry, "PendingManualApproval") for _ in range(2))
    world.release(**world.decide(first, "Approved"))
    if back == "by an alarm":
        world.sagemaker.bad.add("2")
    event = world.decide(second, "Approved")
    world.release(**event)
    if back == "by a person":
        world.release(target="previous")
    if back == "by a rejection that was taken back":
        world.release(**world.decide(second, "Rejected"))
        again = world.decide(second, "PendingManualApproval")
        assert again["status"] == "PendingManualApproval"
    assert world.sagemaker.live() == "1"
    late = world.release(**event)
    assert (late.status, world.entry(late)["status"]) == (SUCCEEDED, "UNNEEDED")
    assert world.sagemaker.live() == "1"


def test_an_approval_told_again_after_the_version_was_described_anew_starts_nothing(world: ReleaseWorld) -> None:
    first, second = (add_version(world.registry, "PendingManualApproval") for _ in range(2))
    world.release(**world.decide(first, "Approved"))
    event = world.decide(second, "Approved")
    world.release(**event)
    world.release(target="previous")
    world.pass_time(hours=1)
    world.decide(second, "Approved")  # SageMaker has no other time than that of the last change
    assert world.entry(world.release(**event))["status"] == "UNNEEDED"
    assert world.sagemaker.live() == "1"


def test_a_second_approval_after_a_rollback_is_followed(world: ReleaseWorld) -> None:
    first, second = (add_version(world.registry, "PendingManualApproval") for _ in range(2))
    world.release(**world.decide(first, "Approved"))
    world.release(**world.decide(second, "Approved"))
    world.release(target="previous")
    assert world.sagemaker.live() == "1"
    world.release(**world.decide(second, "Approved"))
    assert world.sagemaker.live() == "2"


def test_an_older_approval_that_comes_late_does_not_undo_a_newer_one(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry, "PendingManualApproval") for _ in range(3)]
    world.release(**world.decide(arns[0], "Approved"))
    older, newer = world.decide(arns[1], "Approved"), world.decide(arns[2], "Approved")
    world.release(**newer)
    late = world.release(**older)
    assert (world.sagemaker.live(), world.entry(late)["status"]) == ("3", "SUPERSEDED")


def test_rejecting_the_live_version_goes_back_to_the_one_before(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry) for _ in range(2)]
    for arn in arns:
        world.release(model_package_arn=arn)
    execution = world.release(**world.decide(arns[1], "Rejected"))
    entry = world.entry(execution)
    assert (entry["action"], entry["from_version"], entry["to_version"]) == ("rejection", "2", "1")
    assert world.sagemaker.live() == "1"


def test_rejecting_a_version_that_does_not_serve_changes_nothing(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    event = world.decide(add_version(world.registry), "Rejected")
    assert world.entry(world.release(**event))["message"] == "v2 was rejected and does not serve"


def test_an_old_event_is_not_believed_against_the_registry(world: ReleaseWorld) -> None:
    arn = add_version(world.registry, "PendingManualApproval")
    event = {"action": "approval", "model_package_arn": arn, "status": "Approved"}
    assert world.entry(world.release(**event))["message"] == "v1 is PendingManualApproval"


# --- several at once


def test_a_second_release_waits_for_the_first(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry) for _ in range(2)]
    first = until(world.start(model_package_arn=arns[0]), "Verify")
    second = world.start(model_package_arn=arns[1])
    for _ in range(3):
        second.step()
    assert second.entered == ["Plan"] * 3
    assert world.entry(second)["status"] == "QUEUED"
    first.run()
    assert second.run().status == SUCCEEDED
    assert world.sagemaker.live() == "2"


def test_approvals_during_a_deployment_collapse_to_the_newest(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry, "PendingManualApproval") for _ in range(4)]
    running = until(world.start(**world.decide(arns[0], "Approved")), "Verify")
    waiting = [world.start(**world.decide(arn, "Approved")) for arn in arns[1:]]
    for execution in waiting:
        execution.step()
    running.run()
    for execution in waiting:  # the oldest asks first, and lets the newest go before it
        execution.step()
    for execution in reversed(waiting):
        execution.run()
    assert [world.entry(execution)["status"] for execution in waiting] == ["SUPERSEDED", "SUPERSEDED", "SUCCEEDED"]
    assert [execution.status for execution in waiting] == [SUCCEEDED] * 3
    assert world.sagemaker.live() == "4"
    assert len(world.sagemaker.called("UpdateEndpoint")) == 1


def test_a_rejection_loses_no_approval_that_waits(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry, "PendingManualApproval") for _ in range(3)]
    for arn in arns[:2]:
        world.release(**world.decide(arn, "Approved"))
    running = until(world.start(target="2", reason="once more"), "Finish")
    approval = world.start(**world.decide(arns[2], "Approved"))
    rejection = world.start(**world.decide(arns[1], "Rejected"))
    approval.step()
    rejection.step()
    running.run()
    approval.step()
    assert approval.state == "Plan"  # away from the rejected version comes first
    rejection.run()
    assert world.sagemaker.live() == "1"
    approval.run()
    assert world.sagemaker.live() == "3"


def test_a_change_from_outside_is_waited_for(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.endpoints[ENDPOINT] |= {"status": "SystemUpdating"}
    waiting = world.start(model_package_arn=add_version(world.registry))
    waiting.step()
    assert waiting.state == "Plan"
    world.sagemaker.endpoints[ENDPOINT] |= {"status": "InService"}
    assert waiting.run().status == SUCCEEDED


# --- killed workflows


def test_a_workflow_that_waits_keeps_its_lock(world: ReleaseWorld) -> None:
    world.sagemaker.patience = 50
    first = until(world.start(model_package_arn=add_version(world.registry)), "Apply")
    first.step()
    second = world.start(model_package_arn=add_version(world.registry))
    for _ in range(40):
        world.pass_time(seconds=LEASE / 3)
        first.step()
        second.step()
    assert set(second.entered) == {"Plan"}
    assert first.run().status == SUCCEEDED
    assert second.run().status == SUCCEEDED


def test_the_lock_of_a_killed_workflow_runs_out_and_its_order_is_closed(world: ReleaseWorld) -> None:
    killed = until(world.start(model_package_arn=add_version(world.registry)), "Apply")
    world.kill(killed)  # and nobody hears of it
    second = world.start(model_package_arn=add_version(world.registry))
    second.step()
    assert second.state == "Plan"
    world.pass_time(seconds=LEASE + 1)
    assert second.run().status == SUCCEEDED
    assert (world.entry(killed)["status"], world.entry(killed)["message"]) == ("FAILED", "its workflow was stopped")
    assert "its workflow was stopped" in world.news[-1]["text"]
    assert world.sagemaker.live() == "2"


def test_a_killed_workflow_frees_the_lock_at_once_and_is_told(world: ReleaseWorld) -> None:
    killed = until(world.start(model_package_arn=add_version(world.registry)), "Apply")
    event = world.kill(killed)
    recovery = world.release(**event)
    assert recovery.status == SUCCEEDED
    assert world.owner() == ""
    assert world.entry(killed)["status"] == "FAILED"
    assert world.news[-1]["subject"] == "drawing-reader: a release was stopped"
    assert len(world.history()) == 1  # a recovery is no order


def test_an_update_whose_workflow_was_killed_is_recorded_as_it_ended(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    world.sagemaker.patience = 3
    killed = until(world.start(model_package_arn=add_version(world.registry)), "Verify")
    recovery = world.start(**world.kill(killed))
    recovery.step()
    assert recovery.state == "Plan"  # the endpoint still changes
    recovery.run()
    assert world.sagemaker.live() == "2"
    assert world.entry(killed)["status"] == "SUCCEEDED"
    assert world.entry(killed)["message"] == "v2 serves; its workflow was stopped before it said so"


def test_an_order_whose_workflow_was_killed_while_it_waited_holds_nobody_up(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry, "PendingManualApproval") for _ in range(3)]
    running = until(world.start(**world.decide(arns[0], "Approved")), "Verify")
    second, third = (world.start(**world.decide(arn, "Approved")) for arn in arns[1:])
    second.step()
    third.step()
    world.kill(third)
    running.run()
    second.step()
    assert second.state == "Plan"  # the third might still come
    world.pass_time(seconds=LEASE + 1)
    second.run()
    assert world.sagemaker.live() == "2"
    assert world.entry(third)["message"] == "its workflow was stopped while it waited"


def test_a_workflow_that_lost_its_lock_touches_nothing(world: ReleaseWorld) -> None:
    slow_one = until(world.start(model_package_arn=add_version(world.registry)), "Apply")
    world.pass_time(seconds=LEASE + 1)
    other = until(world.start(model_package_arn=add_version(world.registry)), "Apply")
    slow_one.run()
    assert slow_one.status == FAILED
    assert ENDPOINT not in world.sagemaker.endpoints
    assert world.owner() == other.context["Execution"]["Name"]
    assert other.run().status == SUCCEEDED
    assert world.sagemaker.live() == "2"


def test_a_recovery_of_what_has_ended_changes_nothing(world: ReleaseWorld) -> None:
    done = world.release(model_package_arn=add_version(world.registry))
    before = world.history()
    name = done.context["Execution"]["Name"]
    assert world.release(action="recover", execution=name).status == SUCCEEDED
    assert world.history() == before
    assert len(world.news) == 1


def test_every_step_may_be_repeated(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    once, repeated = world._invoke, set()

    def twice(state: str, given: Any) -> Any:
        """The first answer of each step that is one gets lost."""
        answer = once(state, given)
        if answer.get("state") == "changing" or (state, len(world.executions)) in repeated:
            return answer
        repeated.add((state, len(world.executions)))
        return once(state, given)

    monkeypatch.setattr(world, "_invoke", twice)
    for _ in range(2):
        assert world.release(model_package_arn=add_version(world.registry)).status == SUCCEEDED
    assert [entry["status"] for entry in world.history()] == ["SUCCEEDED", "SUCCEEDED"]
    assert [call["EndpointName"] for call in world.sagemaker.called("UpdateEndpoint")] == [ENDPOINT]
    assert world.owner() == ""


# --- removing versions


def put_data(world: ReleaseWorld) -> None:
    world.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    world.s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        world.s3.put_object(Bucket="data", Key="models/model.tar.gz", Body=b"weights")
    world.s3.put_object(Bucket="data", Key="models/model.tar.gz.sha256", Body=b"other")


def test_a_version_that_nothing_needs_is_removed_with_its_data(world: ReleaseWorld) -> None:
    put_data(world)
    arn = add_version(world.registry, "Rejected")
    execution = world.release(action="remove", target="v1", reason="wrong labels")
    assert execution.status == SUCCEEDED
    entry = world.entry(execution)
    assert (entry["action"], entry["from_version"], entry.get("to_version")) == ("remove", "1", None)
    assert entry["message"] == "v1 was removed: model package, 0 endpoint configs, 2 object versions"
    assert world.sagemaker.called("DeleteModelPackage") == [{"ModelPackageName": arn}]
    left = world.s3.list_object_versions(Bucket="data")["Versions"]
    assert [item["Key"] for item in left] == ["models/model.tar.gz.sha256"]


def test_data_that_another_version_uses_stays(world: ReleaseWorld) -> None:
    put_data(world)
    add_version(world.registry, "Rejected")
    add_version(world.registry)
    execution = world.release(action="remove", target="1")
    assert "its data stays, v2 uses it" in world.entry(execution)["message"]
    assert len(world.s3.list_object_versions(Bucket="data")["Versions"]) == 3


def test_a_version_that_serves_is_not_removed(world: ReleaseWorld) -> None:
    world.release(model_package_arn=add_version(world.registry))
    assert "v1 serves now" in refused(world, action="remove", target="1")


def test_a_version_that_a_rollback_may_need_is_not_removed(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry) for _ in range(3)]
    for arn in arns:
        world.release(model_package_arn=arn)
    for arn in arns[:2]:
        world.decide(arn, "Rejected")
    assert "v2 is one of the last 2 versions that served" in refused(world, action="remove", target="2")
    put_data(world)
    assert world.release(action="remove", target="1").status == SUCCEEDED


def test_a_version_that_another_learned_from_is_not_removed(world: ReleaseWorld) -> None:
    arn = add_version(world.registry, "Rejected")
    add_version(world.registry, parent=arn)
    assert "v2 learned from v1" in refused(world, action="remove", target="1")


def test_an_approved_version_is_rejected_before_it_is_removed(world: ReleaseWorld) -> None:
    add_version(world.registry)
    assert "v1 is Approved and may be released at any time" in refused(world, action="remove", target="1")


def test_a_version_under_way_is_not_removed(world: ReleaseWorld) -> None:
    arns = [add_version(world.registry) for _ in range(2)]
    world.release(model_package_arn=arns[0])
    waiting = world.start(model_package_arn=arns[1])
    running = until(world.start(target="1", reason="again"), "Finish")
    waiting.step()
    removal = world.start(action="remove", target="2")
    removal.step()
    running.run()
    removal.run()
    assert re.search("v2 is part of deployment .* which is under way", world.entry(removal)["message"])
    assert GROUP in arns[1]
