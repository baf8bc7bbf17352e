"""The endpoint's lock: one workflow changes it at a time.

An item of the history table, `endpoint=lock#<name> deployment=lock`. Its lease is short and every step renews it: a
workflow that waits keeps it, one that was killed loses it soon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Busy(Exception):
    """It is not this workflow's turn; come back later."""


class LostLock(Exception):
    """Another workflow took over: this one was not heard of for longer than its lease, and must not touch anything."""


@dataclass(frozen=True)
class Lock:
    """The lock of one endpoint.

    Attributes:
        dynamodb: client.
        table: the history table.
        endpoint: its name.
        lease_seconds: how long a silent owner keeps it.
        clock: seconds since 1970.
    """

    dynamodb: Any
    table: str
    endpoint: str
    lease_seconds: int
    clock: Callable[[], float]

    def take(self, owner: str) -> None:
        """Takes the lock, or keeps it where `owner` has it already.

        Raises:
            Busy: another workflow has it and its lease has not run out.
        """
        if not self._write(owner, "attribute_not_exists(endpoint) OR #owner = :owner OR #until <= :now"):
            raise Busy(f"another release of {self.endpoint} is running; this one waits for it")

    def renew(self, owner: str) -> None:
        """Keeps the lock for another lease.

        Raises:
            LostLock: somebody else has it.
        """
        if not self._write(owner, "#owner = :owner"):
            raise LostLock(
                f"another release of {self.endpoint} took over, since this one was not heard of "
                f"for {self.lease_seconds} s"
            )

    def free(self, owner: str) -> None:
        """Gives the lock back; nothing happens where somebody else has it by now."""
        self._write("", "#owner = :owner", of=owner)

    def _write(self, owner: str, condition: str, of: str = "") -> bool:
        """Sets the owner where `condition` (on `of`, else on `owner`) holds; no owner is a lease that is over."""
        now = int(self.clock())
        until = now + self.lease_seconds if owner else 0
        values = {":owner": {"S": of or owner}, **({":now": {"N": str(now)}} if ":now" in condition else {})}
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={
                    "endpoint": {"S": f"lock#{self.endpoint}"},
                    "deployment": {"S": "lock"},
                    "owner": {"S": owner},
                    "until": {"N": str(until)},
                },
                ConditionExpression=condition,
                ExpressionAttributeNames={"#owner": "owner", **({"#until": "until"} if "#until" in condition else {})},
                ExpressionAttributeValues=values,
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
