"""Batch transform: objects in, `.out` objects out, through a served model."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import lifetime
from tests.emulator import programs
from tests.emulator.conftest import ROLE, Client, wait_for

FINISHED = ("Completed", "Failed", "Stopped")

# Answers with what it got; a body names how it wants to be treated.
SERVE = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = {}

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/ping": b"", "/execution-parameters": os.environ.get("PARAMETERS", "").encode()}
        found = self.path in known and (self.path == "/ping" or known[self.path])
        self.answer(200 if found else 404, known.get(self.path, b""))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen[body] = seen.get(body, 0) + 1
        if body == b"bad":
            self.answer(415, b"cannot read this")
        elif body == b"broken" or (body == b"shy" and seen[body] < 3):
            self.answer(500, b"broken")
        else:
            time.sleep(float(os.environ.get("DELAY", 0)))
            said = [body.decode().upper(), self.headers["Content-Type"], self.headers.get("Accept")]
            variables = {n: v for n, v in os.environ.items() if n.startswith(("SAGEMAKER_BATCH", "SAGEMAKER_MAX"))}
            self.answer(200, json.dumps([*said, variables]).encode())

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def model(account: lifetime.Running, client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    image = programs.push(account.port, "transformer", {"serve": SERVE}, tmp_path_factory.mktemp("image") / "context")
    name = f"model-{uuid.uuid4().hex[:8]}"
    client("sagemaker").create_model(ModelName=name, PrimaryContainer={"Image": image}, ExecutionRoleArn=ROLE)
    return name


def put(client: Client, bucket: str, objects: dict[str, bytes]) -> str:
    prefix = f"in/{uuid.uuid4().hex[:8]}"
    for name, body in objects.items():
        client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=body)
    return f"s3://{bucket}/{prefix}/"


def start(client: Client, bucket: str, model: str, uri: str, **more: Any) -> str:
    name = f"job-{uuid.uuid4().hex[:8]}"
    kind = "ManifestFile" if uri.endswith(".json") else "S3Prefix"
    request = {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}},
            "ContentType": "image/png",
            **more.pop("input", {}),
        },
        "TransformOutput": {"S3OutputPath": f"s3://{bucket}/out/{name}", **more.pop("output", {})},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        **more,
    }
    client("sagemaker").create_transform_job(**request)
    return name


def finish(client: Client, name: str) -> Any:
    def done() -> Any:
        job = client("sagemaker").describe_transform_job(TransformJobName=name)
        return job if job["TransformJobStatus"] in FINISHED else None

    return wait_for(done, 30)


def results(client: Client, bucket: str, job: str) -> dict[str, bytes]:
    s3, prefix = client("s3"), f"out/{job}/"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
    return {key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def said(client: Client, job: str) -> list[str]:
    """The lines of the job's data log."""
    found = client("logs").filter_log_events(logGroupName="/aws/sagemaker/TransformJobs", logStreamNamePrefix=f"{job}/")
    return [event["message"] for event in found["events"] if event["logStreamName"].endswith("/data-log")]


def test_every_object_below_the_prefix_becomes_one_request_and_one_out_object(
    client: Client, bucket: str, model: str
) -> None:
    uri = put(client, bucket, {"a.png": b"one", "deep/b.png": b"two"})
    job = start(client, bucket, model, uri, output={"Accept": "application/json"}, MaxConcurrentTransforms=2)
    described = finish(client, job)
    assert described["TransformJobStatus"] == "Completed", described
    assert described["TransformEndTime"] >= described["TransformStartTime"]
    found = results(client, bucket, job)
    assert set(found) == {"a.png.out", "deep/b.png.out"}
    assert json.loads(found["deep/b.png.out"])[:3] == ["TWO", "image/png", "application/json"]
    assert json.loads(found["a.png.out"])[3] == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "2",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "6",
    }
    listed = client("sagemaker").list_transform_jobs(NameContains=job)["TransformJobSummaries"]
    assert [each["TransformJobStatus"] for each in listed] == ["Completed"]


def test_a_manifest_names_the_objects(client: Client, bucket: str, model: str) -> None:
    uri = put(client, bucket, {"a.png": b"one", "x/b.png": b"two", "c.png": b"three"})
    manifest = json.dumps([{"prefix": uri}, "a.png", "x/b.png"]).encode()
    job = start(client, bucket, model, f"{put(client, bucket, {'m.json': manifest})}m.json")
    assert finish(client, job)["TransformJobStatus"] == "Completed"
    assert set(results(client, bucket, job)) == {"a.png.out", "x/b.png.out"}


