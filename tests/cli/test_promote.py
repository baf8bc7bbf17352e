"""`drawingops models promote` from one AWS account to another, both in moto, through the two roles."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli import promotion_roles
from cli.environment import Environment
from drawing_ocr.evaluation.report import Evaluation, Gate, Metrics, RecognitionMetrics, TestSet
from tests.cli.world import ACCOUNT, BUCKET, NAMES, REGION, World

Put = Callable[[str, bytes | str], str]
STAGING_ACCOUNT = "222222222222"
STAGING_BUCKET = "drawing-data-staging"
STAGING_GROUP = "paddleocr-drawing-models-staging"
PROMOTER = f"arn:aws:iam::{ACCOUNT}:role/drawing-platform-dev-promoter"
PROMOTION = f"arn:aws:iam::{STAGING_ACCOUNT}:role/drawing-platform-staging-promotion"
PACKAGE = b"the bytes of a model.tar.gz"
DIGEST = sha256(PACKAGE).hexdigest()


def staging_client(service: str) -> Any:
    """A client of the staging account, as its own people see it."""
    taken = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{STAGING_ACCOUNT}:role/own", RoleSessionName="people"
    )["Credentials"]
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )


@pytest.fixture
def staging(world: World) -> None:
    """Environment `staging` in an account of its own, and the roles that lead to it, in dev's SSM."""
    names = {**NAMES, "data-bucket": STAGING_BUCKET, "model-package-group": STAGING_GROUP, "account": STAGING_ACCOUNT}
    for name, value in names.items():
        staging_client("ssm").put_parameter(Name=f"/drawing-platform/staging/{name}", Value=value, Type="String")
    staging_client("s3").create_bucket(Bucket=STAGING_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    staging_client("sagemaker").create_model_package_group(ModelPackageGroupName=STAGING_GROUP)
    roles = {"promoter_arn": PROMOTER, "targets": {"staging": {"role_arn": PROMOTION, "external_id": "dev-to-staging"}}}
    world.client("ssm").put_parameter(
        Name="/drawing-platform/dev/promotion-roles", Value=json.dumps(roles), Type="String"
    )


def approved(world: World, put: Put, package: bytes = PACKAGE) -> str:
    """v1, the official model, and v2, trained from it and approved; gives back the ARN of v2."""
    parent = world.register("Approved", run_id="official", package_sha256="0ff1c1a1")
    uri = put("models/run/model.tar.gz", package)
    recognition = RecognitionMetrics(lines=10, exact=0.9, one_minus_ned=0.9, cer=0.1)
    evaluation = Evaluation(
        test_sets={"new": TestSet(challenger=Metrics(recognition=recognition))},
        gate=Gate(accuracy=0.9, regression_drop=0, champion_gain=0, passed=1),
    )
    created = world.client("sagemaker").create_model_package(
        ModelPackageGroupName=world.environment.names.model_package_group,
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": NAMES["inference-image"], "ModelDataUrl": uri}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        ModelMetrics={
            "ModelQuality": {
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": put("models/run/evaluation/evaluation.json", evaluation.to_json()),
                }
            }
        },
        CustomerMetadataProperties={
            "parent": parent,
            "run_id": "run-7",
            "accuracy": "0.9",
            "hyperparameters": "epochs=30",
            "package_sha256": DIGEST,
        },
    )
    put("models/run/evaluation/report.html", "<p>report</p>")
    return str(created["ModelPackageArn"])


def promote(world: World, *more: str) -> Any:
    return world.answer("models", "promote", "v2", "--to", "staging", "--reason", "read well for a week", *more)


@pytest.mark.usefixtures("staging")
def test_the_same_bytes_wait_for_approval_in_the_other_account(world: World, put: Put) -> None:
    arn = approved(world, put)
    answer = promote(world)
    assert answer["new"] is True
    version = answer["version"]
    assert version["arn"].split(":")[4] == STAGING_ACCOUNT
    assert version["state"] == "PendingManualApproval"
    assert version["metadata"]["package_sha256"] == DIGEST
    assert version["metadata"]["promoted_from"] == arn
    bucket, _, key = version["model_data_url"].removeprefix("s3://").partition("/")
    assert bucket == STAGING_BUCKET
    assert staging_client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == PACKAGE
    found = staging_client("sagemaker").describe_model_package(ModelPackageName=version["arn"])
    assert found["ModelPackageGroupName"] == STAGING_GROUP


