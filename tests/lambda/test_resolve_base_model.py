"""Where training starts from, and everything that was learned before."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from resolve_base_model.handler import Base, Request, Settings, resolve
from shared.base_version import Rule
from shared.errors import PlatformError
from tests.lambda_registry import GROUP, IMAGE, add_version

BUCKET = "data"


@pytest.fixture
def sagemaker(account: None) -> Any:  # noqa: ARG001
    return boto3.client("sagemaker")


@pytest.fixture
def s3(account: None) -> Any:  # noqa: ARG001
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


def run_manifest(s3: Any, name: str, *batches: str) -> str:
    manifest = RunManifest(run_id=name, manifests=tuple(ManifestReference(uri=uri, version_id="1") for uri in batches))
    s3.put_object(Bucket=BUCKET, Key=f"datasets/runs/{name}.json", Body=manifest.to_json().encode())
    return f"s3://{BUCKET}/datasets/runs/{name}.json"


def ask(sagemaker: Any, s3: Any, package: str = "", rule: Rule = "last_approved") -> Base:
    settings = Settings(bucket=BUCKET, runs_prefix="datasets/runs/", base_rule=rule, endpoint_name="reader")
    return resolve(Request(BaseModelPackage=package, Group=GROUP, RunId="run-9"), settings, sagemaker, s3)


def replay(s3: Any, base: Base) -> list[str]:
    key = base.ReplayManifests.removeprefix(f"s3://{BUCKET}/")
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return [item.uri for item in RunManifest.parse(content, where=key).manifests]


def test_the_last_approved_version_is_the_base(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker)
    second = add_version(sagemaker)
    add_version(sagemaker, "PendingManualApproval")
    add_version(sagemaker, "Rejected")
    base = ask(sagemaker, s3)
    assert (base.ModelPackageArn, base.Version) == (second, "2")
    assert base.ModelDataUrl == "s3://data/models/model.tar.gz"


def serve(sagemaker: Any, version: str | None) -> None:
    """An endpoint as the release workflow makes it."""
    variables = {"MODEL_PACKAGE_VERSION": version} if version else {}
    sagemaker.create_model(
        ModelName="reader-v1",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/serve",
        PrimaryContainer={"Image": IMAGE, "Environment": variables},
    )
    variant = {"VariantName": "all", "ModelName": "reader-v1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="reader-v1", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="reader", EndpointConfigName="reader-v1")


def test_the_last_deployed_version_is_the_base_where_the_settings_say_so(sagemaker: Any, s3: Any) -> None:
    first = add_version(sagemaker)
    add_version(sagemaker)
    serve(sagemaker, "1")
    assert ask(sagemaker, s3, rule="last_deployed").ModelPackageArn == first
    assert ask(sagemaker, s3, rule="last_approved").Version == "2"


def test_a_deployed_version_that_was_rejected_since_is_no_base(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker, "Rejected")
    serve(sagemaker, "1")
    with pytest.raises(PlatformError, match="v1 is Rejected: approve it"):
        ask(sagemaker, s3, rule="last_deployed")


@pytest.mark.parametrize(
    ("served", "message"),
    [("7", "endpoint reader serves v7, which readers does not have"), (None, "does not say which version it serves")],
)
def test_an_endpoint_that_serves_something_else_is_no_base(
    sagemaker: Any, s3: Any, served: str | None, message: str
) -> None:
    add_version(sagemaker)
    serve(sagemaker, served)
    with pytest.raises(PlatformError, match=message):
        ask(sagemaker, s3, rule="last_deployed")


def test_before_the_first_release_there_is_no_last_deployed_version(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker)
    with pytest.raises(PlatformError, match="endpoint reader does not exist: release a version"):
        ask(sagemaker, s3, rule="last_deployed")


def test_a_named_version_is_the_base(sagemaker: Any, s3: Any) -> None:
    first = add_version(sagemaker)
    add_version(sagemaker)
    assert ask(sagemaker, s3, first).Version == "1"


def test_a_first_version_has_nothing_to_replay(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker)
    assert replay(s3, ask(sagemaker, s3)) == []


def test_the_replay_holds_each_batch_of_the_whole_ancestry_once(sagemaker: Any, s3: Any) -> None:
    add_version(
        sagemaker,
        label_manifest=run_manifest(
            s3, "own", "s3://data/labels/c/manifest.jsonl", "s3://data/labels/b/manifest.jsonl"
        ),
        replay_manifests=run_manifest(
            s3, "before", "s3://data/labels/a/manifest.jsonl", "s3://data/labels/b/manifest.jsonl"
        ),
    )
    found = replay(s3, ask(sagemaker, s3))
    assert found == [f"s3://data/labels/{name}/manifest.jsonl" for name in "abc"]


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_named_version_must_be_approved(sagemaker: Any, s3: Any, status: str) -> None:
    arn = add_version(sagemaker, status)
    with pytest.raises(PlatformError, match=f"v1 is {status}: approve it"):
        ask(sagemaker, s3, arn)


def test_without_an_approved_version_nothing_is_trained(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker, "PendingManualApproval")
    with pytest.raises(PlatformError, match="readers has no approved version"):
        ask(sagemaker, s3)


def test_a_version_of_another_group_is_refused(sagemaker: Any, s3: Any) -> None:
    arn = add_version(sagemaker, group="others")
    with pytest.raises(PlatformError, match="belongs to group others, not readers"):
        ask(sagemaker, s3, arn)


def test_a_version_that_is_not_there_is_named(sagemaker: Any, s3: Any) -> None:
    with pytest.raises(PlatformError, match="model-package/readers/9' does not exist"):
        ask(sagemaker, s3, "arn:aws:sagemaker:eu-central-1:123456789012:model-package/readers/9")


def test_a_lost_manifest_stops_the_run(sagemaker: Any, s3: Any) -> None:
    add_version(sagemaker, label_manifest="s3://data/datasets/runs/gone.json")
    with pytest.raises(PlatformError, match=r"gone.json: cannot be read \(NoSuchKey\)"):
        ask(sagemaker, s3)
