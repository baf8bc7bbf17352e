"""The pipeline as CloudFormation gets it, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from drawing_platform.pipeline_validation import findings
from tests.constructs.platform_parts import parts


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.training_pipeline(around.notifier())
    return Template.from_stack(around.stack)


def body(template: Template) -> dict[str, Any]:
    """The definition with a stand-in of the right form for each reference to another resource."""
    (pipeline,) = template.find_resources("AWS::SageMaker::Pipeline").values()
    joined = pipeline["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"]["Fn::Join"][1]
    stand_in = "arn:aws:iam::123456789012:role/stand-in"
    return dict(json.loads("".join(part if isinstance(part, str) else stand_in for part in joined)))


def test_the_definition_survives_the_tokens_of_the_cdk(template: Template) -> None:
    definition = body(template)
    assert findings(definition) == []
    assert definition["Steps"][0]["Name"] == "ResolveBaseModel"


def test_jobs_run_as_another_role_than_the_pipeline(template: Template) -> None:
    (pipeline,) = template.find_resources("AWS::SageMaker::Pipeline").values()
    runs_as = pipeline["Properties"]["RoleArn"]["Fn::GetAtt"][0]
    assert "PipelineRole" in runs_as
    passed = [
        statement["Resource"]["Fn::GetAtt"][0]
        for policy in template.find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:PassRole"
    ]
    assert len(passed) == 1
    assert "JobRole" in passed[0]


def test_jobs_read_labels_and_never_write_them(template: Template) -> None:
    written = [
        json.dumps(statement["Resource"])
        for policy in template.find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "s3:PutObject" in statement["Action"]
    ]
    assert written
    assert not any("labels/" in resource for resource in written)


def test_the_pipeline_waits_for_the_rights_of_both_roles(template: Template) -> None:
    (pipeline,) = template.find_resources("AWS::SageMaker::Pipeline").values()
    assert sum("DefaultPolicy" in name for name in pipeline["DependsOn"]) == 2
