"""Finds the base version and gathers what it and its ancestors were trained on."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from drawing_ocr.validation import first_reason
from shared.errors import BadRequest, PlatformError
from shared.registry import APPROVED, ModelVersion, Registry
from shared.storage import ObjectMissing, S3Uri, read_bytes


class Request(BaseModel):
    """What the pipeline hands over; an empty package means the last approved one."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal)

    base_model_package: str = ""
    group: str = Field(min_length=1)
    run_id: str = Field(min_length=1)

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        """From the step's arguments.

        Raises:
            BadRequest: one is missing or wrong.
        """
        try:
            return cls.model_validate(event)
        except ValidationError as error:
            raise BadRequest(f"ResolveBaseModel: {first_reason(error)}") from error


class BaseModelFound(BaseModel):
    """The step's outputs; all are strings."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True, protected_namespaces=())

    model_package_arn: str
    model_data_url: str
    version: str
    replay_manifests: str


class Resolver:
    """Looks into the registry and writes the replay manifest."""

    def __init__(self, sagemaker: Any, s3: Any, bucket: str) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._bucket = bucket

    def resolve(self, request: Request) -> BaseModelFound:
        """Finds the base version; writes `datasets/runs/<run-id>/replay/run.json`.

        Raises:
            BadRequest: nothing is approved, or the named version is missing, of another group or not approved.
            PlatformError: what the base learned from cannot be read any more.
        """
        base = self._base(request)
        replay = self._write_replay(request.run_id, base)
        return BaseModelFound(
            model_package_arn=base.arn,
            model_data_url=base.model_data_url,
            version=str(base.version),
            replay_manifests=str(replay),
        )

    def _base(self, request: Request) -> ModelVersion:
        registry = Registry(self._sagemaker, request.group)
        if request.base_model_package:
            base = registry.find(request.base_model_package)
            if base.status != APPROVED:
                raise BadRequest(f"{base.name} is {base.status}, not {APPROVED}: approve it or name another version")
            return base
        latest = registry.latest_approved()
        if latest is None:
            raise BadRequest(f"no version of {request.group} is approved: approve one with `drawingops models approve`")
        return latest

    def _write_replay(self, run_id: str, base: ModelVersion) -> S3Uri:
        manifest = RunManifest(
            run_id=run_id,
            manifests=self._learned_from(base),
            reason=f"what {base.name} has learned from",
        )
        uri = S3Uri(self._bucket, f"datasets/runs/{run_id}/replay/run.json")
        self._s3.put_object(
            Bucket=uri.bucket, Key=uri.key, Body=manifest.to_json().encode(), ContentType="application/json"
        )
        return uri

    def _learned_from(self, base: ModelVersion) -> tuple[ManifestReference, ...]:
        """By induction: the base's own batches, and those that it was given as replay, which hold all before it."""
        found: dict[tuple[str, str | None], ManifestReference] = {}
        for name in ("replay_manifests", "label_manifest"):
            location = base.metadata.get(name)
            if not location:
                continue  # a first version has learned from no batch of ours
            try:
                content = read_bytes(self._s3, S3Uri.parse(location))
            except ObjectMissing as error:
                raise PlatformError(
                    f"{base.name}: {name} {location} is gone: restore it or name another base"
                ) from error
            for reference in RunManifest.parse(content, where=location).manifests:
                found[reference.uri, reference.version_id] = reference
        return tuple(found.values())
