"""A thousand sheets through batch transform, five of them broken, under kill -9; and a sheet too large for real time.

The sheets are small (160 × 160 pixels, one dimension each) and read by the real reader with the official weights: a
thousand sheets of common size would take hours on two cores. Each content stands under five names, as copies in a
drawer of drawings do: it is read once and answered five times.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import duckdb
import numpy as np
import pytest
from PIL import Image

from drawing_ocr.reading.result import ReadingResult
from tests.e2e.account import eventually
from tests.faults.batch_account import Operator, operated_account

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(480)]

SHEETS = 1000
CONTENTS = 200
BROKEN = (100, 301, 502, 703, 904)
KILLS = 8


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with operated_account(tmp_path_factory.mktemp("account")) as made:
        yield made


def drawn(number: int) -> str:
    """The dimension on a sheet, another one for each content."""
    content = number % CONTENTS
    return f"R{10 + content // 9}.{1 + content % 9}"


def draw(file: Path, number: int) -> None:
    sheet = np.full((160, 160), 255, np.uint8)
    cv2.rectangle(sheet, (8, 8), (152, 152), 0, 1)
    cv2.putText(sheet, drawn(number), (20, 88), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)
    cv2.imwrite(str(file), sheet)


def tear(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:120] + file.name.encode())


def name(number: int) -> str:
    return f"sheet-{number:04d}.png"


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def nothing_is_half_written(out: Path) -> None:
    """Whatever carries its last name is complete."""
    for file in (out / "answers").glob("*.json"):
        ReadingResult.model_validate_json(file.read_bytes())
    for file in [*(out / "overlays").glob("*.jpg"), *(out / "thumbnails").glob("*.jpg")]:
        Image.open(file).load()
    if (out / "batch.json").exists():
        ledger = json.loads((out / "batch.json").read_bytes())
        done = [drawing for drawing, entry in ledger["drawings"].items() if entry["problem"] is None]
        assert all((out / "answers" / f"{drawing}.json").exists() for drawing in done)


def test_a_thousand_sheets_are_read_once_each_whatever_kills_the_command(operator: Operator, tmp_path: Path) -> None:
    sheets, out = tmp_path / "sheets", tmp_path / "out"
    sheets.mkdir()
    for number in range(SHEETS):
        draw(sheets / name(number), number)
    for number in BROKEN:
        tear(sheets / name(number))
    command = ["batch", str(sheets), "--out", str(out), "--model", "v1"]
    dice = random.Random(7)
    for _ in range(KILLS):
        operator.killed(dice.uniform(0.5, 6.0), *command)
        nothing_is_half_written(out)

    outcome = operator.answer(*command)["outcome"]
    assert (outcome["drawings"], outcome["texts"]) == (SHEETS, SHEETS - len(BROKEN))
    assert [failure[0] for failure in outcome["failures"]] == [name(number) for number in BROKEN]
    assert all("damaged or truncated" in reason and "\n" not in reason for _, reason in outcome["failures"])
    nothing_is_half_written(out)
    wanted = {name(number): drawn(number) for number in range(SHEETS) if number not in BROKEN}
    assert {row["drawing"]: row["text"] for row in rows(out / "texts.csv")} == wanted
    assert {row["drawing"]: float(row["number"]) for row in rows(out / "texts.csv")} == {
        sheet: float(text.removeprefix("R")) for sheet, text in wanted.items()
    }
    parquet = duckdb.execute(f"SELECT drawing, text FROM '{out}/texts.parquet'").fetchall()
    assert dict(parquet) == wanted
    assert len(list((out / "answers").glob("*.json"))) == len(wanted)

    # However often the command was killed: one job read everything.
    sagemaker = operator.client("sagemaker")
    (job,) = sagemaker.list_transform_jobs()["TransformJobSummaries"]
    assert job["TransformJobStatus"] == "Completed"

    # What failed is repeated alone, and what was mended is read.
    tried = operator.answer(*command, "--retry-failed")["outcome"]
    assert (tried["read_now"], tried["kept"]) == (0, SHEETS - len(BROKEN))
    for number in BROKEN:
        draw(sheets / name(number), number)
    mended = operator.run(*command)
    assert mended.returncode == 0, mended.stderr
    assert f"{SHEETS} of {SHEETS} drawings read by v1" in mended.stdout
    jobs = sagemaker.list_transform_jobs()["TransformJobSummaries"]
    manifests = [manifest_of(operator, item["TransformJobName"]) for item in jobs]
    assert sorted(len(manifest) - 1 for manifest in manifests) == [len(BROKEN), len(BROKEN), CONTENTS + len(BROKEN)]


def manifest_of(operator: Operator, job: str) -> list[object]:
    """What a transform job was given to read."""
    found = operator.client("sagemaker").describe_transform_job(TransformJobName=job)
    bucket, _, key = found["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"].removeprefix("s3://").partition("/")
    content = operator.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    manifest: list[object] = json.loads(content)
    return manifest


LEADER = "drawing-reader-local"
FOLLOWER = f"{LEADER}-async"


@pytest.fixture(scope="module")
def released(operator: Operator) -> Operator:
    """The account with version 1 in service, in real time and asynchronously."""
    approved = operator.run("models", "approve", "v1", "--reason", "first", "--follow")
    assert approved.returncode == 0, approved.stderr
    eventually(lambda: serves(operator, FOLLOWER, "1"), seconds=90, what="the asynchronous endpoint serves")
    return operator


def serves(operator: Operator, endpoint: str, version: str) -> bool | None:
    """Whether `endpoint` is at rest and has both its version and its policies."""
    sagemaker, wanted = operator.client("sagemaker"), 1 if endpoint == LEADER else 2
    if endpoint not in [item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]]:
        return None
    found = sagemaker.describe_endpoint(EndpointName=endpoint)
    there = found["EndpointStatus"] == "InService" and f"{endpoint}-v{version}-" in found["EndpointConfigName"]
    return True if there and len(policies(operator, endpoint)) == wanted else None


def policies(operator: Operator, endpoint: str) -> dict[str, object]:
    """Scaling policies of the endpoint's variant by name, with what they say."""
    listed = operator.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=f"endpoint/{endpoint}/variant/reader"
    )["ScalingPolicies"]
    keys = ("TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration")
    return {item["PolicyName"]: {key: item[key] for key in keys if key in item} for item in listed}


