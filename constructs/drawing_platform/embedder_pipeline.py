"""The pipeline of the embedder: the bucket's own drawings, training on, retrieval beside the version before."""

from __future__ import annotations

from dataclasses import dataclass

from drawing_platform import pipeline_steps as p
from drawing_platform.pipeline_definition import (
    EVALUATE_SECONDS,
    PREPARE_SECONDS,
    PROCESSING,
    RUNS_PREFIX,
    PipelineDefinitionProps,
    TargetPipeline,
    log_metrics,
)
from drawing_platform.settings import EmbedderSettings

METRICS = log_metrics("loss", "lr", "val_map", "val_recall10", "val_own_map", "val_own_recall10")


@dataclass(frozen=True)
class EmbedderParameters:
    """The parameters of an execution, with this account's defaults."""

    base_model_package: p.Parameter
    label_manifest: p.Parameter
    run_id: p.Parameter
    replay_ratio: p.Parameter
    learning_rate: p.Parameter
    max_steps: p.Parameter
    max_seconds: p.Parameter
    accuracy_threshold: p.Parameter
    max_regression_drop: p.Parameter
    min_champion_gain: p.Parameter
    target: p.Parameter
    seed: p.Parameter

    @classmethod
    def from_settings(cls, embedder: EmbedderSettings) -> EmbedderParameters:
        """Declared as docs/architecture.md says."""
        return cls(
            base_model_package=p.Parameter("BaseModelPackage", "String", ""),
            label_manifest=p.Parameter("LabelManifest", "String"),
            run_id=p.Parameter("RunId", "String"),
            replay_ratio=p.Parameter("ReplayRatio", "Float", embedder.replay_ratio),
            learning_rate=p.Parameter("LearningRate", "Float", embedder.learning_rate),
            max_steps=p.Parameter("MaxSteps", "Integer", embedder.max_steps),
            max_seconds=p.Parameter("MaxSeconds", "Integer", embedder.max_seconds),
            accuracy_threshold=p.Parameter("AccuracyThreshold", "Float", embedder.accuracy),
            max_regression_drop=p.Parameter("MaxRegressionDrop", "Float", embedder.max_regression_drop),
            min_champion_gain=p.Parameter("MinChampionGain", "Float", embedder.min_champion_gain),
            target=p.Parameter("Target", "String", "embedder"),
            seed=p.Parameter("Seed", "Integer", embedder.seed),
        )

    def all(self) -> list[p.Parameter]:
        """In the order in which consoles show them."""
        return list(vars(self).values())


class EmbedderPipeline(TargetPipeline):
    """Of the embedder.

    Args:
        props: As the reader's; the machines and the limits of training are the same.
        embedder: How it is trained and what the gate asks for.
        drawings_uri: S3 prefix of the drawings that it learns from.
    """

    def __init__(self, props: PipelineDefinitionProps, *, embedder: EmbedderSettings, drawings_uri: str) -> None:
        self._embedder, self._drawings_uri = embedder, drawings_uri
        self.parameters = EmbedderParameters.from_settings(embedder)
        super().__init__(props, self.parameters)

    def _define_prepare(self) -> p.ProcessingStep:
        return p.ProcessingStep(
            name="Prepare",
            # Not isolated: it fetches the drawings from the bucket.
            resources=self._resources(self._props.instances.prepare, PREPARE_SECONDS, isolated=False),
            entrypoint=("prepare_embedder",),
            arguments=[
                "--drawings",
                self._drawings_uri,
                "--val-ratio",
                str(self._embedder.validation_ratio),
                "--most",
                str(self._embedder.drawings),
                # Not the run's: what is held out stays held out from one version to the next.
                "--seed",
                str(self._embedder.seed),
            ],
            environment={"AWS_DEFAULT_REGION": self._props.region},
            # SageMaker wants an input; the run manifest is what this run is known by.
            inputs=[p.ProcessingInput("run", self.parameters.label_manifest.value, f"{PROCESSING}/run")],
            outputs=[p.ProcessingOutput("dataset", self._place(RUNS_PREFIX, "dataset"), f"{PROCESSING}/dataset")],
        )

    def _define_train(self) -> p.TrainingStep:
        training, chosen = self._props.training, self.parameters
        return p.TrainingStep(
            name="Train",
            resources=self._resources(
                self._props.instances.train, training.max_runtime_seconds, isolated=True, volume_gb=training.volume_gb
            ),
            channels=[
                p.Channel("training", self._prepare.output_uri("dataset")),
                p.Channel("model", self._resolve.output("ModelDataUrl")),
            ],
            hyperparameters={
                **self._hyperparameters(),
                # Every run is a version of its own, and so is the index that goes with it.
                "version": chosen.run_id.value,
                "families": str(self._embedder.families),
                "validation_families": str(self._embedder.validation_families),
                "whitening_batches": str(self._embedder.whitening_batches),
            },
            metrics=METRICS,
            output_uri=self._place("models/"),
            checkpoint_uri=self._place(RUNS_PREFIX, "checkpoints"),
            spot=p.Spot(max_wait_seconds=training.spot_max_wait_seconds) if training.spot else None,
        )

    def _define_evaluate(self) -> p.ProcessingStep:
        chosen = self.parameters
        return p.ProcessingStep(
            name="Evaluate",
            resources=self._resources(self._props.instances.evaluate, EVALUATE_SECONDS, isolated=True),
            entrypoint=("evaluate_embedder",),
            arguments=[
                "--accuracy-threshold",
                p.as_text(chosen.accuracy_threshold.value),
                "--max-regression-drop",
                p.as_text(chosen.max_regression_drop.value),
                "--min-champion-gain",
                p.as_text(chosen.min_champion_gain.value),
                "--families",
                str(self._embedder.evaluated_families),
            ],
            inputs=[
                p.ProcessingInput("dataset", self._prepare.output_uri("dataset"), f"{PROCESSING}/dataset"),
                p.ProcessingInput("challenger", self._train.model_uri, f"{PROCESSING}/challenger"),
                p.ProcessingInput("champion", self._resolve.output("ModelDataUrl"), f"{PROCESSING}/champion"),
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
            "max_steps": p.as_text(chosen.max_steps.value),
            "max_seconds": p.as_text(chosen.max_seconds.value),
            "replay_ratio": p.as_text(chosen.replay_ratio.value),
            "seed": p.as_text(chosen.seed.value),
        }
