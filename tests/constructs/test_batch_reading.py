"""Batch transform: a role that reads drawings and writes answers, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from cli.batch.platform import BatchPlatform
from drawing_platform.batch_reading import BatchReading, BatchReadingProps
from tests.constructs.platform_parts import Parts, parts


@pytest.fixture(scope="module")
def around() -> Parts:
    return parts("prod")


@pytest.fixture(scope="module")
def batch(around: Parts) -> BatchReading:
    props = BatchReadingProps(
        common=around.common,
        instance_type=around.settings.instances.batch,
        bucket=around.bucket,
        inference_repository=around.repository,
    )
    return BatchReading(around.stack, "Batch", props=props)


@pytest.fixture(scope="module")
def statements(around: Parts, batch: BatchReading) -> list[dict[str, Any]]:
    assert batch.role
    (policy,) = Template.from_stack(around.stack).find_resources("AWS::IAM::Policy").values()
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def allowed(statements: list[dict[str, Any]], action: str) -> str:
    """The resources of the statements that allow `action`, as JSON text."""
    return json.dumps([item["Resource"] for item in statements if action in json.dumps(item["Action"])])


def test_only_sagemaker_takes_the_role(around: Parts, batch: BatchReading) -> None:
    assert batch.role
    (role,) = Template.from_stack(around.stack).find_resources("AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}


def test_it_reads_drawings_and_models_and_writes_below_the_batches_only(statements: list[dict[str, Any]]) -> None:
    read = allowed(statements, "s3:GetObject")
    assert all(f"/{prefix}/*" in read for prefix in ("models", "drawings", "labels", "results/batch"))
    assert "datasets" not in read
    written = allowed(statements, "s3:PutObject")
    assert "results/batch/*" in written
    assert "models" not in written
    assert "s3:DeleteObject" not in json.dumps(statements)


def test_it_may_log_as_a_transform_job_and_use_the_data_key_only(statements: list[dict[str, Any]]) -> None:
    assert "/aws/sagemaker/TransformJobs*" in allowed(statements, "logs:PutLogEvents")
    (key,) = json.loads(allowed(statements, "kms:Decrypt"))
    assert "Key" in json.dumps(key)
    assert key != "*"
    (grant,) = [item for item in statements if item["Action"] == "kms:CreateGrant"]
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_the_command_reads_what_the_stack_writes(around: Parts, batch: BatchReading) -> None:
    resolved = around.stack.resolve(batch.parameters)
    text = "".join(part if isinstance(part, str) else "arn:aws:x" for part in resolved["Fn::Join"][1])
    platform = BatchPlatform.model_validate_json(text)
    assert platform.instance_type == around.settings.instances.batch
    assert platform.prefix == "results/batch/"
    assert platform.sources == ("drawings/", "labels/", "results/batch/")
    assert cdk.Token.is_unresolved(batch.parameters)
