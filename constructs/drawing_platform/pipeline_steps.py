"""The elements of a SageMaker pipeline definition, schema 2020-12-01, as plain typed values.

Written by hand instead of with the SageMaker SDK, which needs credentials or network while synthesizing and breaks on
CDK tokens (docs/architecture.md). CDK tokens may stand wherever a string does.
Source: https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Json = dict[str, Any]
ParameterType = Literal["String", "Integer", "Float"]
Operator = Literal["Equals", "GreaterThanOrEqualTo", "LessThanOrEqualTo"]

SCHEMA_VERSION = "2020-12-01"


def reference(path: str) -> Json:
    """What the service puts in when the pipeline runs: `Parameters.X`, `Steps.X.…`, `Execution.X`."""
    return {"Get": path}


def execution(name: str) -> Json:
    """A fact about the running execution, for example `PipelineExecutionId`."""
    return reference(f"Execution.{name}")


def join(*values: Any, on: str = "") -> Json:
    """The values as one string. A single number joined alone is that number as a string."""
    return {"Std:Join": {"On": on, "Values": list(values)}}


def as_text(value: Json) -> Json:
    """A number parameter where SageMaker wants a string: hyperparameters and container arguments."""
    return join(value)


@dataclass(frozen=True)
class Parameter:
    """A value that may be given when an execution is started."""

    name: str
    type: ParameterType
    default: str | int | float | None = None

    def to_json(self) -> Json:
        """Its declaration."""
        declared: Json = {"Name": self.name, "Type": self.type}
        return declared if self.default is None else declared | {"DefaultValue": self.default}

    @property
    def value(self) -> Json:
        """The reference to it."""
        return reference(f"Parameters.{self.name}")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a step is tried again after which failures."""

    exceptions: tuple[str, ...]
    interval_seconds: int
    max_attempts: int
    backoff: float = 2.0

    def to_json(self) -> Json:
        """As the service spells it."""
        return {
            "ExceptionType": list(self.exceptions),
            "IntervalSeconds": self.interval_seconds,
            "BackoffRate": self.backoff,
            "MaxAttempts": self.max_attempts,
        }


# The service's own trouble passes in seconds, missing capacity in minutes. Our own failures are never retried.
JOB_RETRIES = (
    RetryPolicy(exceptions=("Step.SERVICE_FAULT", "Step.THROTTLING"), interval_seconds=10, max_attempts=3),
    RetryPolicy(exceptions=("SageMaker.JOB_INTERNAL_ERROR",), interval_seconds=30, max_attempts=2),
    RetryPolicy(
        exceptions=("SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"), interval_seconds=60, max_attempts=5
    ),
)


class Step(Protocol):
    """Anything that stands in a list of steps."""

    @property
    def name(self) -> str:
        """Unique in the whole pipeline."""

    def to_json(self) -> Json:
        """As the service reads it."""


@dataclass(frozen=True, kw_only=True)
class VpcConfig:
    """The network that jobs run in."""

    subnets: Sequence[str]
    security_group_ids: Sequence[str]

    def to_json(self) -> Json:
        """As every job spells it."""
        return {"SecurityGroupIds": list(self.security_group_ids), "Subnets": list(self.subnets)}


@dataclass(frozen=True, kw_only=True)
class JobResources:
    """What each job of the pipeline runs on and as.

    Attributes:
        image: container image URI.
        role_arn: the execution role.
        instance_type, volume_gb: the machine.
        key_arn: encrypts outputs, and the volume where the machine has one that can be encrypted.
        vpc: the network, None for SageMaker's own.
        max_runtime_seconds: SageMaker stops the job after that.
        isolated: whether the container has no network at all, not even to AWS.
    """

    image: str
    role_arn: str
    instance_type: str
    volume_gb: int
    key_arn: str
    vpc: VpcConfig | None
    max_runtime_seconds: int
    isolated: bool

    @property
    def machine(self) -> Json:
        """One instance, with an encrypted volume."""
        described: Json = {
            "InstanceType": self.instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": self.volume_gb,
        }
        # Machines with NVMe disks encrypt them in hardware and refuse a key.
        return described if has_nvme(self.instance_type) else described | {"VolumeKmsKeyId": self.key_arn}


NVME_FAMILIES = (
    "g4dn",
    "g5",
    "g6",
    "g6e",
    "gr6",
    "p3dn",
    "p4d",
    "p4de",
    "p5",
    "p5e",
    "p5en",
    "p6-b200",
    "trn1",
    "trn1n",
)


