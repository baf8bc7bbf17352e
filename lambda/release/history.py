"""The deployment history and the lock of the endpoint: one table, written by conditions only.

History: `endpoint=<name> deployment=<ISO time>#<execution>`, only ever changed by the workflow that wrote it.
Lock: `endpoint=lock#<name> deployment=lock`, with a lease, so that a killed workflow does not hold it for ever.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

IN_PROGRESS: Literal["IN_PROGRESS"] = "IN_PROGRESS"


class Busy(Exception):
    """Another workflow is changing the endpoint; come back later."""


class Entry(BaseModel):
    """One deployment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment: str
    status: Literal["IN_PROGRESS", "SUCCEEDED", "FAILED", "ROLLED_BACK"]
    from_version: str = ""
    to_version: str = ""
    model_package_arn: str = ""
    endpoint_config: str = ""
    requested_by: str = ""
    reason: str = ""
    started: str
    ended: str = ""
    message: str = ""


@dataclass(frozen=True)
class History:
    """History and lock of one endpoint."""

    dynamodb: Any
    table: str
    endpoint: str
    clock: Callable[[], float]

    def lock(self, owner: str, lease_seconds: int) -> None:
        """Takes the lock, or keeps it where `owner` has it already.

        Raises:
            Busy: another workflow has it and its lease has not run out.
        """
        now = int(self.clock())
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={**self._lock_key(), "owner": {"S": owner}, "until": {"N": str(now + lease_seconds)}},
                ConditionExpression="attribute_not_exists(endpoint) OR #owner = :owner OR #until < :now",
                ExpressionAttributeNames={"#owner": "owner", "#until": "until"},
                ExpressionAttributeValues={":owner": {"S": owner}, ":now": {"N": str(now)}},
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            raise Busy(f"another release of {self.endpoint} is running; this one waits for it") from None

    def unlock(self, owner: str) -> None:
        """Gives the lock back; nothing happens when somebody else has it by now."""
        try:
            self.dynamodb.delete_item(
                TableName=self.table,
                Key=self._lock_key(),
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":owner": {"S": owner}},
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def open(self, entry: Entry) -> None:
        """Writes the entry; a retry finds it written."""
        values = {name: {"S": value} for name, value in entry.model_dump().items() if value}
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={"endpoint": {"S": self.endpoint}, **values},
                ConditionExpression="attribute_not_exists(deployment)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def close(self, deployment: str, *, status: str, message: str) -> None:
        """Ends the entry; the first end stands."""
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"endpoint": {"S": self.endpoint}, "deployment": {"S": deployment}},
                UpdateExpression="SET #status = :status, #message = :message, #ended = :ended",
                ConditionExpression="#status = :open",
                ExpressionAttributeNames={"#status": "status", "#message": "message", "#ended": "ended"},
                ExpressionAttributeValues={
                    ":status": {"S": status},
                    ":message": {"S": message},
                    ":ended": {"S": self.now()},
                    ":open": {"S": IN_PROGRESS},
                },
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def newest_first(self) -> Iterator[Entry]:
        """Every deployment."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": self.endpoint}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield Entry.model_validate({name: value["S"] for name, value in item.items()})

    def now(self) -> str:
        """The time in the form of the table."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")

    def _lock_key(self) -> dict[str, dict[str, str]]:
        return {"endpoint": {"S": f"lock#{self.endpoint}"}, "deployment": {"S": "lock"}}
