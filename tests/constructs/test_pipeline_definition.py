"""The training pipeline's definition would be taken by SageMaker; a fault put into it on purpose would not."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from drawing_platform.pipeline_definition import METRICS, DrawingPipeline, PipelineDefinitionProps
from drawing_platform.pipeline_steps import LambdaStep, VpcConfig, has_nvme
from drawing_platform.pipeline_validation import MAX_DEFINITION_BYTES, findings
from drawing_platform.settings import environments, load_settings

Json = dict[str, Any]
ACCOUNT = "123456789012"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/images:0123"


def build(env: str = "prod", vpc: VpcConfig | None = None, train_on: str | None = None) -> Json:
    settings = load_settings(env)
    instances = settings.instances.model_copy(update={"train": train_on} if train_on else {})
    function = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:"
    props = PipelineDefinitionProps(
        region="eu-central-1",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/jobs",
        image=IMAGE,
        inference_image=IMAGE,
        bucket="data",
        key_arn=f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0123",
        regression_uri="s3://data/datasets/regression/",
        group="readers",
        resolve_function_arn=f"{function}resolve",
        register_function_arn=f"{function}register",
        notify_function_arn=f"{function}notify",
        instances=instances,
        training=settings.training,
        gate=settings.gate,
        vpc=vpc,
    )
    return DrawingPipeline(props).to_json()


def step(definition: Json, name: str) -> Json:
    gate = definition["Steps"][-1]["Arguments"]
    return next(item for item in [*definition["Steps"], *gate["IfSteps"], *gate["ElseSteps"]] if item["Name"] == name)


@pytest.mark.parametrize("env", environments())
def test_every_environment_has_a_definition_without_findings(env: str) -> None:
    definition = build(env)
    assert findings(definition) == []
    assert len(json.dumps(definition)) < MAX_DEFINITION_BYTES


def test_the_steps_come_in_the_order_of_the_flow() -> None:
    definition = build()
    assert [item["Name"] for item in definition["Steps"]] == [
        "ResolveBaseModel",
        "Prepare",
        "Train",
        "Evaluate",
        "Gate",
    ]
    gate = definition["Steps"][-1]["Arguments"]
    assert [item["Name"] for item in gate["IfSteps"]] == ["Register"]
    assert [item["Name"] for item in gate["ElseSteps"]] == ["Alert", "Refused"]


def test_the_gate_asks_for_accuracy_and_for_no_loss_and_for_the_verdict() -> None:
    conditions = step(build(), "Gate")["Arguments"]["Conditions"]
    read = [(item["LeftValue"]["Std:JsonGet"]["Path"], item["Type"]) for item in conditions]
    assert read == [
        ("gate.accuracy", "GreaterThanOrEqualTo"),
        ("gate.regression_drop", "LessThanOrEqualTo"),
        ("gate.passed", "Equals"),
    ]
    assert conditions[0]["RightValue"] == {"Get": "Parameters.AccuracyThreshold"}
    assert conditions[1]["RightValue"] == {"Get": "Parameters.MaxRegressionDrop"}
    assert conditions[2]["RightValue"] == 1


def test_checkpoints_and_outputs_belong_to_one_execution() -> None:
    train = step(build(), "Train")["Arguments"]
    for uri in (train["CheckpointConfig"]["S3Uri"], train["OutputDataConfig"]["S3OutputPath"]):
        assert {"Get": "Execution.PipelineExecutionId"} in uri["Std:Join"]["Values"]


def test_only_prepare_reaches_the_network() -> None:
    definition = build()
    assert step(definition, "Prepare")["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": False}
    assert step(definition, "Evaluate")["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": True}
    assert step(definition, "Train")["Arguments"]["EnableNetworkIsolation"] is True


def test_jobs_of_a_private_network_are_put_into_it() -> None:
    definition = build(vpc=VpcConfig(subnets=["subnet-1"], security_group_ids=["sg-1"]))
    wanted = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert step(definition, "Train")["Arguments"]["VpcConfig"] == wanted
    assert step(definition, "Prepare")["Arguments"]["NetworkConfig"]["VpcConfig"] == wanted
    assert findings(definition) == []


def test_spot_training_waits_no_longer_than_the_settings_say() -> None:
    env = next(name for name in environments() if load_settings(name).training.spot)
    train = step(build(env), "Train")["Arguments"]
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"]["MaxWaitTimeInSeconds"] >= train["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert "EnableManagedSpotTraining" not in step(build("local"), "Train")["Arguments"]


def test_hyperparameters_are_strings_or_become_strings() -> None:
    values = step(build(), "Train")["Arguments"]["HyperParameters"]
    numbers = {
        "learning_rate",
        "head_learning_rate",
        "epochs",
        "max_seconds",
        "batch_size",
        "seed",
        "max_regression_drop",
    }
    assert all("Std:Join" in values[name] for name in numbers)
    assert set(values) == {
        *numbers,
        "target",
        "freeze_backbone",
        "max_steps",
        "processes",
        "warmup_ratio",
        "early_stop_patience",
        "new_row_steps",
        "synthetic_ratio",
    }


def test_training_guards_the_regression_set_with_the_drop_that_the_gate_allows() -> None:
    values = step(build(), "Train")["Arguments"]["HyperParameters"]
    assert values["max_regression_drop"]["Std:Join"]["Values"] == [{"Get": "Parameters.MaxRegressionDrop"}]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "step=120 loss=0.4321 lr=0.000100 images_per_second=7.6",
            {"loss": 0.4321, "lr": 1e-4, "images_per_second": 7.6},
        ),
        (
            "epoch=3 val_exact=0.9125 val_one_minus_ned=0.97 regression_exact=0.99",
            {"val_exact": 0.9125, "val_one_minus_ned": 0.97, "regression_exact": 0.99},
        ),
        ("step=1 loss=1e-05", {"loss": 1e-5}),
        ("val_loss=3", {}),
    ],
)
def test_metrics_are_found_in_the_lines_of_training(line: str, found: dict[str, float]) -> None:

    matches = {name: re.search(regex, line) for name, regex in METRICS.items()}
    assert {name: float(match[1]) for name, match in matches.items() if match} == found


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("ml.g5.xlarge", True),
        ("ml.g4dn.xlarge", True),
        ("ml.m5d.large", True),
        ("ml.m5.large", False),
        ("ml.c5n.xlarge", False),
    ],
)
def test_machines_with_their_own_disk_are_known(instance_type: str, expected: bool) -> None:
    assert has_nvme(instance_type) is expected


def test_a_step_refers_only_to_outputs_that_a_function_declares() -> None:
    resolve = LambdaStep(name="Resolve", function_arn="arn", arguments={}, outputs=("Version",))
    assert resolve.output("Version") == {"Get": "Steps.Resolve.OutputParameters['Version']"}
    with pytest.raises(KeyError, match="Resolve has no output 'Verison', only Version"):
        resolve.output("Verison")


def set_at(name: str, path: str, value: Any) -> Callable[[Json], None]:
    """A fault: writes `value` at `path` (dots) of the step `name`."""

    def fault(definition: Json) -> None:
        place = step(definition, name)
        *parents, last = path.split(".")
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value

    return fault


def without(name: str, path: str) -> Callable[[Json], None]:
    def fault(definition: Json) -> None:
        place = step(definition, name)
        *parents, last = path.split(".")
        for part in parents:
            place = place[part]
        del place[last]

    return fault


def condition(key: str, value: Any) -> Callable[[Json], None]:
    def fault(definition: Json) -> None:
        step(definition, "Gate")["Arguments"]["Conditions"][0][key] = value

    return fault


def parameter(name: str, key: str, value: Any) -> Callable[[Json], None]:
    def fault(definition: Json) -> None:
        next(item for item in definition["Parameters"] if item["Name"] == name)[key] = value

    return fault


DANGLING = {"Get": "Steps.Trian.ModelArtifacts.S3ModelArtifacts"}
NO_SUCH_FILE = {
    "Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Evalution"}, "Path": "gate.passed"}
}
OLD_FORM = {"Std:JsonGet": {"Step": "Evaluate", "PropertyFile": "Evaluation", "Path": "gate.passed"}}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (set_at("Train", "Arguments.AlgorithmSpecification.TrainingImge", "x"), 'Unknown parameter.*"TrainingImge"'),
        (set_at("Train", "Arguments.ResourceConfig.InstanceCount", "one"), "Invalid type for parameter ResourceConfig"),
        (set_at("Train", "Arguments.ResourceConfig.InstanceType", "ml.g5.tiny"), "'ml.g5.tiny' is none of"),
        (set_at("Train", "Arguments.RoleArn", "jobs"), "does not have the form"),
        (without("Prepare", "Arguments.RoleArn"), 'Missing required parameter in input: "RoleArn"'),
        (
            set_at("Evaluate", "Arguments.AppSpecification.ContainerEntrypoint", ["x" * 300]),
            "300 characters, at most 256",
        ),
        (set_at("Train", "Arguments.TrainingJobName", "mine"), "given by SageMaker itself"),
        (set_at("Register", "Arguments.ModelDataUrl", DANGLING), "refers to step Trian, which is no step before it"),
        (
            set_at("Train", "Arguments.OutputDataConfig.S3OutputPath", {"Get": "Parameters.Bucket"}),
            "Bucket, which is not declared",
        ),
        (set_at("Alert", "Arguments.RunId", {"Get": "Execution.Id"}), "Execution.Id, which no execution has"),
        (
            set_at("Register", "Arguments.ModelDataUrl", {"Get": "Steps.Train.ModelArtefacts"}),
            "ModelArtefacts of step Train",
        ),
        (
            set_at("Register", "Arguments.RunId", {"Get": "Steps.ResolveBaseModel.OutputParameters['Run']"}),
            "does not have",
        ),
        (
            set_at("Prepare", "Arguments.Environment.X", {"Get": "Steps.Train.TrainingJobName"}),
            "Train, which is no step before it",
        ),
        (condition("Type", "ConditionLessThanOrEqualTo"), "operator 'ConditionLessThanOrEqualTo' is unknown"),
        (condition("LeftValue", NO_SUCH_FILE), "Evalution, which no step before it declares"),
        (condition("LeftValue", OLD_FORM), "JsonGet needs a PropertyFile of the form"),
        (set_at("Evaluate", "PropertyFiles.0.OutputName", "metrics"), "lies in output metrics"),
        (set_at("Train", "RetryPolicies.0.ExceptionType", ["SageMaker.TIRED"]), "retries after 'SageMaker.TIRED'"),
        (set_at("Refused", "DependsOn", ["Alarm"]), "depends on Alarm"),
        (set_at("Train", "Name", "t" * 65), "1 to 64 letters"),
        (set_at("Alert", "Name", "Refused"), "two steps have this name"),
        (set_at("Alert", "RetryPolicies", []), "a step of type Lambda has no field RetryPolicies"),
        (parameter("Epochs", "DefaultValue", "ten"), "parameter Epochs: default 'ten' is no Integer"),
        (parameter("Epochs", "Type", "Number"), "parameter Epochs: type 'Number' is unknown"),
        (parameter("Epochs", "Name", "Seed"), "parameter Seed: declared twice"),
    ],
)
def test_a_fault_is_found(fault: Callable[[Json], None], message: str) -> None:

    definition = copy.deepcopy(build())
    fault(definition)
    found = findings(definition)
    assert any(re.search(message, line) for line in found), found
