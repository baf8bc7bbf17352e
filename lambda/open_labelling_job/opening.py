"""Opening a job: every prepared task becomes an item of the table, once, however often and from wherever it is done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from drawing_ocr.labelling.job import Job
from shared import storage
from shared.errors import PlatformError
from shared.labelling_places import Places
from shared.labelling_state import TaskState
from shared.labelling_table import LabellingTable

WRITTEN_AT_ONCE = 100  # of DynamoDB in one transaction


class Opened(BaseModel):
    """What people can label now; `new` are tasks that were not on offer before."""

    model_config = ConfigDict(frozen=True)

    job: str
    tasks: int
    gold: int
    new: int


@dataclass(frozen=True)
class Opening:
    """Opens jobs.

    Attributes:
        table: where tasks are put.
        s3: client.
        bucket: of labelling.
        clock: seconds of the epoch.
    """

    table: LabellingTable
    s3: Any
    bucket: str
    clock: Callable[[], float]

    def open(self, name: str) -> Opened:
        """Offers what was prepared.

        Raises:
            PlatformError: there is no such job, or nothing of it can be labelled.
        """
        places = Places(name)
        order = Job.parse(storage.read(self.s3, f"s3://{self.bucket}/{places.order}"), where=places.order)
        self.table.announce(order)
        gold = set(self._names(places.gold))
        tasks = sorted(self._names(places.tasks))
        if not tasks:
            raise PlatformError(f"job {name}: none of its drawings can be labelled; {places.root}refused.json says why")
        known = {state.task for state in self.table.tasks(name)}
        new = [self._state(order, task, number, task in gold) for number, task in enumerate(tasks) if task not in known]
        for first in range(0, len(new), WRITTEN_AT_ONCE):
            self._write(new[first : first + WRITTEN_AT_ONCE])
        counted = len([task for task in tasks if task not in gold])
        # Set, not added: a job that is opened again after a crash has as many tasks as it has. What is exported stays.
        self.table.update_job(name, Attr("state").is_in(["preparing", "open"]), state="open", tasks=counted)
        return Opened(job=name, tasks=counted, gold=len(tasks) - counted, new=len(new))

    def _state(self, order: Job, task: str, number: int, gold: bool) -> TaskState:
        return TaskState(
            job=order.job, task=task, order=number, gold=gold, wanted=order.annotators, since=int(self.clock())
        )

    def _write(self, states: list[TaskState]) -> None:
        writes = [self.table.put_task(state, None) for state in states]
        if self.table.transact(writes):
            return
        for write in writes:  # somebody else opens the same job at this moment: whatever is there stays
            self.table.transact([write])

    def _names(self, prefix: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(prefix).removesuffix(".json")
