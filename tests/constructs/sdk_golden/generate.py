"""Writes `pipeline.json`: the training pipeline as the SageMaker SDK 2.257.7 writes it, a second opinion on ours.

Not part of the tests: the SDK needs 306 MB. In a throw-away environment, without AWS and without network:

    uv venv .venv-sagemaker && uv pip install --python .venv-sagemaker/bin/python sagemaker==2.257.7
    .venv-sagemaker/bin/python tests/constructs/sdk_golden/generate.py
"""

# mypy: ignore-errors
# The SDK is not installed where types are checked.

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.lambda_helper import Lambda
from sagemaker.network import NetworkConfig
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import (
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
)
from sagemaker.workflow.execution_variables import ExecutionVariables
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:0123"
ROLE = "arn:aws:iam::123456789012:role/jobs"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0123"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:"
PROCESSING = "/opt/ml/processing"


def build() -> dict:
    session = PipelineSession(default_bucket="data")
    session._default_bucket = "data"  # or it asks S3
    session.expand_role = lambda role: role  # or it asks IAM
    strings = {name: ParameterString(name) for name in ("LabelManifest", "RunId", "BaseModelPackage", "Target")}
    numbers = {name: ParameterFloat(name, 0.5) for name in ("AccuracyThreshold", "MaxRegressionDrop", "LearningRate")}
    epochs = ParameterInteger("Epochs", 8)

    def place(prefix: str, *below: str) -> Join:
        run, execution = strings["RunId"], ExecutionVariables.PIPELINE_EXECUTION_ID
        return Join(on="/", values=[f"s3://data/{prefix}", run, execution, *below])

    def function(name: str, inputs: dict, outputs: tuple[str, ...] = ()) -> LambdaStep:
        declared = [LambdaOutput(output_name=item, output_type=LambdaOutputTypeEnum.String) for item in outputs]
        return LambdaStep(
            name=name, lambda_func=Lambda(f"{FUNCTION}{name}", session=session), inputs=inputs, outputs=declared
        )

    def processor(entry: str, isolated: bool) -> Processor:
        return Processor(
            role=ROLE,
            image_uri=IMAGE,
            instance_count=1,
            instance_type="ml.m5.large",
            entrypoint=[entry],
            volume_size_in_gb=30,
            volume_kms_key=KEY,
            output_kms_key=KEY,
            max_runtime_in_seconds=7200,
            env={"AWS_DEFAULT_REGION": "eu-central-1"} if not isolated else None,
            network_config=NetworkConfig(enable_network_isolation=isolated),
            sagemaker_session=session,
        )

    resolve = function(
        "ResolveBaseModel",
        {"BaseModelPackage": strings["BaseModelPackage"], "Group": "readers", "RunId": strings["RunId"]},
        ("ModelPackageArn", "ModelDataUrl", "Version", "ReplayManifests"),
    )
    base = resolve.properties.Outputs
    prepare = ProcessingStep(
        name="Prepare",
        step_args=processor("prepare", False).run(
            arguments=["--replay-ratio", numbers["LearningRate"].to_string()],
            inputs=[
                ProcessingInput(input_name="run", source=strings["LabelManifest"], destination=f"{PROCESSING}/run"),
                ProcessingInput(input_name="model", source=base["ModelDataUrl"], destination=f"{PROCESSING}/model"),
            ],
            outputs=[
                ProcessingOutput(
                    output_name="dataset", source=f"{PROCESSING}/dataset", destination=place("datasets/runs", "dataset")
                )
            ],
        ),
    )
    dataset = prepare.properties.ProcessingOutputConfig.Outputs["dataset"].S3Output.S3Uri
    estimator = Estimator(
        image_uri=IMAGE,
        role=ROLE,
        instance_count=1,
        instance_type="ml.m5.large",
        volume_size=50,
        volume_kms_key=KEY,
        output_kms_key=KEY,
        output_path=place("models"),
        max_run=3600,
        max_wait=7200,
        use_spot_instances=True,
        checkpoint_s3_uri=place("datasets/runs", "checkpoints"),
        checkpoint_local_path="/opt/ml/checkpoints",
        enable_network_isolation=True,
        max_retry_attempts=2,
        metric_definitions=[{"Name": "loss", "Regex": "loss=(.*)"}],
        hyperparameters={"epochs": epochs.to_string(), "learning_rate": numbers["LearningRate"].to_string()},
        sagemaker_session=session,
        disable_profiler=True,
        debugger_hook_config=False,
    )
    train = TrainingStep(
        name="Train",
        step_args=estimator.fit({"training": TrainingInput(dataset), "model": TrainingInput(base["ModelDataUrl"])}),
    )
    report = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    evaluate = ProcessingStep(
        name="Evaluate",
        property_files=[report],
        step_args=processor("evaluate", True).run(
            arguments=["--accuracy-threshold", numbers["AccuracyThreshold"].to_string()],
            inputs=[
                ProcessingInput(
                    input_name="challenger",
                    source=train.properties.ModelArtifacts.S3ModelArtifacts,
                    destination=f"{PROCESSING}/challenger",
                )
            ],
            outputs=[
                ProcessingOutput(
                    output_name="evaluation",
                    source=f"{PROCESSING}/evaluation",
                    destination=place("models", "evaluation"),
                )
            ],
        ),
    )

    def measured(path: str) -> JsonGet:
        return JsonGet(step_name="Evaluate", property_file=report, json_path=path)

    register = function("Register", {"RunId": strings["RunId"]}, ("ModelPackageArn",))
    alert = function("Alert", {"RunId": strings["RunId"]}, ("Reason",))
    refused = FailStep(
        name="Refused",
        error_message=Join(on="", values=["The gate refused run ", strings["RunId"]]),
        depends_on=["Alert"],
    )
    gate = ConditionStep(
        name="Gate",
        conditions=[
            ConditionGreaterThanOrEqualTo(left=measured("gate.accuracy"), right=numbers["AccuracyThreshold"]),
            ConditionLessThanOrEqualTo(left=measured("gate.regression_drop"), right=numbers["MaxRegressionDrop"]),
            ConditionEquals(left=measured("gate.passed"), right=1),
        ],
        if_steps=[register],
        else_steps=[alert, refused],
    )
    pipeline = Pipeline(
        name="training",
        parameters=[*strings.values(), *numbers.values(), epochs],
        steps=[resolve, prepare, train, evaluate, gate],
        sagemaker_session=session,
    )
    return json.loads(pipeline.definition())


if __name__ == "__main__":
    target = Path(__file__).with_name("pipeline.json")
    target.write_text(json.dumps(build(), indent=2, sort_keys=True) + "\n")
    print(target)
