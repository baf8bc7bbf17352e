"""What was trained on, and the run that is just being started, in one table by conditional writes.

Items: `run/claim` is the run being started and who holds it until when; `manifest/<uri>` says which run learned from a
batch; `run/last` is the run started last.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from shared.errors import PlatformError, error_code

# Longer than the function may run (two minutes), so that a holder that is still there is never disturbed.
LEASE_SECONDS = 180
CLAIM = {"pk": {"S": "run"}, "sk": {"S": "claim"}}
LAST = {"pk": {"S": "run"}, "sk": {"S": "last"}}
WRITE_AT_ONCE = 25  # BatchWriteItem


class LeaseLost(PlatformError):
    """Another invocation took over; what this one did is safe to repeat."""


class Run(BaseModel):
    """A run that is decided: everything that starting it needs, so that anybody can go on with it."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    created: datetime
    manifests: tuple[ManifestReference, ...]
    reason: str
    parameters: dict[str, str]

    def manifest(self) -> RunManifest:
        """Its `run.json`."""
        return RunManifest(run_id=self.run_id, created=self.created, manifests=self.manifests, reason=self.reason)


@dataclass(frozen=True)
class Claimed:
    """The lease is ours; `unfinished` is a run that another invocation decided and did not bring to its end."""

    unfinished: Run | None


class State:
    """The table, as one invocation (`holder`) sees it."""

    def __init__(self, dynamodb: Any, table: str, holder: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._holder = holder

    def claim(self) -> Claimed | None:
        """Takes the lease; None while another invocation holds it."""
        now = int(time.time())
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=CLAIM,
                UpdateExpression="SET holder = :holder, lease_until = :until",
                ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now OR holder = :holder",
                ExpressionAttributeValues={
                    ":holder": {"S": self._holder},
                    ":until": {"N": str(now + LEASE_SECONDS)},
                    ":now": {"N": str(now)},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return None
            raise
        run = answer["Attributes"].get("run")
        return Claimed(Run.model_validate_json(run["S"]) if run else None)

    def decide(self, run: Run) -> None:
        """Writes the run into the lease: from now on it will be started, by us or by whoever comes after us.

        Raises:
            LeaseLost: the lease ran out.
        """
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=CLAIM,
                UpdateExpression="SET #run = :run",
                ConditionExpression="holder = :holder",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": run.model_dump_json()}, ":holder": {"S": self._holder}},
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                raise LeaseLost(f"run {run.run_id}: another invocation took over") from error
            raise

    def commit(self, run: Run, execution_arn: str) -> None:
        """Remembers what the run learns from and frees the lease. Every part may be repeated."""
        puts = [
            {"PutRequest": {"Item": {"pk": {"S": "manifest"}, "sk": {"S": item.uri}, "run_id": {"S": run.run_id}}}}
            for item in run.manifests
        ]
        for start in range(0, len(puts), WRITE_AT_ONCE):
            self._write_all(puts[start : start + WRITE_AT_ONCE])
        self._dynamodb.put_item(
            TableName=self._table,
            Item=LAST | {"run_id": {"S": run.run_id}, "execution_arn": {"S": execution_arn}},
        )
        self.release()

    def release(self) -> None:
        """Frees the lease and forgets the run in it; does nothing when the lease is another's."""
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=CLAIM,
                ConditionExpression="attribute_not_exists(holder) OR holder = :holder",
                ExpressionAttributeValues={":holder": {"S": self._holder}},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def trained_on(self) -> set[str]:
        """Addresses of all manifests that a run was started on."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :kind",
            ExpressionAttributeValues={":kind": {"S": "manifest"}},
            ProjectionExpression="sk",
            ConsistentRead=True,
        )
        return {item["sk"]["S"] for page in pages for item in page["Items"]}

    def last_execution(self) -> str | None:
        """ARN of the execution that was started last."""
        item = self._dynamodb.get_item(TableName=self._table, Key=LAST, ConsistentRead=True).get("Item")
        return item["execution_arn"]["S"] if item else None

    def _write_all(self, requests: list[dict[str, Any]]) -> None:
        pause = 0.1
        while requests:
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if requests:
                time.sleep(pause)
                pause *= 2