def test_what_is_too_large_for_real_time_is_read_asynchronously(released: Operator, tmp_path: Path) -> None:
    # More bytes than a real-time request carries; few pixels, so that it is read in a moment.
    large, torn = tmp_path / "large.png", tmp_path / "torn.png"
    draw(large, 1)
    torn.write_bytes(large.read_bytes()[:120] + bytes(26_000_000))
    large.write_bytes(large.read_bytes() + bytes(26_000_000))
    read = released.run("read", str(large), "--endpoint", "--out", str(tmp_path / "out"))
    assert read.returncode == 0, read.stderr
    assert f"large.png: 26.0 MB, in real time at most 25: read by {FOLLOWER}" in " ".join(read.stderr.split())
    answer = ReadingResult.model_validate_json((tmp_path / "out" / "large.json").read_bytes())
    assert [prediction.text for prediction in answer.predictions] == [drawn(1)]
    assert answer.model.version == "1"
    refused = released.run("read", str(torn), "--endpoint", "--out", str(tmp_path / "out"))
    assert refused.returncode == 1
    assert "damaged or truncated" in refused.stdout + refused.stderr


def test_scaling_survives_a_release_and_the_asynchronous_endpoint_follows_it(released: Operator) -> None:
    sagemaker = released.client("sagemaker")
    autoscaling = released.client("application-autoscaling")
    before = {endpoint: policies(released, endpoint) for endpoint in (LEADER, FOLLOWER)}
    assert set(before[FOLLOWER]) == {f"{FOLLOWER}-backlog", f"{FOLLOWER}-wake"}
    bounds = {
        item["ResourceId"].split("/")[1]: (item["MinCapacity"], item["MaxCapacity"])
        for item in autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    }
    assert bounds == {LEADER: (1, 3), FOLLOWER: (0, 1)}
    (alarm,) = released.client("cloudwatch").describe_alarms(AlarmNames=[f"{FOLLOWER}-wake"])["MetricAlarms"]
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"

    # Many requests had brought two more machines when the next version is released.
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=LEADER, DesiredWeightsAndCapacities=[{"VariantName": "reader", "DesiredInstanceCount": 3}]
    )
    register_again(released)
    approved = released.run("models", "approve", "v2", "--reason", "the same once more", "--follow")
    assert approved.returncode == 0, approved.stderr
    for endpoint in (LEADER, FOLLOWER):
        eventually(partial(serves, released, endpoint, "2"), seconds=90, what=f"{endpoint} serves v2")
        assert policies(released, endpoint) == before[endpoint]
    (variant,) = sagemaker.describe_endpoint(EndpointName=LEADER)["ProductionVariants"]
    assert variant["DesiredInstanceCount"] == 3


def register_again(operator: Operator) -> None:
    """Registers version 2: the same package as version 1."""
    sagemaker = operator.client("sagemaker")
    group = "paddleocr-drawing-models-local"
    (first,) = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    found = sagemaker.describe_model_package(ModelPackageName=first["ModelPackageArn"])
    specification = found["InferenceSpecification"]
    sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [
                {key: container[key] for key in ("Image", "ModelDataUrl")} for container in specification["Containers"]
            ],
            "SupportedContentTypes": specification["SupportedContentTypes"],
            "SupportedResponseMIMETypes": specification["SupportedResponseMIMETypes"],
        },
        CustomerMetadataProperties=found["CustomerMetadataProperties"],
    )