def test_a_refused_object_fails_the_job_and_spares_the_others(client: Client, bucket: str, model: str) -> None:
    uri = put(client, bucket, {"a": b"one", "b": b"bad", "c": b"three"})
    job = start(client, bucket, model, uri)
    described = finish(client, job)
    assert described["TransformJobStatus"] == "Failed"
    assert described["FailureReason"] == "ClientError: See job logs for more information"
    assert set(results(client, bucket, job)) == {"a.out", "c.out"}
    log = said(client, job)
    assert any(line.endswith(f"{uri.removeprefix('s3://')}b: ClientError: 415") for line in log), log
    assert any(line.endswith("cannot read this") for line in log), log


def test_server_errors_are_repeated_and_then_blamed_on_the_algorithm(client: Client, bucket: str, model: str) -> None:
    job = start(client, bucket, model, put(client, bucket, {"a": b"shy"}))
    assert finish(client, job)["TransformJobStatus"] == "Completed"
    job = start(
        client, bucket, model, put(client, bucket, {"a": b"broken"}), ModelClientConfig={"InvocationsMaxRetries": 1}
    )
    described = finish(client, job)
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert any("Bad HTTP status received from algorithm: 500" in line for line in said(client, job))


def test_an_object_over_the_largest_payload_is_not_sent(client: Client, bucket: str, model: str) -> None:
    uri = put(client, bucket, {"small": b"one", "large": b"x" * (1024 * 1024 + 1)})
    job = start(client, bucket, model, uri, MaxPayloadInMB=1)
    assert finish(client, job)["TransformJobStatus"] == "Failed"
    assert set(results(client, bucket, job)) == {"small.out"}
    assert any("Too much data for max payload size" in line for line in said(client, job))


def test_lines_are_records(client: Client, bucket: str, model: str) -> None:
    uri = put(client, bucket, {"a": b"one\ntwo\n"})
    options: dict[str, Any] = {"input": {"SplitType": "Line"}, "output": {"AssembleWith": "Line"}}
    job = start(client, bucket, model, uri, BatchStrategy="SingleRecord", **options)
    assert finish(client, job)["TransformJobStatus"] == "Completed"
    records = [json.loads(line)[0] for line in results(client, bucket, job)["a.out"].splitlines()]
    assert records == ["ONE\n", "TWO\n"]


def test_the_container_may_say_how_it_wants_its_requests(client: Client, bucket: str, model: str) -> None:
    offered = json.dumps({"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 2, "BatchStrategy": "SINGLE_RECORD"})
    job = start(client, bucket, model, put(client, bucket, {"a": b"one"}), Environment={"PARAMETERS": offered})
    assert finish(client, job)["TransformJobStatus"] == "Completed"
    assert said(client, job)[0].endswith("MaxConcurrentTransforms=3, MaxPayloadInMB=2, BatchStrategy=SINGLE_RECORD")


def test_a_stopped_job_keeps_what_it_has_done(client: Client, bucket: str, model: str) -> None:
    uri = put(client, bucket, {f"{number:03d}": b"one" for number in range(200)})
    job = start(client, bucket, model, uri, Environment={"DELAY": "0.1"})
    wait_for(lambda: len(results(client, bucket, job)) >= 2)
    client("sagemaker").stop_transform_job(TransformJobName=job)
    assert finish(client, job)["TransformJobStatus"] == "Stopped"
    assert 2 <= len(results(client, bucket, job)) < 200
    with pytest.raises(ClientError, match="is in status Stopped"):
        client("sagemaker").stop_transform_job(TransformJobName=job)


def test_an_empty_prefix_fails_the_job(client: Client, bucket: str, model: str) -> None:
    job = start(client, bucket, model, f"s3://{bucket}/nothing/")
    assert "No S3 objects found" in finish(client, job)["FailureReason"]


def test_a_model_that_never_answers_ping_fails_the_job(
    account: lifetime.Running, client: Client, bucket: str, tmp_path: Any
) -> None:
    image = programs.push(account.port, "crasher", {"serve": "raise SystemExit('no model')"}, tmp_path / "context")
    client("sagemaker").create_model(ModelName="crasher", PrimaryContainer={"Image": image}, ExecutionRoleArn=ROLE)
    job = start(client, bucket, "crasher", put(client, bucket, {"a": b"one"}))
    assert "failed to respond to ping" in finish(client, job)["FailureReason"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "at most 100 MB"),
        ({"BatchStrategy": "SingleRecord"}, "needs a SplitType"),
        ({"input": {"SplitType": "RecordIO"}}, "by Line only"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    client: Client, bucket: str, model: str, more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        start(client, bucket, model, f"s3://{bucket}/any/", **more)
