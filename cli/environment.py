"""A deployed environment: its credentials and the names that its stacks left in the SSM parameter store."""

import os
import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from pydantic import AliasGenerator, BaseModel, ConfigDict

import emulator
from cli.errors import OperatorError
from emulator import lifetime

ROOT = Path(__file__).resolve().parent.parent
# Where the account on this machine keeps its state; another folder is for a second one beside it.
LOCAL_STATE = Path(os.environ.get("DRAWING_LOCAL_STATE", ROOT / ".local" / "emulator"))
NO_LOCAL_ACCOUNT = "the account on this machine is not running: start it with `drawingops local up`"
ENVIRONMENTS = ("local", "dev", "staging", "prod")
# The account on this machine answers at once or never; in AWS the SDK's own retries stay.
LOCAL_CLIENT = Config(retries={"total_max_attempts": 2}, connect_timeout=3, read_timeout=130)


class Target(StrEnum):
    """What a pipeline trains, with a registry of its own."""

    READER = "reader"
    EMBEDDER = "embedder"


Trained = Annotated[Target, typer.Option("--target", help="The reader, or the embedder of similar drawings.")]


class Names(BaseModel):
    """What the stacks of one environment are called (docs/architecture.md, contracts)."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=AliasGenerator(validation_alias=lambda name: name.replace("_", "-")),
    )

    data_bucket: str
    data_key_arn: str
    pipeline_name: str
    model_package_group: str
    embedder_pipeline_name: str
    embedder_package_group: str
    endpoint_name: str
    release_state_machine_arn: str
    history_table: str
    trigger_function: str
    trigger_table: str
    label_queue: str
    label_dead_letters: str
    alerts_topic_arn: str
    training_image: str
    inference_image: str
    sagemaker_role_arn: str
    regression_prefix: str
    batch: str  # a JSON document: cli/batch/platform.py
    large_drawings: str  # a JSON document: cli/large_drawings.py
    labelling_api: str
    labelling_bucket: str
    labelling_client: str
    labelling_export_function: str
    labelling_page: str
    labelling_pool: str
    labelling_table: str
    labelling_workflow_arn: str
    search_api: str
    search_backfill_function: str
    search_dead_letters: str
    search_queue: str
    search_reconcile_function: str
    search_release_function: str
    region: str
    account: str


@dataclass(frozen=True)
class Access:
    """Credentials, region and, for the account on this machine, its address."""

    session: boto3.Session
    endpoint_url: str | None = None

    def client(self, service: str) -> Any:
        """A boto3 client of `service`."""
        return _client(self, service)


@cache
def _client(access: Access, service: str) -> Any:
    config = LOCAL_CLIENT if access.endpoint_url else None
    return access.session.client(service, endpoint_url=access.endpoint_url, config=config)


def access(name: str, profile: str | None) -> Access:
    """How to reach the account of environment `name`; the account on this machine needs no credentials."""
    if name != "local":
        return Access(boto3.Session(profile_name=profile))
    running = lifetime.status(LOCAL_STATE)
    if running is None:
        raise OperatorError(NO_LOCAL_ACCOUNT)
    with (ROOT / "config" / "local.toml").open("rb") as file:
        settings = tomllib.load(file)
    variables = emulator.environment(running.port, settings["region"])
    return Access(
        boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
        ),
        variables["AWS_ENDPOINT_URL"],
    )


@dataclass(frozen=True)
class Environment:
    """One deployed environment, ready to be asked."""

    name: str
    access: Access
    names: Names

    def client(self, service: str) -> Any:
        """The boto3 client of `service`, made once."""
        return self.access.client(service)

    def read_object(self, uri: str) -> bytes:
        """The bytes at an `s3://bucket/key` address."""
        bucket, key = split_uri(uri)
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def of_target(self, target: Target) -> Self:
        """The same environment with the pipeline and the registry of the reader, or of the embedder."""
        if target is Target.READER:
            return self
        names = self.names
        own = {"pipeline_name": names.embedder_pipeline_name, "model_package_group": names.embedder_package_group}
        return replace(self, names=names.model_copy(update=own))

    @property
    def caller(self) -> str:
        """Who asks, as AWS knows them: the last part of the caller's ARN."""
        arn: str = self.client("sts").get_caller_identity()["Arn"]
        return arn.split(":", 5)[5]


def discover(name: str, profile: str | None = None) -> Environment:
    """The deployed environment `name`; OperatorError with the remedy where it is not deployed or does not answer."""
    return environment_of(name, access(name, profile))


def environment_of(name: str, reached: Access) -> Environment:
    """The environment `name` that is deployed in the account behind `reached`; raises as `discover`."""
    prefix = f"/drawing-platform/{name}/"
    try:
        pages = reached.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix, Recursive=True)
        found = {item["Name"].removeprefix(prefix): item["Value"] for page in pages for item in page["Parameters"]}
    except EndpointConnectionError as error:
        raise (OperatorError(NO_LOCAL_ACCOUNT) if name == "local" else error) from error
    absent = sorted(field.replace("_", "-") for field in Names.model_fields if field.replace("_", "-") not in found)
    if not found:
        remedy = "`drawingops local up`" if name == "local" else f"`make deploy ENV={name}`"
        where = reached.session.region_name
        raise OperatorError(
            f"no environment {name} is deployed in region {where} of this account: deploy it with {remedy}"
        )
    if absent:
        raise OperatorError(
            f"environment {name} lacks the SSM parameters {', '.join(absent)} below {prefix}: deploy it anew"
        )
    return Environment(name, reached, Names.model_validate(found))


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` address; OperatorError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise OperatorError(f"{uri}: not an S3 address of the form s3://bucket/key")
    return bucket, key
