"""Data capture: what an endpoint was asked and answered lies in S3 afterwards, in SageMaker's form."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any

from emulator.api import Caller
from emulator.sagemaker.capture import Capture
from tests.emulator.conftest import Client, wait_for
from tests.emulator.test_sagemaker_endpoints import ask, make_config, make_endpoint


def capturing(client: Client, bucket: str, image: str) -> tuple[str, str]:
    """Endpoint and prefix of its captures."""
    plain = client("sagemaker").describe_endpoint_config(EndpointConfigName=make_config(client, bucket, image, "word"))
    name, prefix = f"capturing-{uuid.uuid4().hex[:8]}", f"capture-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=plain["ProductionVariants"],
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{bucket}/{prefix}",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    return make_endpoint(client, name), prefix


def files(client: Client, bucket: str, prefix: str) -> dict[str, list[dict[str, Any]]]:
    found = client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    texts = {item["Key"]: client("s3").get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}
    return {key: [json.loads(line) for line in text.splitlines()] for key, text in texts.items()}


def test_every_sampled_exchange_is_one_line_of_a_file_of_its_hour(client: Client, bucket: str, image: str) -> None:
    endpoint, prefix = capturing(client, bucket, image)
    answers = [ask(client, endpoint, body) for body in (b"\x00one", b"two")]

    def written() -> dict[str, list[dict[str, Any]]] | None:
        found = files(client, bucket, prefix)
        return found if sum(map(len, found.values())) == len(answers) else None

    found = wait_for(written, 10)
    place = re.compile(rf"{prefix}/{endpoint}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/[\w-]+\.jsonl")
    assert all(place.fullmatch(key) for key in found)
    lines = [line for content in found.values() for line in content]
    assert sorted(base64.b64decode(line["captureData"]["endpointInput"]["data"]) for line in lines) == [
        b"\x00one",
        b"two",
    ]
    outputs = [line["captureData"]["endpointOutput"] for line in lines]
    assert {(each["mode"], each["encoding"]) for each in outputs} == {("OUTPUT", "JSON")}
    assert [json.loads(each["data"]) for each in outputs] == answers
    assert all(line["eventMetadata"].keys() == {"eventId", "inferenceTime"} for line in lines)


def test_the_sample_is_the_share_that_was_asked_for() -> None:
    settings = {
        "InitialSamplingPercentage": 30,
        "DestinationS3Uri": "s3://bucket/capture",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    sample = Capture(Caller("123456789012", "eu-central-1"), "endpoint", "variant", settings)
    sampled = sum(sample.begin("image/png", b"") is not None for _ in range(2000))
    assert 500 < sampled < 700  # five standard deviations around 600
    settings["EnableCapture"] = False
    assert sample.begin("image/png", b"") is None
