"""Our training pipelines: base model, data, training, evaluation, gate, registration (docs/architecture.md, Flow).

The frame is the same whatever is trained; the reader's jobs are here, the embedder's in `embedder_pipeline.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from drawing_platform import pipeline_steps as p
from drawing_platform.settings import GateSettings, InstanceSettings, TrainingSettings

PROCESSING = "/opt/ml/processing"
RUNS_PREFIX = "datasets/runs/"  # run manifests, datasets and checkpoints
PREPARE_SECONDS = 7200
EVALUATE_SECONDS = 7200

_NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def log_metrics(*names: str) -> dict[str, str]:
    """The regular expressions that find metric lines of `containers/training/bin/train` in its log."""
    return {name: rf"(?:^|\s){name}={_NUMBER}" for name in names}


METRICS = log_metrics("loss", "lr", "images_per_second", "val_exact", "val_one_minus_ned", "regression_exact")


@dataclass(frozen=True, kw_only=True)
class PipelineDefinitionProps:
    """What the pipeline is made of; strings may be CDK tokens.

    Attributes:
        region: where it runs: a processing container is not told.
        role_arn: the execution role of its jobs.
        image: the training image, which prepares and evaluates too.
        inference_image: what serves the version, written into the registry.
        bucket: name of the data bucket.
        key_arn: key of the bucket.
        regression_uri: S3 prefix of the frozen regression set.
        group: the model package group.
        resolve_function_arn, register_function_arn, notify_function_arn: the functions of its Lambda steps.
        vpc: the network of its jobs, None for SageMaker's own.
    """

    region: str
    role_arn: str
    image: str
    inference_image: str
    bucket: str
    key_arn: str
    regression_uri: str
    group: str
    resolve_function_arn: str
    register_function_arn: str
    notify_function_arn: str
    instances: InstanceSettings
    training: TrainingSettings
    gate: GateSettings
    vpc: p.VpcConfig | None = None


@dataclass(frozen=True)
class PipelineParameters:
    """The parameters of an execution, with this account's defaults."""

    base_model_package: p.Parameter
    label_manifest: p.Parameter
    run_id: p.Parameter
    replay_ratio: p.Parameter
    learning_rate: p.Parameter
    head_learning_rate: p.Parameter
    epochs: p.Parameter
    max_seconds: p.Parameter
    batch_size: p.Parameter
    freeze_backbone: p.Parameter
    accuracy_threshold: p.Parameter
    max_regression_drop: p.Parameter
    min_champion_gain: p.Parameter
    max_symbol_class_drop: p.Parameter
    target: p.Parameter
    seed: p.Parameter

    @classmethod
    def from_settings(cls, training: TrainingSettings, gate: GateSettings) -> PipelineParameters:
        """Declared as docs/architecture.md says."""
        return cls(
            base_model_package=p.Parameter("BaseModelPackage", "String", ""),
            label_manifest=p.Parameter("LabelManifest", "String"),
            run_id=p.Parameter("RunId", "String"),
            replay_ratio=p.Parameter("ReplayRatio", "Float", training.replay_ratio),
            learning_rate=p.Parameter("LearningRate", "Float", training.incremental_learning_rate),
            head_learning_rate=p.Parameter("HeadLearningRate", "Float", training.initial_learning_rate),
            epochs=p.Parameter("Epochs", "Integer", training.epochs),
            max_seconds=p.Parameter("MaxSeconds", "Integer", training.max_seconds),
            batch_size=p.Parameter("BatchSize", "Integer", training.batch_size),
            freeze_backbone=p.Parameter("FreezeBackbone", "String", str(training.freeze_backbone).lower()),
            accuracy_threshold=p.Parameter("AccuracyThreshold", "Float", gate.accuracy),
            max_regression_drop=p.Parameter("MaxRegressionDrop", "Float", gate.max_regression_drop),
            min_champion_gain=p.Parameter("MinChampionGain", "Float", gate.min_champion_gain),
            max_symbol_class_drop=p.Parameter("MaxSymbolClassDrop", "Float", gate.max_symbol_class_drop),
            target=p.Parameter("Target", "String", "recogniser"),
            seed=p.Parameter("Seed", "Integer", training.seed),
        )

    def all(self) -> list[p.Parameter]:
        """In the order in which consoles show them."""
        return list(vars(self).values())


