"""The base of a training run, and what it and its ancestors learned from."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from shared import registry, storage
from shared.base_version import BaseVersions, Rule
from shared.errors import PlatformError
from shared.variables import Variables

logger = Logger()
tracer = Tracer()


class Settings(Variables):
    """Variables of this function."""

    bucket: str
    runs_prefix: str
    base_rule: Rule
    endpoint_name: str


class Request(BaseModel):
    """What the pipeline hands over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    BaseModelPackage: str
    Group: str
    RunId: str


class Base(BaseModel):
    """The step's outputs; a pipeline takes strings only."""

    ModelPackageArn: str
    ModelDataUrl: str
    Version: str
    ReplayManifests: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, str]:
    """Answers with the base version; see `Request` and `Base`."""
    try:
        request = Request.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"resolve_base_model: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}") from None
    logger.append_keys(correlation_id=request.RunId)
    base = resolve(request, Settings.read(), boto3.client("sagemaker"), boto3.client("s3"))
    logger.info("base model", extra=base.model_dump())
    return base.model_dump()


def resolve(request: Request, settings: Settings, sagemaker: Any, s3: Any) -> Base:
    """The base of the run, with the manifests of its ancestry written beside the run's own.

    Raises:
        PlatformError: there is no such version, or it is not approved or of another group.
    """
    bases = BaseVersions(sagemaker, request.Group, settings.base_rule, settings.endpoint_name)
    version = bases.find(request.BaseModelPackage)
    replay = f"s3://{settings.bucket}/{settings.runs_prefix}{request.RunId}/replay.json"
    manifest = RunManifest(
        run_id=f"{request.RunId}-replay",
        manifests=tuple(_learned_from(version, s3)),
        reason=f"what {version.name} and its ancestors learned from",
    )
    storage.write(s3, replay, manifest.to_json())
    return Base(
        ModelPackageArn=version.arn,
        ModelDataUrl=version.model_data_url,
        Version=str(version.number),
        ReplayManifests=replay,
    )


def _learned_from(version: registry.ModelVersion, s3: Any) -> list[ManifestReference]:
    """Every labelled batch of the version's own run and of its replay mix, each once, the oldest first."""
    references: dict[tuple[str, str | None], ManifestReference] = {}
    for name in ("replay_manifests", "label_manifest"):
        uri = version.metadata.get(name)
        if not uri:
            continue
        for reference in RunManifest.parse(storage.read(s3, uri), where=uri).manifests:
            references[(reference.uri, reference.version_id)] = reference
    return list(references.values())
