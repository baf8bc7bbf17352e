"""What was started already, and what is being started: a DynamoDB table written by conditions only.

Items: `pk=batch sk=<key>#<version>` a batch that a run has taken; `pk=run sk=pending` the one run that is being
started; `pk=run sk=<run id>` a run that was started.
"""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from drawing_ocr.dataset.manifest import RunManifest

# TransactWriteItems takes 100 items; two are the run itself.
BATCHES_IN_ONE_RUN = 98


class Pending(BaseModel):
    """A run that was claimed and perhaps not started yet: all that is needed to start it again in the same way."""

    model_config = ConfigDict(frozen=True)

    manifest: RunManifest
    parameters: dict[str, str]
    token: str


@dataclass(frozen=True)
class State:
    """The state table."""

    dynamodb: Any
    table: str

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
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"pk": {"S": "run"}, "sk": {"S": "pending"}}, ConsistentRead=True
        )
        return Pending.model_validate_json(found["Item"]["content"]["S"]) if "Item" in found else None

    def claim(self, pending: Pending) -> bool:
        """Makes `pending` the run that is being started; False when another one is."""
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={
                    "pk": {"S": "run"},
                    "sk": {"S": "pending"},
                    "run_id": {"S": pending.manifest.run_id},
                    "content": {"S": pending.model_dump_json(by_alias=True)},
                },
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def commit(self, pending: Pending, execution_arn: str) -> None:
        """Records that the run was started. A second time, by whoever else resumed it, changes nothing."""
        run_id = pending.manifest.run_id
        writes: list[dict[str, Any]] = [
            {
                "Delete": {
                    "TableName": self.table,
                    "Key": {"pk": {"S": "run"}, "sk": {"S": "pending"}},
                    "ConditionExpression": "run_id = :run_id",
                    "ExpressionAttributeValues": {":run_id": {"S": run_id}},
                }
            },
            self._put("run", run_id, execution_arn=execution_arn, parameters=json.dumps(pending.parameters)),
        ]
        for reference in pending.manifest.manifests:
            key = reference.uri.split("/", 3)[3]
            version = reference.version_id or "null"
            writes.append(self._put("batch", f"{key}#{version}", key=key, version_id=version, run_id=run_id))
        try:
            self.dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            still = self.pending()
            if still is not None and still.manifest.run_id == run_id:
                raise

    def release(self, pending: Pending) -> None:
        """Gives the claim up, because the run cannot be started at all."""
        self.dynamodb.delete_item(
            TableName=self.table,
            Key={"pk": {"S": "run"}, "sk": {"S": "pending"}},
            ConditionExpression="run_id = :run_id",
            ExpressionAttributeValues={":run_id": {"S": pending.manifest.run_id}},
        )

    def _put(self, pk: str, sk: str, **attributes: str) -> dict[str, Any]:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": value} for name, value in attributes.items()}}
        return {"Put": {"TableName": self.table, "Item": item}}
