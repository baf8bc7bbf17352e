"""Ground Truth in the emulated account: a team of two, two small functions, a template, and a queue of events."""

from __future__ import annotations

import io
import json
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator import ACCOUNT, REGION, lifetime
from tests.emulator.conftest import ROLE, Client, wait_for

EVENT = "SageMaker Ground Truth Labeling Job State Change"
BEFORE = """
def handler(event, context):
    line = event["dataObject"]
    assert event["version"] == "2018-10-16" and ":labeling-job/" in event["labelingJobArn"]
    if "break" in line:
        raise ValueError("no such task")
    return {"taskInput": {"ref": line["source-ref"]}, "isHumanAnnotationRequired": line.get("ask", True)}
"""
AFTER = """
import json, boto3
def handler(event, context):
    bucket, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
    items = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    answers = []
    for item in items:
        said = [json.loads(each["annotationData"]["content"])["answer"] for each in item["annotations"]]
        if "too long" in said:
            said = ["x" * 20_001]
        label = {"said": sorted(said), "batch": len(items), "source": item["dataObject"]["s3Uri"]}
        content = {event["labelAttributeName"]: label}
        answers.append({"datasetObjectId": item["datasetObjectId"], "consolidatedAnnotation": {"content": content}})
    return answers
"""


def function(client: Client, source: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", source)
    return str(
        client("lambda").create_function(
            FunctionName=f"SageMaker-{uuid.uuid4().hex[:8]}",
            Code={"ZipFile": archive.getvalue()},
            Runtime="python3.11",
            Handler="index.handler",
            Role=ROLE,
        )["FunctionArn"]
    )


@dataclass
class World:
    """A team of two, two functions, a template, and a queue of events."""

    client: Client
    url: str
    bucket: str
    pool: str = ""
    team: str = ""
    functions: dict[str, str] = field(default_factory=dict)
    queue: str = ""

    def start(self, lines: list[dict[str, Any]], **more: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:8]}"
        content = "".join(json.dumps(line) + "\n" for line in lines)
        self.client("s3").put_object(Bucket=self.bucket, Key=f"{name}.manifest", Body=content.encode())
        self.client("sagemaker").create_labeling_job(**self.request(name, **more))
        wait_for(lambda: self.describe(name)["LabelingJobStatus"] != "Initializing")
        return name

    def request(self, name: str, *, workers: int = 1, template: str = "template.html", **task: Any) -> dict[str, Any]:
        return {
            "LabelingJobName": name,
            "LabelAttributeName": "labels",
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{self.bucket}/{name}.manifest"}}},
            "OutputConfig": {"S3OutputPath": f"s3://{self.bucket}/out/"},
            "RoleArn": ROLE,
            "HumanTaskConfig": {
                "WorkteamArn": self.team,
                "UiConfig": {"UiTemplateS3Uri": f"s3://{self.bucket}/{template}"},
                "PreHumanTaskLambdaArn": self.functions["before"],
                "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": self.functions["after"]},
                "TaskTitle": "Label",
                "TaskDescription": "Label",
                "NumberOfHumanWorkersPerDataObject": workers,
                "TaskTimeLimitInSeconds": 3600,
                **task,
            },
        }

    def describe(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("sagemaker").describe_labeling_job(LabelingJobName=name)
        return found

    def ended(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = wait_for(
            lambda: (job := self.describe(name))["LabelingJobStatus"] in ("Completed", "Failed", "Stopped") and job
        )
        return found

    def call(self, name: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/emulator/labeling-jobs/{name}/{path}", data=data)
        with urllib.request.urlopen(request) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def submit(self, name: str, user: str, answer: str) -> str | None:
        task = self.call(name, f"next?worker={user}")
        if task is None:
            return None
        self.call(name, f"tasks/{task['task']}/submit", {"worker": user, "fields": {"answer": answer}})
        return str(task["task"])

    def output(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read(f"out/{name}/manifests/output/output.manifest").splitlines()]

    def read(self, key: str) -> str:
        return str(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]


def lines(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"source-ref": f"s3://pictures/{number}.png", "part": number, **more} for number in range(count)]


def labelling_world(account: lifetime.Running, client: Client, bucket: str) -> Iterator[World]:
    """The world over `bucket`; its team is gone afterwards."""
    made = World(client, account.url, bucket)
    cognito, sagemaker = client("cognito-idp"), client("sagemaker")
    made.pool = cognito.create_user_pool(PoolName="workers")["UserPool"]["Id"]
    cognito.create_group(UserPoolId=made.pool, GroupName="annotator")
    for user in ("ann", "bob"):
        cognito.admin_create_user(UserPoolId=made.pool, Username=user, MessageAction="SUPPRESS")
        cognito.admin_add_user_to_group(UserPoolId=made.pool, Username=user, GroupName="annotator")
    secret = cognito.create_user_pool_client(UserPoolId=made.pool, ClientName="w", GenerateSecret=True)
    made.team = sagemaker.create_workteam(
        WorkteamName="annotators",
        Description="they label",
        MemberDefinitions=[members(made.pool, secret["UserPoolClient"]["ClientId"])],
    )["WorkteamArn"]
    made.functions = {"before": function(client, BEFORE), "after": function(client, AFTER)}
    client("s3").put_object(Bucket=bucket, Key="template.html", Body=b"<crowd-form></crowd-form>")
    made.queue = client("sqs").create_queue(QueueName="labelling-events")["QueueUrl"]
    pattern = {"source": ["aws.sagemaker"], "detail-type": [EVENT]}
    client("events").put_rule(Name="labelling-events", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:labelling-events"
    client("events").put_targets(Rule="labelling-events", Targets=[{"Id": "queue", "Arn": arn}])
    yield made
    sagemaker.delete_workteam(WorkteamName="annotators")


def members(pool: str, client_id: str, group: str = "annotator") -> dict[str, Any]:
    return {"CognitoMemberDefinition": {"UserPool": pool, "UserGroup": group, "ClientId": client_id}}
