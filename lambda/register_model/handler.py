"""Registers a version that passed the gate.

A function and not the RegisterModel step, because the version's metadata are computed from evaluation.json.
"""

import hashlib
import json
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.evaluation.report import Evaluation, ReportError
from shared import storage
from shared.errors import PlatformError

logger = Logger()
tracer = Tracer()
metrics = Metrics()

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html: CustomerMetadataProperties
VALUE_LIMIT = 256
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
    arn = register(request, boto3.client("sagemaker"), boto3.client("s3"))
    metrics.add_metric(name="VersionsRegistered", unit=MetricUnit.Count, value=1)
    logger.info("registered", extra={"model_package_arn": arn})
    return {"ModelPackageArn": arn}


def register(request: Request, sagemaker: Any, s3: Any) -> str:
    """Creates the model package, or finds the one that an earlier try created.

    Raises:
        PlatformError: the gate was not passed, or evaluation.json cannot be used.
    """
    uri = f"{request.EvaluationUri.rstrip('/')}/evaluation.json"
    evaluation = _read(uri, s3)
    if evaluation.gate.passed != 1:
        raise PlatformError(f"{request.RunId} did not pass the gate: {'; '.join(evaluation.gate.reasons)}")
    created = sagemaker.create_model_package(
        ModelPackageGroupName=request.Group,
        ModelPackageDescription=f"Trained by run {request.RunId}",
        ClientToken=hashlib.sha256(f"{request.Group} {request.PipelineExecutionArn}".encode()).hexdigest()[:36],
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": request.InferenceImage, "ModelDataUrl": request.ModelDataUrl}],
            "SupportedContentTypes": CONTENT_TYPES,
            "SupportedResponseMIMETypes": ["application/json"],
            "SupportedRealtimeInferenceInstanceTypes": [request.InstanceType],
            "SupportedTransformInstanceTypes": [request.InstanceType],
        },
        ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}},
        CustomerMetadataProperties=metadata(request, evaluation, _model_object(request.ModelDataUrl, s3)),
    )
    return str(created["ModelPackageArn"])


def metadata(request: Request, evaluation: Evaluation, model_object: dict[str, str]) -> dict[str, str]:
    """The version's lineage and metrics, each value cut to what the registry takes."""
    regression = evaluation.test_sets.get("regression")
    values = {
        "accuracy": f"{evaluation.gate.accuracy:.4f}",
        "regression_exact": _share(regression.challenger.recognition.exact) if regression else "",
        "regression_drop": f"{evaluation.gate.regression_drop:.4f}",
        "champion_gain": f"{evaluation.gate.champion_gain:.4f}",
        "parent": request.BaseModelPackageArn,
        "run_id": request.RunId,
        "label_manifest": request.LabelManifest,
        "replay_manifests": request.ReplayManifests,
        "dataset": request.DatasetUri,
        "pipeline_execution": request.PipelineExecutionArn,
        "hyperparameters": json.dumps(request.Hyperparameters, separators=(",", ":"), sort_keys=True),
        "training_image": request.TrainingImage,
        "image_digest": request.InferenceImage.rpartition(":")[2],
        "detector": "PP-OCRv6_small_det",
        "recogniser": "PP-OCRv6_small_rec",
        **model_object,
    }
    return {name: value[:VALUE_LIMIT] for name, value in values.items() if value}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _read(uri: str, s3: Any) -> Evaluation:
    try:
        return Evaluation.parse(storage.read(s3, uri), where=uri)
    except ReportError as error:
        raise PlatformError(str(error)) from error


def _model_object(uri: str, s3: Any) -> dict[str, str]:
    """Which object exactly the version is: the bucket is versioned, its name alone says nothing."""
    bucket, key = storage.split_uri(uri)
    found = s3.head_object(Bucket=bucket, Key=key)
    values = {
        "model_data_etag": found["ETag"].strip('"'),
        "model_data_version": found.get("VersionId", ""),
        "model_data_bytes": str(found["ContentLength"]),
    }
    return {name: value for name, value in values.items() if value}
