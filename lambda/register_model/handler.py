"""Registers a version that passed the gate.

A function and not the RegisterModel step, because the version's metadata are computed from evaluation.json.
"""

import hashlib
from itertools import islice
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.evaluation.report import Evaluation, ReportError
from drawing_ocr.evaluation.retrieval import RetrievalEvaluation, parse_evaluation
from register_model.image import PinnedImage, pinned
from register_model.metadata import customer_metadata
from register_model.packed_model import PackedModel, read_packed_model
from shared import registry, storage
from shared.errors import PlatformError

logger = Logger()
tracer = Tracer()
metrics = Metrics()

# A retried step finds its own version among the latest; versions are registered one at a time.
LOOK_BACK = 5
CONTENT_TYPES = [
    "application/json",
    "application/pdf",
    "image/bmp",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "application/octet-stream",
]


class Request(BaseModel):
    """What the pipeline hands over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    Group: str
    RunId: str
    LabelManifest: str
    ReplayManifests: str
    BaseModelPackageArn: str
    ModelDataUrl: str
    EvaluationUri: str
    DatasetUri: str
    PipelineExecutionArn: str
    InferenceImage: str
    TrainingImage: str
    InstanceType: str
    Hyperparameters: dict[str, str]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, str]:
    """Answers with the ARN of the registered version, which waits for approval."""
    try:
        request = Request.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"register_model: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}") from None
    logger.append_keys(correlation_id=request.RunId)
    arn = register(request, boto3.client("sagemaker"), boto3.client("s3"), boto3.client("ecr"))
    metrics.add_metric(name="VersionsRegistered", unit=MetricUnit.Count, value=1)
    logger.info("registered", extra={"model_package_arn": arn})
    return {"ModelPackageArn": arn}


def register(request: Request, sagemaker: Any, s3: Any, ecr: Any) -> str:
    """Creates the model package, or finds the one that an earlier try created.

    Raises:
        PlatformError: the gate was not passed, the base is approved no longer, or evaluation.json or model.tar.gz
            cannot be used.
    """
    uri = f"{request.EvaluationUri.rstrip('/')}/evaluation.json"
    evaluation = _read(uri, s3)
    if evaluation.gate.passed != 1:
        raise PlatformError(f"{request.RunId} did not pass the gate: {'; '.join(evaluation.gate.reasons)}")
    for version in islice(registry.newest_first(sagemaker, request.Group, approved_only=False), LOOK_BACK):
        if version.metadata.get("pipeline_execution") == request.PipelineExecutionArn:
            return version.arn
    _require_approved_base(request, sagemaker)
    packed = read_packed_model(s3, request.ModelDataUrl)
    image = pinned(ecr, request.InferenceImage)
    created = sagemaker.create_model_package(
        ModelPackageGroupName=request.Group,
        ModelPackageDescription=f"Trained by run {request.RunId}",
        ClientToken=hashlib.sha256(f"{request.Group} {request.PipelineExecutionArn}".encode()).hexdigest()[:36],
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": image.uri, "ModelDataUrl": request.ModelDataUrl}],
            "SupportedContentTypes": CONTENT_TYPES,
            "SupportedResponseMIMETypes": ["application/json"],
            "SupportedRealtimeInferenceInstanceTypes": [request.InstanceType],
            "SupportedTransformInstanceTypes": [request.InstanceType],
        },
        ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}},
        CustomerMetadataProperties=metadata(request, evaluation, packed, image),
    )
    return str(created["ModelPackageArn"])


def _require_approved_base(request: Request, sagemaker: Any) -> None:
    """What was learned on top of a version that was rejected meanwhile is no better than it."""
    base = registry.describe(sagemaker, request.BaseModelPackageArn)
    if not base.approved:
        why = f" ({base.decision})" if base.decision else ""
        raise PlatformError(
            f"{base.name}, which run {request.RunId} started from, is {base.approval} meanwhile{why}: nothing was "
            "registered; `drawingops train start --repeat` trains from the version that is approved now"
        )


def metadata(
    request: Request, evaluation: Evaluation | RetrievalEvaluation, packed: PackedModel, image: PinnedImage
) -> dict[str, str]:
    """The version's lineage and metrics, in the form that the registry takes."""
    return customer_metadata(
        {
            "accuracy": f"{evaluation.gate.accuracy:.4f}",
            **_measured(evaluation),
            "regression_drop": f"{evaluation.gate.regression_drop:.4f}",
            "champion_gain": f"{evaluation.gate.champion_gain:.4f}",
            "parent": request.BaseModelPackageArn,
            "run_id": request.RunId,
            "label_manifest": request.LabelManifest,
            "replay_manifests": request.ReplayManifests,
            "dataset": request.DatasetUri,
            "pipeline_execution": request.PipelineExecutionArn,
            "hyperparameters": " ".join(f"{name}={value}" for name, value in sorted(request.Hyperparameters.items())),
            "training_image": request.TrainingImage,
            "image_digest": image.digest,
            "package_sha256": packed.sha256,
            **packed.described,
            "reason": f"run {request.RunId} passed the gate",
        }
    )


def _measured(evaluation: Evaluation | RetrievalEvaluation) -> dict[str, str]:
    """What the gate does not say: how good the version is where nothing should change."""
    if isinstance(evaluation, RetrievalEvaluation):
        own, families = (evaluation.test_sets[name].challenger for name in ("own", "families"))
        return {
            "recall_at_10": f"{own.recall_at_10:.4f}",
            "families_map": f"{families.mean_average_precision:.4f}",
        }
    regression = evaluation.test_sets.get("regression")
    return {"regression_exact": _share(regression.challenger.recognition.exact) if regression else ""}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _read(uri: str, s3: Any) -> Evaluation | RetrievalEvaluation:
    try:
        return parse_evaluation(storage.read(s3, uri), where=uri)
    except ReportError as error:
        raise PlatformError(str(error)) from error