class SharedParameters(Protocol):
    """The parameters of every target."""

    @property
    def base_model_package(self) -> p.Parameter:
        """ARN of the version to start from; "" = by the rule."""

    @property
    def label_manifest(self) -> p.Parameter:
        """S3 URI of the run manifest."""

    @property
    def run_id(self) -> p.Parameter:
        """Of the run."""

    @property
    def accuracy_threshold(self) -> p.Parameter:
        """Least accuracy of the challenger."""

    @property
    def max_regression_drop(self) -> p.Parameter:
        """Most that it may lose on what does not change."""

    def all(self) -> list[p.Parameter]:
        """In the order in which consoles show them."""


class TargetPipeline(ABC):
    """Builds a definition step by step; each step refers to the ones before it. A subclass says what its jobs do."""

    def __init__(self, props: PipelineDefinitionProps, shared: SharedParameters) -> None:
        self._props, self._shared = props, shared
        self._resolve = self._define_resolve()
        self._prepare = self._define_prepare()
        self._train = self._define_train()
        self._report = p.PropertyFile(step="Evaluate", name="Evaluation", output="evaluation", path="evaluation.json")
        self._evaluate = self._define_evaluate()
        self._gate = self._define_gate()

    def to_json(self) -> p.Json:
        """The definition; CDK tokens in it are left as they are."""
        return p.definition(self._shared.all(), [self._resolve, self._prepare, self._train, self._evaluate, self._gate])

    @abstractmethod
    def _define_prepare(self) -> p.ProcessingStep:
        """Writes the output `dataset`."""

    @abstractmethod
    def _define_train(self) -> p.TrainingStep:
        """Goes on from the base on that dataset."""

    @abstractmethod
    def _define_evaluate(self) -> p.ProcessingStep:
        """Writes `self._report` into the output `evaluation`."""

    @abstractmethod
    def _hyperparameters(self) -> p.Json:
        """What is kept with a version of how it was trained."""

    def _define_resolve(self) -> p.LambdaStep:
        # Lambda: looking into the registry takes a second, a processing machine three minutes to start.
        return p.LambdaStep(
            name="ResolveBaseModel",
            function_arn=self._props.resolve_function_arn,
            arguments={
                "BaseModelPackage": self._shared.base_model_package.value,
                "Group": self._props.group,
                "RunId": self._shared.run_id.value,
            },
            outputs=("ModelPackageArn", "ModelDataUrl", "Version", "ReplayManifests"),
        )

    def _define_gate(self) -> p.ConditionStep:
        accuracy, drop = self._report.value("gate.accuracy"), self._report.value("gate.regression_drop")
        alert = self._define_alert()
        return p.ConditionStep(
            name="Gate",
            conditions=[
                p.Condition(accuracy, "GreaterThanOrEqualTo", self._shared.accuracy_threshold.value),
                p.Condition(drop, "LessThanOrEqualTo", self._shared.max_regression_drop.value),
                p.Condition(self._report.value("gate.passed"), "Equals", 1),
            ],
            if_steps=[self._define_register()],
            else_steps=[alert, self._define_refused(alert)],
        )

    def _define_register(self) -> p.LambdaStep:
        # Lambda instead of a RegisterModel step: its metadata is computed from evaluation.json and the package.
        chosen = self._shared
        return p.LambdaStep(
            name="Register",
            function_arn=self._props.register_function_arn,
            arguments={
                "Group": self._props.group,
                "RunId": chosen.run_id.value,
                "LabelManifest": chosen.label_manifest.value,
                "ReplayManifests": self._resolve.output("ReplayManifests"),
                "BaseModelPackageArn": self._resolve.output("ModelPackageArn"),
                "ModelDataUrl": self._train.model_uri,
                "EvaluationUri": self._evaluate.output_uri("evaluation"),
                "DatasetUri": self._prepare.output_uri("dataset"),
                "PipelineExecutionArn": p.execution("PipelineExecutionArn"),
                "InferenceImage": self._props.inference_image,
                "TrainingImage": self._props.image,
                "InstanceType": self._props.instances.serve,
                "Hyperparameters": self._hyperparameters(),
            },
            outputs=("ModelPackageArn",),
        )

    def _define_alert(self) -> p.LambdaStep:
        return p.LambdaStep(
            name="Alert",
            function_arn=self._props.notify_function_arn,
            arguments={
                "RunId": self._shared.run_id.value,
                "EvaluationUri": self._evaluate.output_uri("evaluation"),
                "PipelineExecutionArn": p.execution("PipelineExecutionArn"),
            },
            outputs=("Reason",),
        )

    def _define_refused(self, alert: p.LambdaStep) -> p.FailStep:
        return p.FailStep(
            name="Refused",
            message=p.join(
                "The gate refused run ",
                self._shared.run_id.value,
                ": ",
                alert.output("Reason"),
                "; report: ",
                self._evaluate.output_uri("evaluation"),
            ),
            depends_on=(alert.name,),
        )

    def _resources(
        self, instance_type: str, max_runtime_seconds: int, *, isolated: bool, volume_gb: int = 30
    ) -> p.JobResources:
        return p.JobResources(
            image=self._props.image,
            role_arn=self._props.role_arn,
            instance_type=instance_type,
            volume_gb=volume_gb,
            key_arn=self._props.key_arn,
            vpc=self._props.vpc,
            max_runtime_seconds=max_runtime_seconds,
            isolated=isolated,
        )

    def _place(self, prefix: str, *below: str) -> p.Json:
        """An S3 prefix of this run and execution alone: `s3://bucket/<prefix>/<run>/<execution>/…`."""
        run, execution = self._shared.run_id.value, p.execution("PipelineExecutionId")
        return p.join(f"s3://{self._props.bucket}/{prefix.rstrip('/')}", run, execution, *below, on="/")