@pytest.mark.usefixtures("staging")
def test_a_package_that_was_uploaded_in_parts_is_copied_and_read_back_whole(world: World, tmp_path: Path) -> None:
    content = bytes(range(256)) * 50_000  # 12.8 MB: two parts
    (tmp_path / "model.tar.gz").write_bytes(content)
    world.client("s3").upload_file(str(tmp_path / "model.tar.gz"), BUCKET, "models/x/model.tar.gz")
    world.register("Approved", package_sha256=sha256(content).hexdigest())
    version = world.answer("models", "promote", "v1", "--to", "staging")["version"]
    key = version["model_data_url"].removeprefix(f"s3://{STAGING_BUCKET}/")
    assert staging_client("s3").get_object(Bucket=STAGING_BUCKET, Key=key)["Body"].read() == content


@pytest.mark.usefixtures("staging")
def test_lineage_parameters_and_evaluation_go_with_it(world: World, put: Put) -> None:
    arn = approved(world, put)
    version = promote(world)["version"]
    assert version["metadata"]["hyperparameters"] == "epochs=30"
    assert version["metadata"]["reason"] == "read well for a week"
    s3 = staging_client("s3")
    read = {
        name: s3.get_object(Bucket=STAGING_BUCKET, Key=f"models/promoted/{DIGEST[:16]}/{name}")["Body"].read()
        for name in ("lineage.json", "evaluation.json", "report.html")
    }
    Evaluation.parse(read["evaluation.json"], where="copy")
    record = json.loads(read["lineage.json"])
    assert [(item["environment"], item["name"], item["run_id"]) for item in record["ancestors"]] == [
        ("dev", "v2", "run-7"),
        ("dev", "v1", "official"),
    ]
    assert record["ancestors"][0]["arn"] == arn


@pytest.mark.usefixtures("staging")
def test_a_promotion_that_is_repeated_registers_nothing_new(world: World, put: Put) -> None:
    approved(world, put)
    first, second = promote(world), promote(world)
    assert second["new"] is False
    assert second["version"]["arn"] == first["version"]["arn"]
    listed = staging_client("sagemaker").list_model_packages(ModelPackageGroupName=STAGING_GROUP)
    assert len(listed["ModelPackageSummaryList"]) == 1


@pytest.mark.usefixtures("staging")
def test_a_package_that_was_changed_after_its_registration_is_not_promoted(world: World, put: Put) -> None:
    approved(world, put, package=b"other bytes")
    result = world.run("models", "promote", "v2", "--to", "staging")
    assert result.exit_code == 1
    assert f"not {DIGEST}" in result.stderr
    assert "nothing was registered in staging" in result.stderr
    listed = staging_client("sagemaker").list_model_packages(ModelPackageGroupName=STAGING_GROUP)
    assert listed["ModelPackageSummaryList"] == []


@pytest.mark.usefixtures("staging")
@pytest.mark.parametrize("state", ["PendingManualApproval", "Rejected"])
def test_only_approved_versions_are_promoted(world: World, state: str) -> None:
    world.register(state, package_sha256=DIGEST)
    result = world.run("models", "promote", "v1", "--to", "staging")
    assert result.exit_code == 1
    assert f"v1 of dev is {state}: only approved versions are promoted" in result.stderr


@pytest.mark.usefixtures("staging")
def test_there_is_no_way_to_an_environment_that_the_settings_do_not_name(world: World, put: Put) -> None:
    approved(world, put)
    result = world.run("models", "promote", "v2", "--to", "prod")
    assert result.exit_code == 1
    assert "dev is not promoted to prod: config/dev.toml names staging" in result.stderr


def test_an_environment_that_is_promoted_nowhere_says_what_to_write(world: World, put: Put) -> None:
    approved(world, put)
    result = world.run("models", "promote", "v2", "--to", "staging")
    assert result.exit_code == 1
    assert "name its targets in config/dev.toml below [promotion]" in result.stderr


@pytest.mark.usefixtures("staging")
def test_both_roles_are_taken_in_turn_with_the_external_id_and_the_callers_name(
    world: World, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(world, put)
    taken: list[dict[str, str]] = []
    real = promotion_roles._take

    def take(access: Any, role_arn: str, caller: str, **more: str) -> Any:
        taken.append({"role": role_arn, "caller": caller, **more})
        return real(access, role_arn, caller, **more)

    monkeypatch.setattr(promotion_roles, "_take", take)
    promote(world)
    caller = world.environment.caller
    assert taken == [
        {"role": PROMOTER, "caller": caller},
        {"role": PROMOTION, "caller": caller, "ExternalId": "dev-to-staging"},
    ]


@pytest.mark.usefixtures("staging")
def test_a_role_that_may_not_be_taken_is_named_with_what_to_look_at(
    world: World, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(world, put)

    class Refusing:
        def assume_role(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    monkeypatch.setattr(
        "cli.environment.Access.client", lambda _, name: Refusing() if name == "sts" else boto3.client(name)
    )
    monkeypatch.setattr(Environment, "caller", "user/operator")
    result = world.run("models", "promote", "v2", "--to", "staging")
    assert result.exit_code == 1
    assert f"{PROMOTER} may not be taken" in result.stderr
