"""The end of a job that Ground Truth handed out, told in the labelling table as the self-hosted backend tells it.

The export and everybody who asks how far a job is look there, whichever backend asked people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from boto3.dynamodb.conditions import Attr

from drawing_ocr.labelling.job import Job
from shared.labelling_state import Given, Outcome, TaskState
from shared.labelling_table import LabellingTable

WRITTEN_AT_ONCE = 100  # of DynamoDB in one transaction
NOBODY_ANSWERED = "nobody answered in Ground Truth"
NOBODY_REVIEWED = "people do not agree, and nobody reviewed it"

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Settled:
    """What a task came to."""

    task: str
    outcome: Outcome
    reason: str = ""

    def state(self, order: Job, number: int, now: int) -> TaskState:
        """As the table keeps it."""
        status: Literal["labelled", "skipped"] = "skipped" if self.outcome == "skipped" else "labelled"
        review = Given(version_id="", digest="", status=status) if self.outcome == "reviewed" else None
        return TaskState(
            job=order.job,
            task=self.task,
            order=number,
            wanted=order.annotators,
            since=now,
            stage="done",
            review=review,
            outcome=self.outcome,
            reason=self.reason,
        )


def settled(labels: Sequence[Line], reviews: Sequence[Line]) -> Iterator[Settled]:
    """What the lines of the output manifests say of each task.

    Args:
        labels: of the round `label`.
        reviews: of the round `review`; empty where none was needed.
    """
    reviewed = {line["task"]: line.get("review") for line in reviews}
    for line in labels:
        task, label = line["task"], line.get("labels")
        if label is None:
            yield Settled(task, "skipped", NOBODY_ANSWERED)
        elif not label["needs-review"]:
            yield Settled(task, label["status"])
        elif (review := reviewed.get(task)) is None:
            yield Settled(task, "skipped", NOBODY_REVIEWED)
        else:
            yield Settled(task, "reviewed" if review["status"] == "labelled" else "skipped")


def settle(table: LabellingTable, order: Job, ends: Sequence[Settled], *, now: int) -> None:
    """Writes how every task of a job ended; what was written before stays."""
    table.announce(order)
    states = [end.state(order, number, now) for number, end in enumerate(ends)]
    for first in range(0, len(states), WRITTEN_AT_ONCE):
        writes = [table.put_task(state, None) for state in states[first : first + WRITTEN_AT_ONCE]]
        if not table.transact(writes):
            for write in writes:  # the event came twice: some are there
                table.transact([write])
    skipped = sum(end.outcome == "skipped" for end in ends)
    table.update_job(
        order.job,
        Attr("state").is_in(["preparing", "open"]),
        state="open",
        tasks=len(ends),
        done=len(ends),
        labelled=len(ends) - skipped,
        reviewed=sum(end.outcome == "reviewed" for end in ends),
        skipped=skipped,
    )