def has_nvme(instance_type: str) -> bool:
    """Whether the machine brings its own disk: `ml.g5.xlarge`, `ml.m5d.large`."""
    family = instance_type.removeprefix("ml.").split(".")[0]
    return family in NVME_FAMILIES or family.rstrip("n").endswith("d")


@dataclass(frozen=True)
class ProcessingInput:
    """An S3 object or prefix that lies in a folder of the container when the job starts."""

    name: str
    uri: Any
    path: str

    def to_json(self) -> Json:
        """As CreateProcessingJob spells it."""
        source = {
            "S3Uri": self.uri,
            "LocalPath": self.path,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        }
        return {"InputName": self.name, "AppManaged": False, "S3Input": source}


@dataclass(frozen=True)
class ProcessingOutput:
    """A folder of the container that goes to S3 when the job ends."""

    name: str
    uri: Any
    path: str

    def to_json(self) -> Json:
        """As CreateProcessingJob spells it."""
        target = {"S3Uri": self.uri, "LocalPath": self.path, "S3UploadMode": "EndOfJob"}
        return {"OutputName": self.name, "AppManaged": False, "S3Output": target}


@dataclass(frozen=True, kw_only=True)
class PropertyFile:
    """A JSON file among a step's outputs that conditions can read."""

    step: str
    name: str
    output: str
    path: str

    def to_json(self) -> Json:
        """Its declaration in the step that writes it."""
        return {"PropertyFileName": self.name, "OutputName": self.output, "FilePath": self.path}

    def value(self, path: str) -> Json:
        """The value at a JSON path, for example `gate.accuracy`."""
        file = reference(f"Steps.{self.step}.PropertyFiles.{self.name}")
        return {"Std:JsonGet": {"PropertyFile": file, "Path": path}}


