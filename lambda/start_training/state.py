"""What was started already, and what is being started: a DynamoDB table written by conditions only.

Items: `pk=batch sk=<key>#<version>` a batch that a run has taken; `pk=run sk=pending` the one run that is being
started; `pk=run sk=last` the run that was started last; `pk=run sk=<run id>` a run that was started. Runs of the
embedder are beside them, `pk=embedder-run`.
"""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from drawing_ocr.dataset.manifest import RunManifest

# A run that is being started is one item, and DynamoDB takes 400 KB: a reference has at most 270 bytes.
BATCHES_IN_ONE_RUN = 1000
# Of BatchWriteItem.
WRITTEN_AT_ONCE = 25


class Pending(BaseModel):
    """A run that was claimed and perhaps not started yet: all that is needed to start it again in the same way."""

    model_config = ConfigDict(frozen=True)

    manifest: RunManifest
    parameters: dict[str, str]
    token: str


@dataclass(frozen=True)
class Last:
    """The run that was started last."""

    run_id: str
    execution_arn: str


@dataclass(frozen=True)
class State:
    """The state table.

    Attributes:
        dynamodb: client.
        table: its name.
        runs: partition key of the runs of one pipeline.
    """

    dynamodb: Any
    table: str
    runs: str = "run"

    def last(self) -> Last | None:
        """The run that was started last; None before the first."""
        item = self._get("last")
        return Last(item["run_id"]["S"], item["execution_arn"]["S"]) if item else None

    def taken(self) -> set[tuple[str, str]]:
        """(key, version id) of every batch that a run was started with."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "batch"}},
            ConsistentRead=True,
        )
        return {(item["key"]["S"], item["version_id"]["S"]) for page in pages for item in page["Items"]}

    def pending(self) -> Pending | None:
        """The run that was claimed and not committed."""
        item = self._get("pending")
        return Pending.model_validate_json(item["content"]["S"]) if item else None

    def claim(self, pending: Pending, after: Last | None) -> bool:
        """Makes `pending` the run that is being started.

        Args:
            pending: what was decided.
            after: what `last` said before the labels were looked at.

        Returns:
            False when another run is being started, or was since `after`: then the decision may rest on labels that
            this run has taken.
        """
        as_before: dict[str, Any] = {"TableName": self.table, "Key": self._key("last")}
        if after:
            as_before["ConditionExpression"] = "run_id = :run_id"
            as_before["ExpressionAttributeValues"] = {":run_id": {"S": after.run_id}}
        else:
            as_before["ConditionExpression"] = "attribute_not_exists(pk)"
        claimed = self._put(
            self.runs, "pending", run_id=pending.manifest.run_id, content=pending.model_dump_json(by_alias=True)
        )
        claimed["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        return self._transact([claimed, {"ConditionCheck": as_before}])

    def commit(self, pending: Pending, execution_arn: str) -> None:
        """Records that the run was started. A second time, by whoever else resumed it, changes nothing."""
        run_id = pending.manifest.run_id
        # The batches first: once the claim is gone, nobody may take them for new.
        requests = [
            {"PutRequest": {"Item": self._put("batch", f"{key}#{version}", **attributes)["Put"]["Item"]}}
            for key, version, attributes in _batches(pending)
        ]
        for first in range(0, len(requests), WRITTEN_AT_ONCE):
            self._write(requests[first : first + WRITTEN_AT_ONCE])
        self._transact(
            [
                {"Delete": self._mine(pending)},
                self._put(self.runs, run_id, execution_arn=execution_arn, parameters=json.dumps(pending.parameters)),
                self._put(self.runs, "last", run_id=run_id, execution_arn=execution_arn),
            ]
        )

    def release(self, pending: Pending) -> None:
        """Gives the claim up, because the run cannot be started at all; nothing when somebody else did."""
        self._transact([{"Delete": self._mine(pending)}])

    def _get(self, name: str) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(TableName=self.table, Key=self._key(name), ConsistentRead=True)
        item: dict[str, Any] | None = found.get("Item")
        return item

    def _key(self, name: str) -> dict[str, Any]:
        return {"pk": {"S": self.runs}, "sk": {"S": name}}

    def _mine(self, pending: Pending) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": self._key("pending"),
            "ConditionExpression": "run_id = :run_id",
            "ExpressionAttributeValues": {":run_id": {"S": pending.manifest.run_id}},
        }

    def _put(self, pk: str, sk: str, **attributes: str) -> dict[str, Any]:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": value} for name, value in attributes.items()}}
        return {"Put": {"TableName": self.table, "Item": item}}

    def _write(self, requests: list[dict[str, Any]]) -> None:
        left = {self.table: requests}
        while left:
            left = self.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]

    def _transact(self, writes: list[dict[str, Any]]) -> bool:
        """All writes or none; False when a condition does not hold."""
        try:
            self.dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if "ConditionalCheckFailed" not in reasons:
                raise  # a conflict with another transaction, or throttling: whoever comes next tries again
            return False
        return True


def _batches(pending: Pending) -> list[tuple[str, str, dict[str, str]]]:
    """Key, version id and attributes of every batch of the run, each once."""
    found = {}
    for reference in pending.manifest.manifests:
        key, version = reference.uri.split("/", 3)[3], reference.version_id or "null"
        found[key, version] = {"key": key, "version_id": version, "run_id": pending.manifest.run_id}
    return [(key, version, attributes) for (key, version), attributes in found.items()]
