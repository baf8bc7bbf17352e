"""From what a run left behind to a model package: the evaluation, the packed model, where it came from."""

from __future__ import annotations

import hashlib
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from drawing_ocr.evaluation.report import Evaluation, ReportError
from drawing_ocr.models.package import PackageInfo
from drawing_ocr.validation import first_reason
from register_model.image import pinned
from register_model.metadata import customer_metadata
from register_model.packed_model import read_packed_model
from shared.errors import BadRequest
from shared.registry import Registry
from shared.storage import S3Uri, read_bytes

# A retried step finds its own package among the latest: versions are registered one at a time.
LOOK_BACK = 5
CONTENT_TYPES = [
    "application/json",
    "application/octet-stream",
    "application/pdf",
    "image/bmp",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
]


class Request(BaseModel):
    """The step's arguments (pipeline_definition.py)."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, protected_namespaces=())

    group: str = Field(min_length=1)
    run_id: str = Field(min_length=1)
    pipeline_execution_arn: str
    model_data_url: str
    evaluation: str  # S3 prefix that holds evaluation.json
    parent: str
    label_manifest: str
    replay_manifests: str
    dataset: str
    hyperparameters: dict[str, str | int | float]

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        """From the step's arguments.

        Raises:
            BadRequest: one is missing or wrong.
        """
        try:
            return cls.model_validate(event)
        except ValidationError as error:
            raise BadRequest(f"Register: {first_reason(error)}") from error


class Registered(BaseModel):
    """The step's outputs."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True, protected_namespaces=())

    model_package_arn: str
    version: str


class Registration:
    """Creates the model package, once for each execution."""

    def __init__(self, sagemaker: Any, s3: Any, ecr: Any, inference_image: str) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._ecr = ecr
        self._inference_image = inference_image

    def register(self, request: Request) -> Registered:
        """The version of this run, registered now or by an earlier attempt.

        Raises:
            BadRequest: the gate did not pass, or the evaluation cannot be read.
            PackageError: `model.tar.gz` is no model package.
        """
        evaluation_uri = S3Uri.parse(request.evaluation).joined("evaluation.json")
        evaluation = self._evaluation(evaluation_uri)
        if evaluation.gate.passed != 1:
            reasons = "; ".join(evaluation.gate.reasons) or "no reason given"
            raise BadRequest(f"{request.run_id}: the gate did not pass, nothing is registered: {reasons}")
        already = self._registered_by(request)
        if already:
            return already
        packed = read_packed_model(self._s3, S3Uri.parse(request.model_data_url))
        image = pinned(self._ecr, self._inference_image)
        created = self._sagemaker.create_model_package(
            ModelPackageGroupName=request.group,
            ModelPackageDescription=_description(request, evaluation, packed.info),
            ModelApprovalStatus="PendingManualApproval",
            ClientToken=hashlib.sha256(request.pipeline_execution_arn.encode()).hexdigest()[:36],
            InferenceSpecification={
                "Containers": [{"Image": image.uri, "ModelDataUrl": request.model_data_url}],
                "SupportedContentTypes": CONTENT_TYPES,
                "SupportedResponseMIMETypes": ["application/json"],
            },
            ModelMetrics={
                "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": str(evaluation_uri)}}
            },
            CustomerMetadataProperties=customer_metadata(
                {
                    "accuracy": f"{evaluation.gate.accuracy:.4f}",
                    "regression_exact": _regression_exact(evaluation),
                    "parent": request.parent,
                    "run_id": request.run_id,
                    "label_manifest": request.label_manifest,
                    "replay_manifests": request.replay_manifests,
                    "dataset": request.dataset,
                    "pipeline_execution": request.pipeline_execution_arn,
                    "hyperparameters": " ".join(f"{key}={value}" for key, value in request.hyperparameters.items()),
                    "package_sha256": packed.sha256,
                    "image_digest": image.digest,
                    "detector": packed.info.detector.architecture,
                    "recogniser": packed.info.recogniser.architecture,
                    "reason": f"run {request.run_id} passed the gate",
                }
            ),
        )
        arn = str(created["ModelPackageArn"])
        return Registered(model_package_arn=arn, version=arn.rsplit("/", 1)[1])

    def _evaluation(self, uri: S3Uri) -> Evaluation:
        try:
            return Evaluation.parse(read_bytes(self._s3, uri), where=str(uri))
        except ReportError as error:
            raise BadRequest(str(error)) from error

    def _registered_by(self, request: Request) -> Registered | None:
        for version in Registry(self._sagemaker, request.group).newest(LOOK_BACK):
            if version.metadata.get("pipeline_execution") == request.pipeline_execution_arn:
                return Registered(model_package_arn=version.arn, version=str(version.version))
        return None


def _regression_exact(evaluation: Evaluation) -> str:
    tested = evaluation.test_sets.get("regression")
    exact = tested.challenger.recognition.exact if tested else None
    return "" if exact is None else f"{exact:.4f}"


def _description(request: Request, evaluation: Evaluation, info: PackageInfo) -> str:
    return f"{info.name}: run {request.run_id}, {evaluation.gate.accuracy:.1%} of new lines read exactly"[:1024]
