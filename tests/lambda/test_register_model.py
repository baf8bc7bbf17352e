"""A version is registered once, with its lineage, and only when the gate let it through."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest

from drawing_ocr.evaluation.report import Evaluation, Gate, Metrics, RecognitionMetrics, TestSet
from drawing_ocr.models.package import DetectorInfo, PackageInfo, RecogniserInfo
from register_model.handler import Request, register
from register_model.image import pinned
from register_model.metadata import customer_metadata
from shared.errors import PlatformError
from tests.lambda_registry import GROUP, IMAGE, add_version

BUCKET = "data"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
EXECUTION = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/p/execution/abcdefghijkl"


class World:
    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.sagemaker = boto3.client("sagemaker")
        self.base = add_version(self.sagemaker)
        self.ecr = boto3.client("ecr")

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def register(self, **changed: str) -> str:
        return register(request(**changed), self.sagemaker, self.s3, self.ecr)

    def approve(self, arn: str) -> None:
        """moto forgets the metadata of a version whose update does not repeat them; SageMaker keeps them."""
        metadata = self.sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]
        self.sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Approved", CustomerMetadataProperties=metadata
        )

    def versions(self) -> int:
        """Registered on top of the base."""
        return len(self.sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]) - 1


@pytest.fixture
def world(account: None) -> World:  # noqa: ARG001
    made = World()
    made.put("evaluation/evaluation.json", evaluation(passed=1).to_json().encode())
    made.put("model.tar.gz", packed())
    return made


def request(**changed: str) -> Request:
    values: dict[str, Any] = {
        "Group": GROUP,
        "RunId": "run-1",
        "LabelManifest": "s3://data/datasets/runs/run-1/run.json",
        "ReplayManifests": "s3://data/datasets/runs/run-1/replay.json",
        "BaseModelPackageArn": "arn:aws:sagemaker:eu-central-1:123456789012:model-package/readers/1",
        "ModelDataUrl": "s3://data/model.tar.gz",
        "EvaluationUri": "s3://data/evaluation",
        "DatasetUri": "s3://data/datasets/runs/run-1/x/dataset",
        "PipelineExecutionArn": EXECUTION,
        "InferenceImage": IMAGE,
        "TrainingImage": IMAGE,
        "InstanceType": "ml.m5.large",
        "Hyperparameters": {"epochs": "8", "learning_rate": "0.0001"},
    }
    return Request.model_validate(values | changed)


def evaluation(passed: int) -> Evaluation:
    exact = RecognitionMetrics(lines=10, exact=0.9, one_minus_ned=0.95, cer=0.02)
    tested = TestSet(challenger=Metrics(recognition=exact))
    reasons = () if passed else ("accuracy 0.50 is below 0.85",)
    gate = Gate(accuracy=0.91234, regression_drop=0.0, champion_gain=0.3, passed=passed, reasons=reasons)
    return Evaluation(test_sets={"new": tested, "regression": tested}, gate=gate)


@cache  # gzip writes the time of day into what it packs
def packed(name: str = "./package.json", before: bytes = b"") -> bytes:
    info = PackageInfo(
        name="reader",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        detector=DetectorInfo(architecture="PP-OCRv6_small_det", sha256="0"),
        recogniser=RecogniserInfo(architecture="PP-OCRv6_small_rec", sha256="0", characters=3),
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member, content in (("weights", before), (name, info.to_json().encode())):
            described = tarfile.TarInfo(member)
            described.size = len(content)
            archive.addfile(described, io.BytesIO(content))
    return out.getvalue()


def test_a_version_waits_for_approval_with_its_lineage(world: World) -> None:
    found = world.sagemaker.describe_model_package(ModelPackageName=world.register())
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == "s3://data/model.tar.gz"
    statistics = found["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"] == "s3://data/evaluation/evaluation.json"
    metadata = found["CustomerMetadataProperties"]
    assert metadata["accuracy"] == "0.9123"
    assert metadata["regression_exact"] == "0.9000"
    assert metadata["parent"].endswith("model-package/readers/1")
    assert metadata["label_manifest"] == "s3://data/datasets/runs/run-1/run.json"
    assert metadata["hyperparameters"] == "epochs=8 learning_rate=0.0001"
    assert metadata["package_sha256"] == hashlib.sha256(packed()).hexdigest()
    assert metadata["detector"] == "PP-OCRv6_small_det"


def test_the_metadata_are_what_sagemaker_takes(world: World) -> None:
    arn = world.register()
    metadata = world.sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateModelPackage")
    limits = shape.input_shape.members["CustomerMetadataProperties"]
    assert len(metadata) <= limits.metadata["max"]
    allowed = re.compile(r"[\w \-.:/=+@]*")  # the pattern of the API, without Java's \p classes
    for name, value in metadata.items():
        assert len(name) <= limits.key.metadata["max"]
        assert 0 < len(value) <= limits.value.metadata["max"]
        assert allowed.fullmatch(value), value


def test_other_characters_are_replaced_and_long_values_cut() -> None:
    assert customer_metadata({"a": '{"x": 1, "y": 2}', "b": "é" * 300, "c": ""}) == {
        "a": "__x_: 1_ _y_: 2_",
        "b": "é" * 256,
    }
    with pytest.raises(ValueError, match="51 metadata entries: SageMaker takes 50"):
        customer_metadata({str(number): "x" for number in range(51)})


def test_a_retried_step_registers_nothing_new(world: World) -> None:
    assert world.register() == world.register()
    assert world.versions() == 1


def test_two_tries_at_once_are_one_version_for_sagemaker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look before either has created it: then the same token tells SageMaker that it is the same version."""
    monkeypatch.setattr("register_model.handler.registry.newest_first", lambda *_, **__: iter(()))
    tokens: list[str] = []
    world.sagemaker.meta.events.register(
        "provide-client-params.sagemaker.CreateModelPackage", lambda params, **_: tokens.append(params["ClientToken"])
    )
    world.register()
    world.register()
    world.register(PipelineExecutionArn=f"{EXECUTION}2")
    assert len(tokens) == 3
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_a_run_whose_base_was_rejected_meanwhile_registers_nothing(world: World, status: str) -> None:
    world.sagemaker.update_model_package(
        ModelPackageArn=world.base, ModelApprovalStatus=status, ApprovalDescription="reads 6 as 8"
    )
    with pytest.raises(PlatformError) as refused:
        world.register()
    assert str(refused.value).startswith(
        f"v1, which run run-1 started from, is {status} meanwhile (reads 6 as 8): nothing was registered"
    )
    assert "\n" not in str(refused.value)
    assert world.versions() == 0