@dataclass(frozen=True, kw_only=True)
class ProcessingStep:
    """A container that turns files into files."""

    name: str
    resources: JobResources
    entrypoint: tuple[str, ...]
    arguments: Sequence[Any]
    inputs: Sequence[ProcessingInput]
    outputs: Sequence[ProcessingOutput]
    environment: Mapping[str, str] = field(default_factory=dict)
    property_files: Sequence[PropertyFile] = ()

    def to_json(self) -> Json:
        """The step with the arguments of its CreateProcessingJob."""
        network: Json = {"EnableNetworkIsolation": self.resources.isolated}
        if self.resources.vpc:
            network["VpcConfig"] = self.resources.vpc.to_json()
        arguments: Json = {
            "ProcessingResources": {"ClusterConfig": self.resources.machine},
            "AppSpecification": {
                "ImageUri": self.resources.image,
                "ContainerEntrypoint": list(self.entrypoint),
                "ContainerArguments": list(self.arguments),
            },
            "RoleArn": self.resources.role_arn,
            "ProcessingInputs": [item.to_json() for item in self.inputs],
            "ProcessingOutputConfig": {
                "Outputs": [item.to_json() for item in self.outputs],
                "KmsKeyId": self.resources.key_arn,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": self.resources.max_runtime_seconds},
            "NetworkConfig": network,
        }
        if self.environment:
            arguments["Environment"] = dict(self.environment)
        step: Json = {"Name": self.name, "Type": "Processing", "Arguments": arguments}
        if self.property_files:
            step["PropertyFiles"] = [item.to_json() for item in self.property_files]
        return step | {"RetryPolicies": [policy.to_json() for policy in JOB_RETRIES]}

    def output_uri(self, name: str) -> Json:
        """Where the output called `name` went."""
        return reference(f"Steps.{self.name}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


@dataclass(frozen=True)
class Channel:
    """An S3 object or prefix that a training container finds in `/opt/ml/input/data/<name>`."""

    name: str
    uri: Any

    def to_json(self) -> Json:
        """As CreateTrainingJob spells it."""
        source = {"S3DataType": "S3Prefix", "S3Uri": self.uri, "S3DataDistributionType": "FullyReplicated"}
        return {"ChannelName": self.name, "DataSource": {"S3DataSource": source}}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Spare capacity at a third of the price, which AWS may take back: the job then goes on from its checkpoint.

    Attributes:
        max_wait_seconds: waiting for capacity and running together.
        max_attempts: how often SageMaker starts the job anew after an internal error.
    """

    max_wait_seconds: int
    max_attempts: int = 2


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """A training job."""

    name: str
    resources: JobResources
    channels: Sequence[Channel]
    hyperparameters: Mapping[str, Any]
    metrics: Mapping[str, str]  # name -> regular expression with one group
    output_uri: Any
    checkpoint_uri: Any
    spot: Spot | None = None

    def to_json(self) -> Json:
        """The step with the arguments of its CreateTrainingJob."""
        stopping: Json = {"MaxRuntimeInSeconds": self.resources.max_runtime_seconds}
        arguments: Json = {
            "AlgorithmSpecification": {
                "TrainingImage": self.resources.image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in self.metrics.items()],
            },
            "RoleArn": self.resources.role_arn,
            "InputDataConfig": [channel.to_json() for channel in self.channels],
            "OutputDataConfig": {"S3OutputPath": self.output_uri, "KmsKeyId": self.resources.key_arn},
            "ResourceConfig": self.resources.machine,
            "HyperParameters": dict(self.hyperparameters),
            "StoppingCondition": stopping,
            "CheckpointConfig": {"S3Uri": self.checkpoint_uri, "LocalPath": "/opt/ml/checkpoints"},
            "EnableNetworkIsolation": self.resources.isolated,
        }
        if self.resources.vpc:
            arguments["VpcConfig"] = self.resources.vpc.to_json()
        if self.spot:
            arguments["EnableManagedSpotTraining"] = True
            arguments["RetryStrategy"] = {"MaximumRetryAttempts": self.spot.max_attempts}
            stopping["MaxWaitTimeInSeconds"] = self.spot.max_wait_seconds
        retries = [policy.to_json() for policy in JOB_RETRIES]
        return {"Name": self.name, "Type": "Training", "Arguments": arguments, "RetryPolicies": retries}

    @property
    def model_uri(self) -> Json:
        """Where `model.tar.gz` went."""
        return reference(f"Steps.{self.name}.ModelArtifacts.S3ModelArtifacts")


@dataclass(frozen=True, kw_only=True)
class LambdaStep:
    """A function that is called with the arguments and whose answer later steps can refer to."""

    name: str
    function_arn: str
    arguments: Mapping[str, Any]
    outputs: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """The step; every output is a string."""
        return {
            "Name": self.name,
            "Type": "Lambda",
            "FunctionArn": self.function_arn,
            "Arguments": dict(self.arguments),
            "OutputParameters": [{"OutputName": name, "OutputType": "String"} for name in self.outputs],
        }

    def output(self, name: str) -> Json:
        """The value of an output that the step declares.

        Raises:
            KeyError: it declares none of that name.
        """
        if name not in self.outputs:
            raise KeyError(f"step {self.name} has no output {name!r}, only {', '.join(self.outputs)}")
        return reference(f"Steps.{self.name}.OutputParameters['{name}']")


@dataclass(frozen=True)
class Condition:
    """One comparison; the service finds a value by a property file, a parameter or as written."""

    left: Any
    operator: Operator
    right: Any

    def to_json(self) -> Json:
        """As the service spells it."""
        return {"Type": self.operator, "LeftValue": self.left, "RightValue": self.right}


@dataclass(frozen=True, kw_only=True)
class ConditionStep:
    """Two ways on: the first when every condition holds, else the second."""

    name: str
    conditions: Sequence[Condition]
    if_steps: Sequence[Step]
    else_steps: Sequence[Step]

    def to_json(self) -> Json:
        """The step; the steps of its branches stand inside it only."""
        arguments = {
            "Conditions": [condition.to_json() for condition in self.conditions],
            "IfSteps": [step.to_json() for step in self.if_steps],
            "ElseSteps": [step.to_json() for step in self.else_steps],
        }
        return {"Name": self.name, "Type": "Condition", "Arguments": arguments}


@dataclass(frozen=True, kw_only=True)
class FailStep:
    """Ends the execution as failed, with a reason."""

    name: str
    message: Any
    depends_on: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """The step."""
        step: Json = {"Name": self.name, "Type": "Fail", "Arguments": {"ErrorMessage": self.message}}
        return step | {"DependsOn": list(self.depends_on)} if self.depends_on else step


def definition(parameters: Sequence[Parameter], steps: Sequence[Step]) -> Json:
    """A whole definition."""
    return {
        "Version": SCHEMA_VERSION,
        "Metadata": {},
        "Parameters": [parameter.to_json() for parameter in parameters],
        "Steps": [step.to_json() for step in steps],
    }
