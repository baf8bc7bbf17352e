"""The deployment history: append-only, and every entry moves forward only.

`endpoint=<name> deployment=<ISO time>#<execution>`. No function may delete; what has ended stays as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from release.entry import OPEN, Entry, Status


@dataclass(frozen=True)
class History:
    """The history of one endpoint."""

    dynamodb: Any
    table: str
    endpoint: str
    clock: Callable[[], float]

    def add(self, entry: Entry) -> Entry:
        """Writes the entry unless it is there; gives back the one that is there."""
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={**self._key(""), **_item(entry)},
                ConditionExpression="attribute_not_exists(deployment)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return self.find(entry.deployment) or entry
        return entry

    def find(self, deployment: str) -> Entry | None:
        """The entry, as it is now."""
        found = self.dynamodb.get_item(TableName=self.table, Key=self._key(deployment), ConsistentRead=True)
        return _entry(found["Item"]) if "Item" in found else None

    def beat(self, deployment: str) -> None:
        """Says that the workflow of a waiting order is alive."""
        self._advance(deployment, ("QUEUED",), {"seen": str(int(self.clock()))})

    def begin(self, entry: Entry) -> bool:
        """The order gets its turn, with what is known of it now; False where it waits no longer."""
        known = {name: value for name, value in entry.model_dump().items() if value and name != "deployment"}
        return self._advance(entry.deployment, ("QUEUED",), known | {"status": "IN_PROGRESS", "began": self.now()})

    def close(self, entry: Entry, status: Status, message: str) -> bool:
        """Ends an open entry; the first end stands. False where it had ended."""
        now = self.now()
        began = entry.began or entry.started
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(began)).total_seconds()
        return self._advance(
            entry.deployment,
            OPEN,
            {"status": status, "message": message, "ended": now, "seconds": f"{max(0.0, seconds):.1f}"},
        )

    def newest_first(self) -> Iterator[Entry]:
        """Every order, by the time at which it came."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": self.endpoint}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(_entry, page["Items"])

    def now(self) -> str:
        """The time in the form of the table."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")

    def _advance(self, deployment: str, states: tuple[str, ...], values: dict[str, str]) -> bool:
        """Sets `values` where the entry is in one of `states`."""
        allowed = {f":from{index}": {"S": state} for index, state in enumerate(states)}
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=self._key(deployment),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression=f"#status IN ({', '.join(allowed)})",
                ExpressionAttributeNames={f"#{name}": name for name in {*values, "status"}},
                ExpressionAttributeValues={**allowed, **{f":{name}": {"S": value} for name, value in values.items()}},
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _key(self, deployment: str) -> dict[str, dict[str, str]]:
        return {"endpoint": {"S": self.endpoint}, **({"deployment": {"S": deployment}} if deployment else {})}


def _item(entry: Entry) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in entry.model_dump().items() if value}


def _entry(item: dict[str, dict[str, str]]) -> Entry:
    return Entry.model_validate({name: value["S"] for name, value in item.items()})