def test_a_retry_finds_its_version_even_when_the_base_was_rejected_since(world: World) -> None:
    registered = world.register()
    world.sagemaker.update_model_package(ModelPackageArn=world.base, ModelApprovalStatus="Rejected")
    assert world.register() == registered


def test_the_lineage_walks_back_to_the_official_reader(world: World) -> None:
    """Three runs, each from the version before it."""
    newest = world.base
    for number in range(3):
        newest = world.register(BaseModelPackageArn=newest, PipelineExecutionArn=f"{EXECUTION}{number}")
        world.approve(newest)
    walked = []
    while newest:
        walked.append(newest.rsplit("/", 1)[1])
        found = world.sagemaker.describe_model_package(ModelPackageName=newest)
        newest = found.get("CustomerMetadataProperties", {}).get("parent", "")
    assert walked == ["4", "3", "2", "1"]


def test_another_execution_registers_another_version(world: World) -> None:
    first = world.register()
    assert world.register(PipelineExecutionArn=f"{EXECUTION}2") != first


def test_a_version_that_the_gate_refused_is_not_registered(world: World) -> None:
    world.put("evaluation/evaluation.json", evaluation(passed=0).to_json().encode())
    with pytest.raises(PlatformError, match=r"run-1 did not pass the gate: accuracy 0.50 is below 0.85"):
        world.register()
    assert world.versions() == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 2}'])
def test_an_evaluation_that_cannot_be_read_registers_nothing(world: World, content: bytes) -> None:
    world.put("evaluation/evaluation.json", content)
    with pytest.raises(PlatformError, match=r"evaluation\.json: "):
        world.register()
    assert world.versions() == 0


@pytest.mark.parametrize("content", [b"", b"not a tar", packed("readme.txt")])
def test_what_is_no_model_package_is_not_registered(world: World, content: bytes) -> None:
    world.put("model.tar.gz", content)
    with pytest.raises(PlatformError, match=r"s3://data/model\.tar\.gz: "):
        world.register()
    assert world.versions() == 0


def test_the_description_is_found_behind_the_weights(world: World) -> None:
    content = packed("package.json", before=b"w" * 3_000_000)
    world.put("model.tar.gz", content)
    metadata = world.sagemaker.describe_model_package(ModelPackageName=world.register())["CustomerMetadataProperties"]
    assert metadata["package_sha256"] == hashlib.sha256(content).hexdigest()


def test_an_image_of_the_registry_is_pinned_by_its_digest(world: World) -> None:
    world.ecr.create_repository(repositoryName="images")
    put = world.ecr.put_image(
        repositoryName="images", imageManifest='{"schemaVersion": 2}', imageManifestMediaType=MANIFEST, imageTag="0123"
    )
    digest = put["image"]["imageId"]["imageDigest"]
    image = pinned(world.ecr, IMAGE)
    assert image.digest == digest
    assert image.uri == f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/images@{digest}"
    assert pinned(world.ecr, image.uri) == image


def test_an_image_that_its_registry_does_not_list_keeps_its_tag(world: World) -> None:
    assert pinned(world.ecr, IMAGE).uri == IMAGE
