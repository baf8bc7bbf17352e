"""An emulated account in which people label: who they are, and jobs as the workflow leaves them to people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawing_ocr.labelling.job import Drawing, Job
from drawing_ocr.labelling.task import Picture, Pyramid, Task, task_id
from tests.e2e.account import Account, client, empty_account, free_port
from tests.web.world import sample

PASSWORD = "Labelling-2026"
PEOPLE = {"ana": "annotator", "ben": "annotator", "rita": "reviewer", "mira": "manager", "eve": None}
COMPARED = 90  # seconds; the first comparison starts an interpreter with arrays and polygons
PYRAMID = b"PMTiles" + bytes(1000)
PREFIX = "/drawing-platform/local/"


@contextmanager
def labelling_account(folder: Path) -> Iterator[Account]:
    """The labelling and the training stack and what they stand on; nothing is released here."""
    port = free_port()
    with empty_account(folder, port) as cdk:
        cdk.bootstrap()
        cdk("deploy", "Local/Labelling", "Local/Training", "--method=direct", "--require-approval=never")
        yield with_people(Account(port, folder / "account", names(port), cdk))


def names(port: int) -> dict[str, str]:
    """Parameters of the environment by the last part of their names."""
    pages = client("ssm", port).get_paginator("get_parameters_by_path").paginate(Path=PREFIX)
    return {item["Name"].removeprefix(PREFIX): item["Value"] for page in pages for item in page["Parameters"]}


def with_people(account: Account) -> Account:
    """The account with `PEOPLE` in its pool; nobody has put eve into a group."""
    cognito, pool = account.client("cognito-idp"), account.names["labelling-pool"]
    for name, group in PEOPLE.items():
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        if group:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    return account


class Jobs:
    """Prepares jobs as the workflow does when the machine has read their drawings."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.s3 = account.client("s3")
        self.bucket, self.data = account.names["labelling-bucket"], account.names["data-bucket"]

    def prepare(self, job: str, drawings: int = 1, annotators: int = 1, *, pictures_of: str = "") -> list[str]:
        """A job of empty sheets; with `pictures_of` its tasks name the pictures of another job."""
        uris = [f"s3://{self.data}/drawings/{job}/{number}.png" for number in range(drawings)]
        self.order(job, uris, annotators)
        tasks = [task_id(uri, None) for uri in uris]
        for uri, name in zip(uris, tasks, strict=True):
            self.put(uri, b"png")
            pyramid = f"s3://{self.bucket}/jobs/{pictures_of or job}/pyramids/{name}.pmtiles"
            self.put(pyramid, PYRAMID)
            task = Task(
                job=job,
                task=name,
                image=Picture(uri=uri, width=400, height=300),
                pyramid=Pyramid(uri=pyramid, tile=512, levels=1),
            )
            self.put(f"s3://{self.bucket}/jobs/{job}/tasks/{name}.json", task.to_json().encode())
        self.open(job)
        return tasks

    def prepare_sheet(self, job: str, folder: Path) -> None:
        """A job of one drawn sheet on which the machine has read six texts, for two people."""
        read, pyramid = sample(folder, 4, keep=6)
        uri = f"s3://{self.data}/drawings/{job}/sheet.png"
        name = task_id(uri, None)
        place = f"s3://{self.bucket}/jobs/{job}/pyramids/{name}.pmtiles"
        task = read.model_copy(
            update={
                "job": job,
                "task": name,
                "image": read.image.model_copy(update={"uri": uri}),
                "pyramid": read.pyramid.model_copy(update={"uri": place}),
            }
        )
        self.put(uri, b"png")
        self.put(place, pyramid.read_bytes())
        self.order(job, [uri], annotators=2)
        self.put(f"s3://{self.bucket}/jobs/{job}/tasks/{name}.json", task.to_json().encode())
        self.open(job)

    def order(self, job: str, uris: list[str], annotators: int) -> None:
        order = Job(
            job=job,
            title=job.title(),
            created="2026-11-21T09:00:00Z",
            created_by="test",
            annotators=annotators,
            drawings=tuple(Drawing(uri=uri) for uri in uris),
        )
        self.put(f"s3://{self.bucket}/jobs/{job}/job.json", order.to_json().encode())

    def open(self, job: str) -> None:
        functions = self.account.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        name = next(
            each["FunctionName"]
            for page in pages
            for each in page["Functions"]
            if each["Handler"] == "open_labelling_job.handler.handle"
        )
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"job": job}).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    def put(self, uri: str, content: bytes) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=content)

    def read(self, uri: str) -> Any:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def gone(self, key: str) -> None:
        """Somebody has deleted an object of the labelling bucket."""
        self.s3.delete_object(Bucket=self.bucket, Key=key)
