"""The settings of one environment: `config/<env>.toml` read, checked and typed, before any CloudFormation exists.

Each sub-model is one concern, so that a construct takes only its part. Every wrong value is reported as one line that
names the file, the key, the value and the remedy.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from botocore.loaders import Loader
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

CONFIG_DIRECTORY = Path(__file__).resolve().parents[2] / "config"

# The one that is an account on this machine.
LOCAL = "local"
# The environment that customers depend on, and the machines that it never goes below: one in each of two zones.
PRODUCTION = "prod"
PRODUCTION_INSTANCES = 2

# An endpoint's name has 63 characters at most; the asynchronous one is called after the other with `-async` behind.
ASYNCHRONOUS_LEADER_LIMIT = 57

# SageMaker's own rule for the names of endpoints, groups and pipelines (botocore: EntityName, EndpointName).
SAGEMAKER_NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
BUCKET_NAME = r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$"

Environment = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=16)]
Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
ProjectName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$", max_length=32)]
SageMakerName = Annotated[str, StringConstraints(pattern=SAGEMAKER_NAME, max_length=63)]
BucketName = Annotated[str, StringConstraints(pattern=BUCKET_NAME, min_length=3, max_length=63)]
Fraction = Annotated[float, Field(ge=0, le=1)]
LearningRate = Annotated[float, Field(gt=0, le=0.1)]
Percent = Annotated[int, Field(ge=1, le=100)]
Days = Annotated[int, Field(ge=1, le=3650)]
# Retention periods that CloudWatch Logs accepts, in days.
LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]


# Which version a training run starts from, where nobody names one.
BaseRule = Literal["last_approved", "last_deployed"]


class SettingsError(ValueError):
    """A setting is wrong; the message is one line: file, key, value and remedy."""


class _Section(BaseModel):
    # Strict: `"8"` is no number and `1` no truth value, so that a typing mistake never turns into a quiet conversion.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkSettings(_Section):
    """Where jobs, endpoints and functions run: AWS's own network, or a VPC without a way to the internet."""

    mode: Literal["public", "private"]
    cidr: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+\.\d+/(1[6-9]|2[0-4])$")] = "10.40.0.0/20"
    # Named, not looked up: looking them up would ask the account while synthesizing.
    availability_zones: tuple[str, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _private_mode_has_two_zones(self) -> Self:
        if self.mode == "private" and len(set(self.availability_zones)) < 2:
            raise _refused(
                "availability_zones", list(self.availability_zones), "private mode needs two different zones"
            )
        return self


class StorageSettings(_Section):
    """The data bucket: its name, how long each kind of object stays, and what happens when the stack is removed."""

    # None: CloudFormation makes a unique name, which never clashes with a bucket that an earlier removal kept.
    bucket_name: BucketName | None = None
    removal: Literal["retain", "destroy"]
    noncurrent_versions_days: Days
    results_days: Days  # reading results; everything a model version refers to stays
    quarantine_days: Days
    access_log_days: Days
    capture_days: Days  # captured requests and answers of the endpoint


class InstanceSettings(_Section):
    """The machine of each step (names as SageMaker spells them)."""

    prepare: str
    train: str
    evaluate: str
    serve: str
    batch: str  # batch transform; any number of them for as long as a batch takes

    @model_validator(mode="after")
    def _sagemaker_offers_each_type(self) -> Self:
        for step, shape in _INSTANCE_TYPE_SHAPES.items():
            offered, wanted = instance_types(shape), getattr(self, step)
            if wanted not in offered:
                close = difflib.get_close_matches(wanted, offered, n=1, cutoff=0.0)[0]
                raise _refused(step, wanted, f"SageMaker offers no such type for this step; {close!r} is the nearest")
        return self


class ImageSettings(_Section):
    """Build arguments of the two images (the `ARG` lines of containers/*/Dockerfile); without any they are for CPUs."""

    training: dict[str, str] = Field(default_factory=dict)
    inference: dict[str, str] = Field(default_factory=dict)


class TrainingSettings(_Section):
    """Defaults of the pipeline's parameters and the limits of its training job."""

    initial_learning_rate: LearningRate = 1e-3  # a recogniser that starts from nothing, or rows new in its head
    incremental_learning_rate: LearningRate = 1e-4  # a trained model that learns on
    base_version: BaseRule = "last_approved"  # or last_deployed: what the endpoint serves
    epochs: Annotated[int, Field(ge=1, le=1000)]
    max_seconds: Annotated[int, Field(ge=0, le=432_000)] = 0  # training stops cleanly after this time; 0 = no limit
    max_steps: Annotated[int, Field(ge=0, le=10_000_000)] = 0  # of every process; unlike time, the same everywhere
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    replay_ratio: Annotated[float, Field(ge=0, le=0.9)] = 0.3  # share of lines from what earlier versions learned
    validation_ratio: Annotated[float, Field(gt=0, le=0.5)] = 0.2
    synthetic_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.375  # share of every batch that is drawn anew
    freeze_backbone: bool = False
    warmup_ratio: Fraction = 0.05  # share of all steps in which the learning rate rises from 0
    early_stop_patience: Annotated[int, Field(ge=1, le=100)] = 5  # validations in a row without a gain
    new_row_steps: Annotated[int, Field(ge=0, le=10_000)] = 300  # in which signs the base lacks are learned alone
    processes: Annotated[int, Field(ge=0, le=64)] = 0  # 0 = one per GPU, or one per two CPU cores
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 17
    spot: bool
    max_runtime_seconds: Annotated[int, Field(ge=60, le=432_000)]  # SageMaker stops the job
    spot_max_wait_seconds: Annotated[int, Field(ge=60, le=432_000)] = 432_000  # waiting for capacity and running
    volume_gb: Annotated[int, Field(ge=5, le=16_384)] = 50

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.max_seconds >= self.max_runtime_seconds:
            raise _refused(
                "max_seconds", self.max_seconds, f"stay below max_runtime_seconds = {self.max_runtime_seconds}"
            )
        if self.spot and self.spot_max_wait_seconds < self.max_runtime_seconds:
            raise _refused(
                "spot_max_wait_seconds",
                self.spot_max_wait_seconds,
                f"it includes the run itself: give at least max_runtime_seconds = {self.max_runtime_seconds}",
            )
        return self


class GateSettings(_Section):
    """What a challenger must reach to be registered; all values are fractions of exactly read lines."""

    accuracy: Fraction = 0.85
    max_regression_drop: Fraction = 0.01
    min_champion_gain: Annotated[float, Field(ge=-1, le=1)] = 0.0
    max_symbol_class_drop: Fraction = 0.05  # of one symbol class on either test set, unless chance may explain it
    min_symbol_class_lines: Annotated[int, Field(ge=1, le=10_000)] = 30  # a class with fewer is not judged


class EmbedderSettings(_Section):
    """How the embedder learns on from the account's own drawings, and what a new version must reach.

    Attributes:
        drawings: So many of the bucket are learned from and judged by at most.
        validation_ratio: Share of them that is held out.
        replay_ratio: Share of drawn families in a batch, against forgetting.
        learning_rate, max_steps, max_seconds, seed: Of the training; 0 seconds for no limit.
        families, validation_families, whitening_batches, evaluated_families: How much is drawn for a batch, to
            validate, to learn the whitening, and to compare with the version before.
        accuracy: Least mean average precision on held-out drawings.
        max_regression_drop: Most that it may fall on drawn families.
        min_champion_gain: Least that it must rise on held-out drawings.
    """

    drawings: Annotated[int, Field(ge=8, le=100_000)] = 5_000
    validation_ratio: Annotated[float, Field(gt=0, lt=1)] = 0.2
    replay_ratio: Annotated[float, Field(ge=0, le=0.9)] = 0.5
    learning_rate: LearningRate = 2e-4
    max_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 400
    max_seconds: Annotated[int, Field(ge=0, le=432_000)] = 0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    families: Annotated[int, Field(ge=2, le=256)] = 16
    validation_families: Annotated[int, Field(ge=2, le=1000)] = 40
    whitening_batches: Annotated[int, Field(ge=1, le=1000)] = 24
    evaluated_families: Annotated[int, Field(ge=2, le=1000)] = 60
    accuracy: Fraction = 0.6
    max_regression_drop: Fraction = 0.01
    min_champion_gain: Annotated[float, Field(ge=-1, le=1)] = 0.0


class TriggerSettings(_Section):
    """When new labels start a training run: enough of them and then silence, or the oldest old enough."""

    quiet_seconds: Annotated[int, Field(ge=1, le=86_400)]  # no new batch for this long
    min_objects: Annotated[int, Field(ge=1, le=100_000)]  # labelled batches that are waiting
    max_age_seconds: Annotated[int, Field(ge=1, le=1_209_600)]  # the oldest one starts a run, however few and busy

    @model_validator(mode="after")
    def _age_exceeds_quiet_time(self) -> Self:
        if self.max_age_seconds < self.quiet_seconds:
            raise _refused(
                "max_age_seconds", self.max_age_seconds, f"give at least quiet_seconds = {self.quiet_seconds}"
            )
        return self


class AutoscalingSettings(_Section):
    """Target tracking of the serving variant."""

    min_instances: Annotated[int, Field(ge=1, le=100)]
    max_instances: Annotated[int, Field(ge=1, le=100)]
    invocations_per_instance: Annotated[int, Field(ge=1, le=100_000)]  # target, per minute
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 60

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.max_instances < self.min_instances:
            raise _refused("max_instances", self.max_instances, f"give at least min_instances = {self.min_instances}")
        return self


class ServerlessSettings(_Section):
    """An endpoint without machines of its own, which costs nothing while nobody asks.

    Limits: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144]  # processor time grows with it
    max_concurrency: Annotated[int, Field(ge=1, le=200)]


class AsynchronousSettings(_Section):
    """The endpoint for drawings that are too large for an answer while the caller waits; it scales down to nothing.

    Limits: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html (1 GB, one hour)
    """

    instance: str
    max_instances: Annotated[int, Field(ge=1, le=100)]
    backlog_per_instance: Annotated[int, Field(ge=1, le=1000)] = 5  # target: requests that wait for one machine
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 600  # a machine takes minutes to start
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    answer_seconds: Annotated[int, Field(ge=60, le=3600)] = 900  # one drawing takes at most this long

    @model_validator(mode="after")
    def _sagemaker_offers_the_type(self) -> Self:
        if self.instance not in instance_types("ProductionVariantInstanceType"):
            raise _refused("instance", self.instance, "SageMaker offers no such type for endpoints")
        return self


class ReleaseSettings(_Section):
    """How a new version replaces the one that serves.

    Limits: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
    """

    strategy: Literal["all_at_once", "canary", "linear"]
    # Canary: the first share of capacity. Linear: the share of each step. AWS allows at most half.
    canary_percent: Annotated[int, Field(ge=1, le=50)] = 10
    bake_seconds: Annotated[int, Field(ge=0, le=3600)]  # alarms are watched this long after each shift
    termination_wait_seconds: Annotated[int, Field(ge=0, le=3600)]  # the old fleet is kept this long for a quick return
    max_execution_seconds: Annotated[int, Field(ge=600, le=28_800)]
    startup_seconds: Annotated[int, Field(ge=60, le=3600)] = 600  # a container that is not healthy by then is given up
    poll_seconds: Annotated[int, Field(ge=1, le=300)] = 30  # the workflow asks for the endpoint's state this often
    instances: Annotated[int, Field(ge=1, le=100)] = 1  # size of the first fleet; autoscaling takes over from there

    @property
    def waits_seconds(self) -> int:
        """Seconds that the strategy waits in all, without the time machines need to start."""
        shifts = {"all_at_once": 1, "canary": 2, "linear": math.ceil(100 / self.canary_percent)}[self.strategy]
        return shifts * self.bake_seconds + self.termination_wait_seconds

    @model_validator(mode="after")
    def _execution_outlasts_its_waits(self) -> Self:
        if self.max_execution_seconds <= self.waits_seconds:
            raise _refused(
                "max_execution_seconds",
                self.max_execution_seconds,
                f"{self.strategy} waits {self.waits_seconds} s in all: raise it above that or shorten bake_seconds",
            )
        return self


class AlarmSettings(_Section):
    """When somebody is told."""

    server_errors_per_minute: Annotated[int, Field(ge=1)]
    latency_p99_ms: Annotated[int, Field(ge=1)]
    label_age_hours: Annotated[int, Field(ge=1, le=336)]  # labels that wait this long were forgotten; SQS keeps 14 days
    # No machine of the endpoint has reported for so long. None: no such alarm, for an environment without a release.
    silent_minutes: Annotated[int, Field(ge=3, le=60)] | None = None


class BudgetSettings(_Section):
    """A monthly limit in US dollars for everything that carries the project's tag."""

    monthly_usd: Annotated[int, Field(ge=1)]
    warn_at_percent: Percent = 80


class DriftSettings(_Section):
    """How closely the endpoint is watched. Without it nothing is captured; with [serverless] nothing could be.

    Attributes:
        capture_percent: Of all requests; their drawings and answers are kept for `storage.capture_days`.
        hours: A look every so many hours, at the drawings of that time.
        drawings: In a baseline, and the most of one look.
        min_drawings: With fewer in one look nothing is said.
        false_alarm_rate: Share of looks at unchanged input that may raise an alarm, over all features together.
        population_stability: The least index that is an alarm; 0.2 is the custom.
    """

    capture_percent: Percent
    hours: Annotated[int, Field(ge=2, le=24)] = 24  # CloudWatch knows no longer period than a day
    drawings: Annotated[int, Field(ge=50, le=5000)] = 300
    min_drawings: Annotated[int, Field(ge=10, le=5000)] = 50
    false_alarm_rate: Annotated[float, Field(ge=0.0001, le=0.1)] = 0.001
    population_stability: Annotated[float, Field(gt=0, le=10)] = 0.2

    @model_validator(mode="after")
    def _a_look_is_no_larger_than_a_baseline(self) -> Self:
        if self.min_drawings > self.drawings:
            raise _refused("min_drawings", self.min_drawings, f"give at most drawings = {self.drawings}")
        return self


class LabellingSettings(_Section):
    """How people label drawings.

    Attributes:
        backend: who hands tasks out: our own API and page, or SageMaker Ground Truth (closed to new customers).
        page_scheme: of the page's address; plain http only where the account is this machine.
        page_connects_to: origins that the page talks to besides AWS's own.
        annotators: how many people label a drawing, where the job does not say.
        lease_minutes: a task that its holder has not touched for so long goes to somebody else.
        url_minutes: how long a signed address of a picture works.
        agreement: a consensus with less goes to a reviewer.
        gold_share: of the tasks that a person gets, the share whose answer is known.
        weekly_drawings: what active learning may offer in a week.
        oldest_task_days: a task that is open for so long is told about.
        multi_factor: a second factor at sign-in.
        job_days: answers, drafts and pyramids of a job are kept so long; what was exported stays with the data.
    """

    backend: Literal["self_hosted", "ground_truth"] = "self_hosted"
    page_scheme: Literal["https", "http"] = "https"
    page_connects_to: tuple[str, ...] = Field(default=(), strict=False)
    annotators: Annotated[int, Field(ge=1, le=9)] = 1
    lease_minutes: Annotated[int, Field(ge=5, le=480)] = 60
    url_minutes: Annotated[int, Field(ge=1, le=15)] = 15
    agreement: Fraction = 0.8
    gold_share: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    weekly_drawings: Annotated[int, Field(ge=0, le=100_000)] = 100
    oldest_task_days: Annotated[int, Field(ge=1, le=365)] = 7
    multi_factor: Literal["off", "optional", "required"] = "optional"
    job_days: Days = 730


# The embedder that travels with the inference image; others are named by the address of their package.
SHIPPED_EMBEDDER = "shipped"
Embedder = Annotated[str, StringConstraints(pattern=rf"^({SHIPPED_EMBEDDER}|s3://[^/]+/models/.+\.tar\.gz)$")]


class SearchSettings(_Section):
    """Similar drawings: where they are indexed, and what embeds them.

    Attributes:
        store: "opensearch": a managed domain. "embedded": files on a file system that the functions share, for the
            account on one machine.
        drawings: how many the domain is sized for (drawing_ocr/search/sizing.py).
        zones: over how many the domain's machines are spread, with a replica in another one where there are several.
        domain_instance: machines of the domain; without it the smallest that hold the drawings.
        embedding_instance: the machine of an embedding endpoint; where the reader is serverless, it is too.
        embedding_instances: how many; more of them fill an index sooner.
        embedders: what embeds, each behind an endpoint of its own: "shipped", or the address of a package below
            `models/`. A second one fills an index beside the one that is searched (docs/search.md).
        index_at_once: drawings that are indexed at the same time.
        read_text: whether a drawing that arrives is read too, so that words find it.
        url_minutes: how long the address of a thumbnail works.
    """

    store: Literal["opensearch", "embedded"] = "opensearch"
    drawings: Annotated[int, Field(ge=1_000, le=20_000_000)] = 100_000
    zones: Literal[1, 2, 3] = 1
    domain_instance: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$")] | None = None
    embedding_instance: str = "ml.m7i.large"
    embedding_instances: Annotated[int, Field(ge=1, le=100)] = 1
    embedders: Annotated[tuple[Embedder, ...], Field(min_length=1, max_length=2, strict=False)] = (SHIPPED_EMBEDDER,)
    index_at_once: Annotated[int, Field(ge=2, le=1000)] = 4
    read_text: bool = True
    url_minutes: Annotated[int, Field(ge=1, le=60)] = 15

    @model_validator(mode="after")
    def _machines_and_embedders_exist(self) -> Self:
        if self.embedding_instance not in instance_types("ProductionVariantInstanceType"):
            raise _refused("embedding_instance", self.embedding_instance, "SageMaker offers no such type for endpoints")
        if len(set(self.embedders)) != len(self.embedders):
            raise _refused("embedders", list(self.embedders), "each may stand here once")
        return self


class PromotionPartner(_Section):
    """Another environment, in this region and perhaps in another account."""

    env: Environment
    account: Account


class PromotionSettings(_Section):
    """Where versions come from and where they go; without it an environment stands alone."""

    source: PromotionPartner | None = None
    targets: tuple[PromotionPartner, ...] = Field(default=(), strict=False)


class Settings(_Section):
    """One environment."""

    env: Environment
    project: ProjectName
    account: Account
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    model_package_group: SageMakerName
    endpoint_name: SageMakerName
    # "host": the interpreter that synthesizes, for an account that runs functions on this machine.
    lambda_python: Literal["3.12", "host"]
    log_retention_days: LogRetentionDays
    alert_emails: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...] = Field(
        default=(), strict=False
    )
    network: NetworkSettings
    storage: StorageSettings
    instances: InstanceSettings
    images: ImageSettings = ImageSettings()
    training: TrainingSettings
    gate: GateSettings
    embedder: EmbedderSettings = EmbedderSettings()
    trigger: TriggerSettings
    release: ReleaseSettings
    autoscaling: AutoscalingSettings | None = None
    serverless: ServerlessSettings | None = None
    asynchronous: AsynchronousSettings | None = None
    alarms: AlarmSettings
    budget: BudgetSettings | None = None
    drift: DriftSettings | None = None
    labelling: LabellingSettings = LabellingSettings()
    promotion: PromotionSettings = PromotionSettings()
    search: SearchSettings = Field(default_factory=SearchSettings)

    @property
    def pipeline_name(self) -> str:
        """Name of the training pipeline; short enough by the limits of `project` and `env`."""
        return f"{self.project}-{self.env}-training"

    @property
    def embedder_pipeline_name(self) -> str:
        """Name of the pipeline that trains the embedder."""
        return f"{self.project}-{self.env}-embedder"

    @property
    def embedder_package_group(self) -> str:
        """Name of the model package group of embedders."""
        return f"{self.project}-{self.env}-embedders"

    @property
    def labelling_workflow_name(self) -> str:
        """Name of the state machine that prepares labelling jobs."""
        return f"{self.project}-{self.env}-labelling"

    @property
    def stage_name(self) -> str:
        """Name of the CDK stage: `Dev` for dev."""
        return self.env.capitalize()

    @property
    def parameter_prefix(self) -> str:
        """Where the names of a deployed environment are kept in SSM (docs/architecture.md)."""
        return f"/{self.project}/{self.env}"

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for zone in self.network.availability_zones:
            if not zone.startswith(self.region):
                raise _refused("network.availability_zones", zone, f"name zones of region {self.region}")
        machines = {f"instances.{step}": getattr(self.instances, step) for step in ("train", "serve", "batch")}
        if self.asynchronous:
            machines["asynchronous.instance"] = self.asynchronous.instance
            if len(self.endpoint_name) > ASYNCHRONOUS_LEADER_LIMIT:
                remedy = f"the asynchronous endpoint adds to it: at most {ASYNCHRONOUS_LEADER_LIMIT} characters"
                raise _refused("endpoint_name", self.endpoint_name, remedy)
        for key, machine in machines.items():
            image = "training" if key == "instances.train" else "inference"
            if _has_gpu(machine) and not getattr(self.images, image):
                remedy = f"a GPU needs an image built for it: give images.{image} (see containers/{image}/Dockerfile)"
                raise _refused(key, machine, remedy)
        if (
            self.autoscaling
            and not self.autoscaling.min_instances <= self.release.instances <= self.autoscaling.max_instances
        ):
            raise _refused(
                "release.instances",
                self.release.instances,
                f"stay between autoscaling.min_instances = {self.autoscaling.min_instances} "
                f"and autoscaling.max_instances = {self.autoscaling.max_instances}",
            )
        return self

    @model_validator(mode="after")
    def _the_page_is_encrypted_in_aws(self) -> Self:
        if self.env != LOCAL and self.labelling.page_scheme != "https":
            remedy = "CloudFront serves the page by TLS: write 'https'"
            raise _refused("labelling.page_scheme", self.labelling.page_scheme, remedy)
        if self.env != LOCAL and self.labelling.page_connects_to:
            remedy = "the stack knows all that the page talks to: leave this out"
            raise _refused("labelling.page_connects_to", list(self.labelling.page_connects_to), remedy)
        return self

    @model_validator(mode="after")
    def _drawings_are_indexed_where_they_can_be(self) -> Self:
        if self.search.store == "embedded" and self.env != LOCAL:
            remedy = "functions share a folder on one machine only: write 'opensearch'"
            raise _refused("search.store", self.search.store, remedy)
        zones = len(self.network.availability_zones)
        if self.network.mode == "private" and self.search.zones > zones:
            raise _refused("search.zones", self.search.zones, f"network.availability_zones has {zones}")
        if self.env == PRODUCTION and self.search.zones == 1:
            raise _refused("search.zones", 1, "production outlives the loss of a zone: give at least 2")
        return self

    @model_validator(mode="after")
    def _promotion_leads_elsewhere(self) -> Self:
        source = (self.promotion.source,) if self.promotion.source else ()
        for partner in (*source, *self.promotion.targets):
            if partner.env == self.env:
                raise _refused("promotion", partner.env, "an environment is not promoted to itself: name another one")
        return self

    @model_validator(mode="after")
    def _serverless_is_all_that_it_needs(self) -> Self:
        if self.serverless is None:
            return self
        if self.autoscaling:
            raise _refused("serverless.max_concurrency", self.serverless.max_concurrency, "leave out [autoscaling]")
        if self.network.mode == "private":
            raise _refused(
                "network.mode", self.network.mode, "a serverless endpoint knows no VPC: leave out [serverless]"
            )
        if self.release.strategy != "all_at_once":
            remedy = "traffic of a serverless endpoint moves all_at_once: write that, or leave out [serverless]"
            raise _refused("release.strategy", self.release.strategy, remedy)
        return self

    @model_validator(mode="after")
    def _production_survives_the_loss_of_a_zone(self) -> Self:
        """SageMaker spreads the machines of a variant over the zones of its subnets."""
        if self.env != PRODUCTION:
            return self
        if self.network.mode != "private":
            raise _refused("network.mode", self.network.mode, "production serves in two named zones: write 'private'")
        least = self.autoscaling.min_instances if self.autoscaling else 0
        if least < PRODUCTION_INSTANCES:
            remedy = f"production serves from at least {PRODUCTION_INSTANCES} machines in two zones: raise it"
            raise _refused("autoscaling.min_instances", least, remedy)
        return self

    @model_validator(mode="after")
    def _what_is_watched_has_machines(self) -> Self:
        if self.serverless is None:
            return self
        if self.drift:
            remedy = "a serverless endpoint captures nothing: leave out [drift] or [serverless]"
            raise _refused("drift.capture_percent", self.drift.capture_percent, remedy)
        if self.alarms.silent_minutes:
            remedy = "a serverless endpoint has no machines that could be silent: leave this out"
            raise _refused("alarms.silent_minutes", self.alarms.silent_minutes, remedy)
        return self