class DrawingPipeline(TargetPipeline):
    """Of the reader."""

    def __init__(self, props: PipelineDefinitionProps) -> None:
        self.parameters = PipelineParameters.from_settings(props.training, props.gate)
        super().__init__(props, self.parameters)

    def _define_prepare(self) -> p.ProcessingStep:
        return p.ProcessingStep(
            name="Prepare",
            # Not isolated: it fetches pictures from the bucket by the versions that the manifests name.
            resources=self._resources(self._props.instances.prepare, PREPARE_SECONDS, isolated=False),
            entrypoint=("prepare",),
            arguments=[
                "--replay-ratio",
                p.as_text(self.parameters.replay_ratio.value),
                "--val-ratio",
                str(self._props.training.validation_ratio),
                "--seed",
                p.as_text(self.parameters.seed.value),
            ],
            environment={"AWS_DEFAULT_REGION": self._props.region},
            inputs=[
                p.ProcessingInput("run", self.parameters.label_manifest.value, f"{PROCESSING}/run"),
                p.ProcessingInput("replay", self._resolve.output("ReplayManifests"), f"{PROCESSING}/replay"),
                p.ProcessingInput("model", self._resolve.output("ModelDataUrl"), f"{PROCESSING}/model"),
            ],
            outputs=[
                p.ProcessingOutput("dataset", self._place(RUNS_PREFIX, "dataset"), f"{PROCESSING}/dataset"),
                p.ProcessingOutput("quarantine", self._place("quarantine/"), f"{PROCESSING}/quarantine"),
            ],
        )

    def _define_train(self) -> p.TrainingStep:
        training = self._props.training
        chosen = self.parameters
        return p.TrainingStep(
            name="Train",
            resources=self._resources(
                self._props.instances.train, training.max_runtime_seconds, isolated=True, volume_gb=training.volume_gb
            ),
            channels=[
                p.Channel("training", self._prepare.output_uri("dataset")),
                p.Channel("model", self._resolve.output("ModelDataUrl")),
                p.Channel("regression", self._props.regression_uri),
            ],
            hyperparameters={
                "target": chosen.target.value,
                "learning_rate": p.as_text(chosen.learning_rate.value),
                "head_learning_rate": p.as_text(chosen.head_learning_rate.value),
                "epochs": p.as_text(chosen.epochs.value),
                "max_seconds": p.as_text(chosen.max_seconds.value),
                "max_steps": str(training.max_steps),
                "batch_size": p.as_text(chosen.batch_size.value),
                "freeze_backbone": chosen.freeze_backbone.value,
                "seed": p.as_text(chosen.seed.value),
                "processes": str(training.processes),
                "warmup_ratio": str(training.warmup_ratio),
                "early_stop_patience": str(training.early_stop_patience),
                "new_row_steps": str(training.new_row_steps),
                "synthetic_ratio": str(training.synthetic_ratio),
                "max_regression_drop": p.as_text(chosen.max_regression_drop.value),
            },
            metrics=METRICS,
            output_uri=self._place("models/"),
            # By execution, so that no run goes on from the checkpoint of another.
            checkpoint_uri=self._place(RUNS_PREFIX, "checkpoints"),
            spot=p.Spot(max_wait_seconds=training.spot_max_wait_seconds) if training.spot else None,
        )

    def _define_evaluate(self) -> p.ProcessingStep:
        return p.ProcessingStep(
            name="Evaluate",
            resources=self._resources(self._props.instances.evaluate, EVALUATE_SECONDS, isolated=True),
            entrypoint=("evaluate",),
            arguments=[
                "--accuracy-threshold",
                p.as_text(self.parameters.accuracy_threshold.value),
                "--max-regression-drop",
                p.as_text(self.parameters.max_regression_drop.value),
                "--min-champion-gain",
                p.as_text(self.parameters.min_champion_gain.value),
                "--max-symbol-class-drop",
                p.as_text(self.parameters.max_symbol_class_drop.value),
                "--min-symbol-class-lines",
                str(self._props.gate.min_symbol_class_lines),
            ],
            inputs=[
                p.ProcessingInput("dataset", self._prepare.output_uri("dataset"), f"{PROCESSING}/dataset"),
                p.ProcessingInput("challenger", self._train.model_uri, f"{PROCESSING}/challenger"),
                p.ProcessingInput("champion", self._resolve.output("ModelDataUrl"), f"{PROCESSING}/champion"),
                p.ProcessingInput("regression", self._props.regression_uri, f"{PROCESSING}/regression"),
            ],
            outputs=[
                p.ProcessingOutput("evaluation", self._place("models/", "evaluation"), f"{PROCESSING}/evaluation"),
            ],
            property_files=[self._report],
        )

    def _hyperparameters(self) -> p.Json:
        chosen = self.parameters
        return {
            "target": chosen.target.value,
            "learning_rate": p.as_text(chosen.learning_rate.value),
            "head_learning_rate": p.as_text(chosen.head_learning_rate.value),
            "epochs": p.as_text(chosen.epochs.value),
            "max_seconds": p.as_text(chosen.max_seconds.value),
            "batch_size": p.as_text(chosen.batch_size.value),
            "freeze_backbone": chosen.freeze_backbone.value,
            "replay_ratio": p.as_text(chosen.replay_ratio.value),
            "seed": p.as_text(chosen.seed.value),
        }
