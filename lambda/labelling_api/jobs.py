"""Jobs: what there is to do, how far it is, ordering one, and handing its labels to training."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from drawing_ocr.labelling.job import Job
from drawing_ocr.labelling.progress import Progress, category, person, progress
from labelling_api.body import OrderBody
from labelling_api.caller import Caller
from labelling_api.objects import Objects
from shared import storage
from shared.labelling_places import Places
from shared.labelling_table import Item, LabellingTable, queue_of
from shared.refusal import Refused

# Where drawings of the data bucket may be labelled from.
DRAWINGS = ("drawings/", "labels/")


@dataclass(frozen=True)
class Jobs:
    """The jobs of this environment.

    Attributes:
        table, objects: where they are.
        data_bucket: whose drawings may be labelled.
        annotators: how many people label a drawing where the order does not say.
        start: starts the workflow that prepares a job: (job).
        export_labels: starts the export of a job: (job).
        clock: seconds of the epoch.
    """

    table: LabellingTable
    objects: Objects
    data_bucket: str
    annotators: int
    start: Callable[[str], None]
    export_labels: Callable[[str], None]
    clock: Callable[[], float]

    def list(self, caller: Caller) -> list[Progress]:
        """All jobs, the most important first."""
        return [self._progress(caller, item) for item in self.table.jobs()]

    def report(self, caller: Caller, job: str) -> dict[str, Any]:
        """One job with its people and how far they agree; an annotator sees only their own line."""
        told = self._progress(caller, self.table.job(job)).model_dump(mode="json")
        people = [person(item) for item in self.table.people(job)]
        if not caller.may("reviewer"):
            people = [each for each in people if each.person == caller.person]
        agreed = [category(item) for item in self.table.categories(job)]
        return {
            **told,
            "people": [each.model_dump(mode="json") for each in people],
            "categories": [each.model_dump(mode="json") for each in agreed],
        }

    def order(self, caller: Caller, wanted: OrderBody) -> Progress:
        """A new job; the same order again changes nothing.

        Raises:
            Refused: a drawing is not ours, or the name is taken.
        """
        for drawing in wanted.drawings:
            bucket, key = storage.split_uri(drawing.uri)
            if bucket != self.data_bucket or not key.startswith(DRAWINGS) or ".." in key:
                where = " or ".join(f"s3://{self.data_bucket}/{prefix}" for prefix in DRAWINGS)
                raise Refused(403, "foreign_address", f"{drawing.uri} is no drawing of ours: upload it to {where}")
        job = Job(
            job=wanted.job,
            title=wanted.title,
            created=datetime.fromtimestamp(int(self.clock()), UTC),
            created_by=caller.name,
            annotators=wanted.annotators or self.annotators,
            priority=wanted.priority,
            drawings=wanted.drawings,
        )
        job = self._written_once(job)
        self.table.announce(job)
        self.start(job.job)
        return self._progress(caller, self.table.job(job.job))

    def export(self, caller: Caller, job: str) -> Progress:
        """Starts the export of a finished job; once is enough.

        Raises:
            Refused: there is no such job, or people are still at it.
        """
        item = self.table.job(job)
        if item["state"] == "exported":
            return self._progress(caller, item)
        if item["state"] == "preparing":
            raise Refused(409, "not_finished", f"job {job} is being prepared: wait until it is labelled")
        left = int(item.get("tasks", 0)) - int(item.get("done", 0))
        if left:
            raise Refused(
                409, "not_finished", f"{left} tasks of job {job} are not finished: label or review them first"
            )
        self.table.update_job(job, Attr("state").eq("open"), state="exporting")
        self.export_labels(job)  # also when it is exporting already: the one who ordered it may have died before
        return self._progress(caller, self.table.job(job))

    def _written_once(self, job: Job) -> Job:
        key = Places(job.job).order
        try:
            self.objects.s3.put_object(
                Bucket=self.objects.bucket,
                Key=key,
                Body=job.to_json().encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
        known = Job.parse(json.dumps(self.objects.json(key)), where=key)
        same = ("title", "drawings", "annotators", "priority")
        if any(getattr(known, name) != getattr(job, name) for name in same):
            raise Refused(409, "job_exists", f"there is a job {job.job} already: choose another name")
        return known

    def _progress(self, caller: Caller, item: Item) -> Progress:
        job, now = item["sk"], int(self.clock())
        own = self.table.person(job, caller.person) or {}
        to_label = to_review = 0
        if item["state"] == "open":
            to_label = self._to_do(caller, job, "label", now)
            to_review = self._to_do(caller, job, "review", now) if caller.may("reviewer") else 0
        return progress(item, mine=int(own.get("tasks", 0)), to_label=to_label, to_review=to_review)

    def _to_do(self, caller: Caller, job: str, stage: str, now: int) -> int:
        """How many tasks leases would give the caller one after the other."""
        queue = f"{job}#{stage}"
        held = [lease for lease in self.table.leases(caller.person) if (lease["job"], lease["stage"]) == (job, stage)]
        return self.table.count(queue, caller.person, now=now) + sum(
            self._comes_back(caller, job, lease["task"], queue, now) for lease in held
        )

    def _comes_back(self, caller: Caller, job: str, task: str, queue: str, now: int) -> bool:
        """Whether the caller holds a task that the queue would not give: after a crash they have it again."""
        try:
            state = self.table.task(job, task).state
        except Refused:
            return False
        waits = queue_of(state) == queue and (state.free_at or 0) <= now
        return caller.person in state.holders and not waits
