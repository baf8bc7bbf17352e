"""An emulated account with the release workflow, and versions whose containers behave as a test wants them to.

The real CDK application, state machine, functions, alarms and events; only what a container does is a few lines of
Python, so that a version can be good or bad in one exact way. AWS's own clocks run faster (docs/emulator.md).
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import emulator
from emulator import lifetime
from tests.e2e.account import REGION, ROOT, Account, Cdk, client, eventually, free_port, message_of
from tests.emulator import programs

RELEASE_SECONDS = 200  # idle some 20; beside everything else more

# Answers like the reader, after `SECONDS`; what it does wrong is said by `BEHAVIOUR`.
_SERVER = """
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEHAVIOUR, SECONDS = {behaviour!r}, {seconds!r}
CALM = 8  # requests; the check before traffic sees nothing of what begins later
count, turn, hoard = 0, threading.Lock(), []

if BEHAVIOUR == "crashes at start":
    sys.exit("the model cannot be loaded")
if BEHAVIOUR == "runs out of memory":
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if BEHAVIOUR == "hangs in ping":
            time.sleep(3600)
        self.answer(200, b"")

    def do_POST(self):
        global count
        self.rfile.read(int(self.headers["Content-Length"]))
        with turn:
            count += 1
            number = count
        slow = BEHAVIOUR == "is three times slower" and number > CALM
        time.sleep(SECONDS * (3 if slow else 1))
        if BEHAVIOUR == "answers the wrong type":
            return self.answer(200, b"<html>12.5</html>", "text/html")
        if BEHAVIOUR == "answers 5xx for one request in five" and number % 5 == 0:
            return self.answer(500, b'{{"error": {{"code": "internal", "message": "broken"}}}}')
        if BEHAVIOUR == "runs out of memory" and number > CALM:
            try:
                hoard.append(b"x" * (100 << 20))
            except MemoryError:
                os._exit(137)  # as the kernel does it
        box = [[0, 0], [9, 0], [9, 9], [0, 9]]
        reading = {{
            "predictions": [{{"box": box, "text": "12.5", "confidence": 0.9, "category": "text"}}],
            "width": 20, "height": 20, "pages": 1, "warnings": [],
            "model": {{"name": "reader", "version": os.environ["MODEL_PACKAGE_VERSION"]}},
        }}
        self.answer(200, json.dumps(reading).encode())

    def answer(self, status, content, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@dataclass
class Releases:
    """Somebody who registers, approves and rejects versions, and looks at what became of it."""

    account: Account
    folder: Path
    seconds: float

    def __post_init__(self) -> None:
        names = self.account.names
        self.endpoint, self.group = names["endpoint-name"], names["model-package-group"]
        self.machine, self.table = names["release-state-machine-arn"], names["history-table"]
        self.sagemaker, self.runtime = self.account.client("sagemaker"), self.account.client("sagemaker-runtime")
        self.workflow, self.alarms = self.account.client("stepfunctions"), self.account.client("cloudwatch")
        self._data = f"s3://{names['data-bucket']}/models/fault/model.tar.gz"
        self.account.client("s3").put_object(
            Bucket=names["data-bucket"], Key="models/fault/model.tar.gz", Body=_empty_archive()
        )
        self._mailbox = self._subscribe()
        self._images: dict[str, str] = {}

    def register(self, behaviour: str = "good") -> str:
        """One more version that waits for approval; gives back its ARN."""
        if behaviour not in self._images:
            name = f"fault-{len(self._images)}"
            source = _SERVER.format(behaviour=behaviour, seconds=self.seconds)
            self._images[behaviour] = programs.push(self.account.port, name, {"serve": source}, self.folder / name)
        created = self.sagemaker.create_model_package(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [{"Image": self._images[behaviour], "ModelDataUrl": self._data}],
                "SupportedContentTypes": ["image/png"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )
        return str(created["ModelPackageArn"])

    def decide(self, arn: str, status: str = "Approved") -> None:
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)

    def order(self, **order: str) -> str:
        """Starts the workflow with a person's order; gives back the execution's ARN."""
        given = {"action": "deploy", "requested_by": "ada", "reason": "test"} | order
        return str(self.workflow.start_execution(stateMachineArn=self.machine, input=json.dumps(given))["executionArn"])

    def history(self) -> list[dict[str, str]]:
        """Every order, the oldest first."""
        pages = (
            self.account.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                KeyConditionExpression="endpoint = :endpoint",
                ExpressionAttributeValues={":endpoint": {"S": self.endpoint}},
            )
        )
        return [
            {name: str(next(iter(value.values()))) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]

    def ended(self, arn: str) -> dict[str, str]:
        """The newest order about this version, once it is over."""

        def look() -> dict[str, str] | None:
            about = [entry for entry in self.history() if entry.get("model_package_arn") == arn]
            return about[-1] if about and about[-1]["status"] not in ("QUEUED", "IN_PROGRESS") else None

        return eventually(look, seconds=RELEASE_SECONDS, what=f"a release of {arn} ends")

    def settled(self) -> None:
        """Waits until no workflow runs."""

        def look() -> bool | None:
            running = self.workflow.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")["executions"]
            waiting = [entry for entry in self.history() if entry["status"] in ("QUEUED", "IN_PROGRESS")]
            return None if running or waiting else True

        eventually(look, seconds=RELEASE_SECONDS, what="every workflow ends")

    def calm(self) -> None:
        """Waits until no guardrail is in alarm: an update that begins under one would go back at once."""

        def look() -> bool | None:
            return None if self.alarms.describe_alarms(StateValue="ALARM")["MetricAlarms"] else True

        eventually(look, seconds=RELEASE_SECONDS, what="the alarms are over")

    def ask(self) -> str:
        """Reads a drawing as a client does, once; the version that answered."""
        answer = self.runtime.invoke_endpoint(EndpointName=self.endpoint, ContentType="image/png", Body=b"drawing")
        return str(json.loads(answer["Body"].read())["model"]["version"])

    def describe(self, name: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name or self.endpoint)
        return found

    def alerts(self) -> list[str]:
        """Messages since the last look."""
        sqs, texts = self.account.client("sqs"), []
        while received := sqs.receive_message(QueueUrl=self._mailbox, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                texts.append(message_of(message))
                sqs.delete_message(QueueUrl=self._mailbox, ReceiptHandle=message["ReceiptHandle"])
        return texts

    def _subscribe(self) -> str:
        sqs = self.account.client("sqs")
        queue = str(sqs.create_queue(QueueName="on-call")["QueueUrl"])
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.account.names["alerts-topic-arn"]
        self.account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return queue


@contextmanager
def release_account(folder: Path, *, speed: float, seconds: float, settings: Mapping[str, Any]) -> Iterator[Releases]:
    """An account with everything that a release needs.

    Args:
        folder: for everything.
        speed: how many times faster AWS's own clocks run.
        seconds: what a good version takes for an answer.
        settings: values of local.toml that differ, by name.
    """
    config, port = folder / "config", free_port()
    config.mkdir()
    text = _changed((ROOT / "config" / "local.toml").read_text("utf-8"), settings)
    (config / "local.toml").write_text(text, "utf-8")
    state_dir = folder / "account"
    lifetime.up(port, state_dir, speed=speed)
    try:
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
            **emulator.environment(port, REGION),
            "E2E_CONFIG": str(config),
            "CDK_VALIDATION": "false",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "constructs")]),
        }
        cdk = Cdk(variables, folder / "cdk.out")
        cdk.bootstrap()
        cdk("deploy", "Local/Release", "--method=direct", "--require-approval=never")
        prefix = "/drawing-platform/local/"
        pages = client("ssm", port).get_paginator("get_parameters_by_path").paginate(Path=prefix)
        names = {item["Name"].removeprefix(prefix): item["Value"] for page in pages for item in page["Parameters"]}
        yield Releases(Account(port, state_dir, names, cdk), folder / "images", seconds)
    finally:
        lifetime.down(state_dir)


def _changed(text: str, settings: Mapping[str, Any]) -> str:
    """`text` with those values; one that local.toml does not name is added to its section [release]."""
    for name, value in settings.items():
        line = f"{name} = {json.dumps(value)}"
        text, found = re.subn(rf"(?m)^{name} = .*$", line, text)
        if not found:
            text = text.replace("[release]\n", f"[release]\n{line}\n")
    return text


def _empty_archive() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz"):
        pass
    return content.getvalue()
