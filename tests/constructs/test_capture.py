"""The capture of requests: from the settings to the request that SageMaker gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from drawing_platform.settings import load_settings
from release.settings import EndpointSettings
from tests.constructs.platform_parts import parts


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    around.release(around.notifier())
    return Template.from_stack(around.stack)


def endpoint_settings(template: Template) -> EndpointSettings:
    """What the release functions read; references of CloudFormation are called `x`."""
    (text,) = {
        json.dumps(function["Properties"]["Environment"]["Variables"]["ENDPOINT"])
        for function in template.find_resources("AWS::Lambda::Function").values()
        if "ENDPOINT" in function["Properties"].get("Environment", {}).get("Variables", {})
    }
    parts_of_it = json.loads(text)["Fn::Join"][1]
    return EndpointSettings.model_validate_json("".join(part if isinstance(part, str) else "x" for part in parts_of_it))


def test_the_release_functions_read_what_the_stack_writes(template: Template) -> None:
    capture = endpoint_settings(template).capture
    assert capture is not None
    assert (capture.percent, capture.destination_uri, capture.kms_key_arn) == (50, "s3://x/capture", "x")


def test_the_configuration_is_one_that_sagemaker_takes(template: Template) -> None:
    capture = endpoint_settings(template).capture
    assert capture is not None
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    found = ParamValidator().validate(capture.config(), service.shape_for("DataCaptureConfig"))
    assert found.generate_report() == ""
    assert capture.config()["CaptureOptions"] == [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]


def test_the_endpoint_may_write_captures_and_nothing_else(template: Template) -> None:
    statements: list[dict[str, Any]] = [
        statement
        for name, policy in template.find_resources("AWS::IAM::Policy").items()
        if "EndpointRole" in name
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    (written,) = [each["Resource"] for each in statements if each["Action"] == "s3:PutObject"]
    assert written["Fn::Join"][1][-1] == "/capture/*"


@pytest.mark.parametrize("env", ["local", "dev", "staging", "prod"])
def test_what_is_captured_is_what_the_drift_job_looks_at(env: str) -> None:
    settings = load_settings(env)
    assert (settings.drift is None) == (settings.serverless is not None)