_INSTANCE_TYPE_SHAPES = {
    "batch": "TransformInstanceType",
    "prepare": "ProcessingInstanceType",
    "train": "TrainingInstanceType",
    "evaluate": "ProcessingInstanceType",
    "serve": "ProductionVariantInstanceType",
}


@cache
def instance_types(shape: str) -> tuple[str, ...]:
    """Values of one of SageMaker's instance-type enumerations, read from botocore's model (a file, no call)."""
    model: dict[str, Any] = Loader().load_service_model("sagemaker", "service-2")
    return tuple(model["shapes"][shape]["enum"])


def load_settings(env: str, directory: Path = CONFIG_DIRECTORY) -> Settings:
    """The settings of environment `env`, from `directory/<env>.toml`.

    Raises:
        SettingsError: the environment is unknown, its file is not TOML, or a value is missing, unknown or wrong.
    """
    path = directory / f"{env}.toml"
    name = f"{directory.name}/{path.name}"
    if not path.is_file():
        known = ", ".join(environments(directory)) or "none"
        raise SettingsError(f"{name}: unknown environment {env!r}; choose one of: {known}")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: not valid TOML: {_one_line(error)}; correct the file") from error
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"{name}: {_describe(error)}") from None
    if settings.env != env:
        raise SettingsError(f"{name}: env = {settings.env!r} does not match the file's name; write env = {env!r}")
    return settings


