"""The labelling table: one table, every question one query, every change a conditional write.

| partition         | sort key                        | what                                                        |
|-------------------|---------------------------------|-------------------------------------------------------------|
| `jobs`            | `<job>`                         | a job: what was ordered, its state, its counts              |
| `job#<job>`       | `task#<task>`                   | a task, its version, and who does not get it again          |
| `job#<job>`       | `person#<person>`               | what a person did on the job                                |
| `job#<job>`       | `category#<category>`           | sums from which the agreement of a category follows         |
| `job#<job>`       | `draft#<task>#<stage>#<person>` | newest revision of a draft, and its key in S3               |
| `person#<person>` | `lease#<job>#<stage>`           | the task that the person holds                              |

Index `queue` (`queue`, `due`) holds the tasks that somebody can have, now or when a lease ends: `<job>#label`,
`<job>#review`, `<job>#gold`; and in `consolidate` those whose answers wait to be compared. What is done is not in it.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from drawing_ocr.labelling.answer import JOB_PATTERN, TASK_PATTERN
from drawing_ocr.labelling.job import Job
from shared.labelling_state import Stage, TaskState
from shared.refusal import Refused

INDEX = "queue"
WAITING_FOR_CONSENSUS = "consolidate"
ATTEMPTS = 12  # of a change that others change at the same time
# Two writes to one item at once, or more than the table takes: the same again succeeds.
PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Item = dict[str, Any]


class Conflict(Exception):
    """Somebody else changed an item meanwhile."""


@dataclass(frozen=True)
class Stored:
    """A task as it lies in the table: its state, and the version that a write must find."""

    state: TaskState
    version: int


@dataclass(frozen=True)
class LabellingTable:
    """The table.

    Attributes:
        table: boto3's resource.
        sleep: waits for some seconds.
    """

    table: Any
    sleep: Callable[[float], None] = field(default=time.sleep)

    def task(self, job: str, task: str) -> Stored:
        """One task.

        Raises:
            Refused: there is none.
        """
        named = re.fullmatch(JOB_PATTERN, job) and re.fullmatch(TASK_PATTERN, task)
        item = self._get(f"job#{job}", f"task#{task}") if named else None
        if item is None:
            raise Refused(404, "no_such_task", f"there is no task {task} in job {job}: take the next one")
        return Stored(TaskState.model_validate_json(item["state"]), int(item["version"]))

    def job(self, job: str) -> Item:
        """One job.

        Raises:
            Refused: there is none.
        """
        item = self.find_job(job)
        if item is None:
            raise Refused(404, "no_such_job", f"there is no job {job}: see the list of jobs")
        return item

    def find_job(self, job: str) -> Item | None:
        """One job, or None."""
        return self._get("jobs", job) if re.fullmatch(JOB_PATTERN, job) else None

    def jobs(self) -> list[Item]:
        """All jobs: the most important first, then the oldest."""
        items = self._query(KeyConditionExpression=Key("pk").eq("jobs"))
        return sorted(items, key=lambda item: (-int(item["priority"]), item["created"]))

    def person(self, job: str, person: str) -> Item | None:
        """What one person did on a job."""
        return self._get(f"job#{job}", f"person#{person}")

    def people(self, job: str) -> list[Item]:
        """What everybody did on a job."""
        return list(self._below(f"job#{job}", "person#"))

    def categories(self, job: str) -> list[Item]:
        """The sums of every category."""
        return list(self._below(f"job#{job}", "category#"))

    def tasks(self, job: str) -> Iterator[TaskState]:
        """All tasks of a job, in the order of their ids."""
        for item in self._below(f"job#{job}", "task#"):
            yield TaskState.model_validate_json(item["state"])

    def leases(self, person: str) -> list[Item]:
        """The tasks that a person holds or held."""
        return list(self._below(f"person#{person}", "lease#", ConsistentRead=True))

    def draft(self, job: str, task: str, stage: Stage, person: str) -> Item | None:
        """The newest revision of a draft."""
        return self._get(f"job#{job}", f"draft#{task}#{stage}#{person}")

    def put_draft(self, job: str, task: str, stage: Stage, person: str, item: Item, *, began_from: int) -> bool:
        """Makes `item` the newest revision; False when another one than `began_from` was."""
        was = Attr("pk").not_exists() if began_from == 0 else Attr("revision").eq(began_from)
        try:
            self.table.put_item(
                Item={"pk": f"job#{job}", "sk": f"draft#{task}#{stage}#{person}", **item}, ConditionExpression=was
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def queued(self, queue: str, person: str, *, now: int) -> Iterator[str]:
        """Ids of the tasks of a queue that `person` could have now, in order; perhaps a little out of date."""
        condition = Key("queue").eq(queue) & Key("due").lt(_due(now + 1, 0))
        for item in self._query(
            IndexName=INDEX, KeyConditionExpression=condition, FilterExpression=~Attr("people").contains(person)
        ):
            yield item["sk"].removeprefix("task#")

    def count(self, queue: str, person: str, *, now: int) -> int:
        """How many tasks `queued` would give."""
        condition = Key("queue").eq(queue) & Key("due").lt(_due(now + 1, 0))
        return sum(
            page["Count"]
            for page in self._pages(
                IndexName=INDEX,
                KeyConditionExpression=condition,
                FilterExpression=~Attr("people").contains(person),
                Select="COUNT",
            )
        )

    def waiting_for_consensus(self, *, before: int) -> Iterator[tuple[str, str]]:
        """(job, task) of those whose answers were complete before that second."""
        condition = Key("queue").eq(WAITING_FOR_CONSENSUS) & Key("due").lt(_due(before, 0))
        for item in self._query(IndexName=INDEX, KeyConditionExpression=condition):
            yield item["pk"].removeprefix("job#"), item["sk"].removeprefix("task#")

    def waiting(self, queue: str) -> list[int]:
        """Since when each task of a queue is open, seconds of the epoch."""
        items = self._query(IndexName=INDEX, KeyConditionExpression=Key("queue").eq(queue))
        return [int(item["since"]) for item in items]

    def change(
        self,
        job: str,
        task: str,
        transition: Callable[[TaskState], TaskState],
        more: Callable[[TaskState, TaskState], list[Item]] = lambda _before, _after: [],
    ) -> TaskState:
        """Moves a task on, and writes what belongs to it in the same transaction.

        Args:
            job, task: which one.
            transition: the new state from the stored one; called again where somebody else was faster.
            more: further writes of the transaction, from the states before and after.

        Raises:
            Refused: by `transition`, or there is no such task.
            Conflict: others change it all the time.
        """
        for attempt in range(ATTEMPTS):
            stored = self.task(job, task)
            after = transition(stored.state)
            if after == stored.state:
                return after
            if self.transact([self.put_task(after, stored.version), *more(stored.state, after)]):
                return after
            self.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 5)))
        raise Conflict(f"{job}/{task}: changed by others {ATTEMPTS} times in a row")

    def put_task(self, state: TaskState, version: int | None) -> Item:
        """The write of a task, which must have `version`; None for a new one."""
        item = {
            "pk": f"job#{state.job}",
            "sk": f"task#{state.task}",
            "state": state.model_dump_json(),
            "version": (version or 0) + 1,
            "since": state.since,
            **_queue(state),
        }
        if state.people:
            item["people"] = set(state.people)
        if version is None:
            return self.put(item, "attribute_not_exists(pk)")
        return self.put(
            item,
            "#version = :version",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={":version": version},
        )

    def put_lease(self, person: str, sk: str, known: str | None, job: str, task: str, token: str) -> Item:
        """The write of what a person holds, in the place of the lease with the token `known`, or of none."""
        item = {"pk": f"person#{person}", "sk": sk, "job": job, "task": task, "token": token}
        item["stage"] = sk.rsplit("#", 1)[1]
        if known is None:
            return self.put(item, "attribute_not_exists(pk)")
        return self.put(
            item,
            "#token = :known",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues={":known": known},
        )

    def put(self, item: Item, condition: str, **more: Any) -> Item:
        """A conditional write for `transact`."""
        return {"Put": {"TableName": self.table.name, "Item": item, "ConditionExpression": condition, **more}}

    def count_up(self, pk: str, sk: str, names: dict[str, Any], **fixed: Any) -> Item:
        """A write for `transact` that adds numbers to an item's attributes and sets `fixed` ones."""
        adds = ", ".join(f"#{name} :{name}" for name in names)
        sets = ", ".join(f"#{name} = :{name}" for name in fixed)
        both = {**names, **fixed}
        return {
            "Update": {
                "TableName": self.table.name,
                "Key": {"pk": pk, "sk": sk},
                "UpdateExpression": f"ADD {adds}" + (f" SET {sets}" if sets else ""),
                "ExpressionAttributeNames": {f"#{name}": name for name in both},
                "ExpressionAttributeValues": {f":{name}": value for name, value in both.items()},
            }
        }

    def count_job(self, job: str, **numbers: int) -> list[Item]:
        """The writes that add to the counts of a job; none for zeros."""
        changed = {name: value for name, value in numbers.items() if value}
        return [self.count_up("jobs", job, changed)] if changed else []

    def transact(self, writes: list[Item]) -> bool:
        """All writes or none; False where a condition does not hold or others write the same items at the moment."""
        try:
            self.table.meta.client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {"None", None}
            if not reasons <= PASSING | {"ConditionalCheckFailed"}:
                raise
            return False
        return True

    def announce(self, order: Job) -> bool:
        """Puts a job into the list, as one that is being prepared; False when it is there."""
        item = {
            "pk": "jobs",
            "sk": order.job,
            "title": order.title,
            "created": order.created.isoformat().replace("+00:00", "Z"),
            "created_by": order.created_by,
            "annotators": order.annotators,
            "priority": order.priority,
            "state": "preparing",
        }
        try:
            self.table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists())
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def update_job(self, job: str, condition: Any = None, **fixed: Any) -> bool:
        """Sets attributes of a job; False where `condition` does not hold."""
        arguments = {} if condition is None else {"ConditionExpression": condition}
        try:
            self.table.update_item(
                Key={"pk": "jobs", "sk": job},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fixed),
                ExpressionAttributeNames={f"#{name}": name for name in fixed},
                ExpressionAttributeValues={f":{name}": value for name, value in fixed.items()},
                **arguments,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def forget_lease(self, person: str, job: str, stage: str, token: str) -> None:
        """Removes what `leases` says of that lease; nothing where it speaks of another one by now."""
        try:
            self.table.delete_item(
                Key={"pk": f"person#{person}", "sk": f"lease#{job}#{stage}"},
                ConditionExpression=Attr("token").eq(token),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _get(self, pk: str, sk: str) -> Item | None:
        item: Item | None = self.table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")
        return item

    def _below(self, pk: str, prefix: str, **more: Any) -> Iterator[Item]:
        return self._query(KeyConditionExpression=Key("pk").eq(pk) & Key("sk").begins_with(prefix), **more)

    def _query(self, **arguments: Any) -> Iterator[Item]:
        for page in self._pages(**arguments):
            yield from page["Items"]

    def _pages(self, **arguments: Any) -> Iterator[Item]:
        while True:
            page: Item = self.table.query(**arguments)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def queue_of(state: TaskState) -> str | None:
    """The queue in which a task waits; None for one that is done."""
    match state.stage:
        case "done":
            return None
        case "consolidate":
            return WAITING_FOR_CONSENSUS
    return f"{state.job}#{'gold' if state.gold else state.stage}"


def _queue(state: TaskState) -> Item:
    queue, free_at = queue_of(state), state.free_at
    if queue is None:
        return {}
    if queue == WAITING_FOR_CONSENSUS:
        return {"queue": queue, "due": _due(state.since, 0)}
    return {"queue": queue, "due": _due(free_at or 0, state.order)}


def _due(second: int, order: int) -> str:
    return f"{second:011d}#{order:07d}"
