"""Batch transform jobs: made, followed, their answers found."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError

from cli.batch.ledger import Job
from cli.batch.platform import BatchPlatform
from cli.batch.source import common_folder, manifest_text
from cli.environment import Environment
from cli.errors import OperatorError
from cli.registry import ModelVersion

NAME_LIMIT = 63  # of models and of transform jobs
# One drawing may take this long: an A0 sheet, or a document of a hundred pages. SageMaker allows an hour.
INVOCATION_SECONDS = 1800
RETRIES = 2
ANSWER_SUFFIX = ".out"
RUNNING = ("InProgress", "Stopping")


@dataclass(frozen=True)
class State:
    """What SageMaker says about a job; `reason` why it failed."""

    status: str
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.status not in RUNNING


@dataclass(frozen=True)
class Served:
    """What answers in a job.

    Attributes:
        name: for the SageMaker model.
        container: of it: image, package, environment.
    """

    name: str
    container: Mapping[str, Any]

    @classmethod
    def version(cls, version: ModelVersion) -> Self:
        """A version of the reader."""
        container = {
            "Image": version.image,
            "ModelDataUrl": version.model_data_url,
            "Environment": {"MODEL_PACKAGE_VERSION": str(version.version)},
        }
        return cls(version.name, container)


@dataclass(frozen=True)
class Transform:
    """The jobs of one batch.

    Attributes:
        prefix: of the batch in the data bucket.
        served: what answers.
        instances: machines of a job; SageMaker deals the drawings out to them.
    """

    environment: Environment
    platform: BatchPlatform
    batch: str
    prefix: str
    served: Served
    instances: int

    def job_name(self, number: int) -> str:
        """Of the batch's job of that number."""
        return self._name(f"-batch-{self.batch}-{number}")

    def state(self, job: Job) -> State | None:
        """Of a job; None where it was never started."""
        try:
            found = self._sagemaker.describe_transform_job(TransformJobName=job.name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ResourceNotFound", "ValidationException"):
                return None
            raise
        return State(found["TransformJobStatus"], found.get("FailureReason", ""))

    def start(self, job: Job, sizes: Mapping[str, int]) -> None:
        """Starts a job unless it is there already.

        Args:
            job: of this batch.
            sizes: bytes of the objects that it reads, by key in the data bucket.
        """
        bucket = self.environment.names.data_bucket
        manifest = f"{self.prefix}jobs/{job.number}.manifest"
        self.environment.client("s3").put_object(
            Bucket=bucket,
            Key=manifest,
            Body=manifest_text(bucket, sorted(sizes)).encode(),
            ContentType="application/json",
        )
        _unless_there(self._sagemaker.create_transform_job, self._request(job, manifest, max(sizes.values())))

    def answers(self, job: Job, keys: Sequence[str]) -> dict[str, str]:
        """The keys of the answers that are there by now, by the keys of the drawings that they belong to.

        Batch transform names an answer after the drawing and adds `.out`; which folders go before the name depends on
        how the input was given, so an answer may also be known by a file name that only one drawing has.

        Raises:
            OperatorError: an answer may be that of several drawings.
        """
        folder = self._answers_prefix(job)
        by_name: dict[str, list[str]] = {}
        for key in keys:
            by_name.setdefault(key.rsplit("/", 1)[-1], []).append(key)
        found: dict[str, str] = {}
        wanted, shared = set(keys), common_folder(keys)
        pages = self.environment.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.environment.names.data_bucket, Prefix=folder):
            for item in page.get("Contents", []):
                written: str = item["Key"]
                if not written.endswith(ANSWER_SUFFIX):
                    continue
                relative = written[len(folder) : -len(ANSWER_SUFFIX)]
                exact = [key for key in (shared + relative, relative) if key in wanted]
                candidates = exact[:1] or by_name.get(relative.rsplit("/", 1)[-1], [])
                if len(candidates) > 1:
                    raise OperatorError(
                        f"{written}: {len(candidates)} drawings of the batch could have this answer: "
                        "give drawings in different folders different file names"
                    )
                found.update(dict.fromkeys(candidates, written))
        return found

    def _request(self, job: Job, manifest: str, largest: int) -> dict[str, Any]:
        names = self.environment.names
        resources: dict[str, Any] = {
            "InstanceType": self.platform.instance_type,
            "InstanceCount": self.instances,
        }
        if self.platform.volume_key_arn:
            resources["VolumeKmsKeyId"] = self.platform.volume_key_arn
        return {
            "TransformJobName": job.name,
            "ModelName": self._model(),
            # MaxConcurrentTransforms is the container's to say (/execution-parameters): it knows its cores.
            "MaxPayloadInMB": max(1, math.ceil(largest / 1e6)),
            "ModelClientConfig": {
                "InvocationsTimeoutInSeconds": INVOCATION_SECONDS,
                "InvocationsMaxRetries": RETRIES,
            },
            "Environment": {
                "READING_ERRORS_AS_ANSWERS": "true",
                "SAGEMAKER_MODEL_SERVER_TIMEOUT": str(INVOCATION_SECONDS - 60),
            },
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": f"s3://{names.data_bucket}/{manifest}",
                    }
                },
                "ContentType": "application/octet-stream",
                "SplitType": "None",
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{names.data_bucket}/{self._answers_prefix(job)}".rstrip("/"),
                "Accept": "application/json",
                "KmsKeyId": names.data_key_arn,
            },
            "TransformResources": resources,
            "Tags": [{"Key": "batch", "Value": self.batch}],
        }

    def _model(self) -> str:
        """The SageMaker model of what is served, made unless it is there; it is free and stays for the next batch."""
        request: dict[str, Any] = {
            "ExecutionRoleArn": self.platform.role_arn,
            "PrimaryContainer": dict(self.served.container),
        }
        if self.platform.subnets:
            request["VpcConfig"] = {
                "Subnets": list(self.platform.subnets),
                "SecurityGroupIds": list(self.platform.security_groups),
            }
        content = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:8]
        name = self._name(f"-batch-{self.served.name}-{content}")
        _unless_there(self._sagemaker.create_model, {"ModelName": name, **request})
        return name

    def _answers_prefix(self, job: Job) -> str:
        return f"{self.prefix}answers/{job.number}/"

    def _name(self, suffix: str) -> str:
        return self.environment.names.endpoint_name[: NAME_LIMIT - len(suffix)].rstrip("-") + suffix

    @property
    def _sagemaker(self) -> Any:
        return self.environment.client("sagemaker")


def _unless_there(create: Any, arguments: dict[str, Any]) -> None:
    try:
        create(**arguments)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code != "ResourceInUse" and "already exist" not in message.lower():
            raise