def environments(directory: Path = CONFIG_DIRECTORY) -> list[str]:
    """Names of all environments that have a file in `directory`, sorted."""
    return sorted(path.stem for path in directory.glob("*.toml"))


def _has_gpu(instance_type: str) -> bool:
    # NVIDIA families are named g… and p…: ml.g4dn.xlarge, ml.g6e.xlarge, ml.p5.48xlarge.
    return instance_type.removeprefix("ml.")[0] in "gp"


def _refused(key: str, value: object, remedy: str) -> PydanticCustomError:
    """An error about `key` (relative to the model that raises it) that `_describe` turns into one line."""
    return PydanticCustomError("settings", "{remedy}", {"key": key, "value": value, "remedy": remedy})


def _describe(error: ValidationError) -> str:
    """The first error of `error` as `key = value: what is wrong; remedy`, and how many more there are."""
    # A misspelt key shows twice, as unknown and as missing; the first says more.
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    location = [str(part) for part in first["loc"]]
    context = first.get("ctx", {})
    if first["type"] == "settings":
        key, value = ".".join([*location, context["key"]]), context["value"]
    else:
        key, value = ".".join(location), first["input"]
    shown = key if first["type"] == "missing" else f"{key} = {value!r}"
    more = f" ({len(details) - 1} more after this)" if len(details) > 1 else ""
    return _one_line(f"{shown}: {_remedy(first)}{more}")


def _remedy(error: ErrorDetails) -> str:
    kind, message = error["type"], error["msg"]
    if kind == "settings":
        return message
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "extra_forbidden":
        *section, name = (str(part) for part in error["loc"])
        known = _known_keys(section)
        close = difflib.get_close_matches(name, known, n=1)
        return f"unknown key; did you mean {close[0]!r}?" if close else f"unknown key; known are: {', '.join(known)}"
    if kind == "string_too_long":
        return f"{len(str(error['input']))} characters are too many for AWS; shorten it to {error['ctx']['max_length']}"
    return f"{message[0].lower()}{message[1:]}; correct the value"


def _known_keys(section: list[str]) -> list[str]:
    """Keys of the (sub-)model at `section`, a path of names and of places in lists."""
    model: type[BaseModel] = Settings
    for name in section:
        if name.isdecimal():
            continue
        annotation = model.model_fields[name].annotation
        options = getattr(annotation, "__args__", (annotation,))
        model = next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
    return sorted(model.model_fields)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
