"""Comparing answers: with each other when all are there, and with the known one where there is one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from drawing_ocr.annotation import Annotation
from drawing_ocr.labelling.agreement import PersonAgreement
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus import reach_consensus, review_task
from drawing_ocr.labelling.consensus_record import Consensus
from drawing_ocr.labelling.gold import measure
from drawing_ocr.labelling.task import Task
from shared.labelling_places import Places
from shared.labelling_state import Given, TaskState
from shared.labelling_table import Item, LabellingTable


@dataclass(frozen=True)
class Compared:
    """A task after a comparison; no consensus where somebody else had done it, or answers are missing."""

    state: TaskState
    consensus: Consensus | None = None


@dataclass(frozen=True)
class Comparison:
    """Compares the answers to one task.

    Attributes:
        table: of labelling.
        s3: client.
        bucket: of labelling.
        sure: confidence below which a region goes to a reviewer.
        clock: seconds of the epoch.
    """

    table: LabellingTable
    s3: Any
    bucket: str
    sure: float
    clock: Callable[[], float]

    def compare(self, job: str, task: str) -> Compared:
        """Moves a task on whose answers are complete; any other one stays as it is."""
        state = self.table.task(job, task).state
        if state.stage != "consolidate":
            return Compared(state)
        places = Places(job)
        answers = {person: self._answer(places, state, person, given) for person, given in state.answers.items()}
        consensus = reach_consensus(answers, sure=self.sure)
        # The objects first: who finds the task in its next stage finds them too. Written twice they are the same.
        self._write(places.consensus(task), consensus.to_json())
        if consensus.needs_review:
            known = Task.parse(self._read(places.task(task)), where=places.task(task))
            self._write(places.review(task), review_task(known, consensus, answers).to_json())
        now = int(self.clock())

        def move(known: TaskState) -> TaskState:
            if known.stage != "consolidate":
                return known  # somebody else has compared them
            return known.consolidated(needs_review=consensus.needs_review, now=now)

        moved = self.table.change(job, task, move, lambda _, after: self._counts(after, consensus))
        return Compared(moved, consensus)

    def measure(self, job: str, task: str, person: str) -> PersonAgreement:
        """Counts of one person's answer to a task whose answer is known; written once."""
        state, places = self.table.task(job, task).state, Places(job)
        given = state.answers[person]
        gold = Annotation.parse(self._read(places.known(task)), where=places.known(task))
        counts = measure(person, self._answer(places, state, person, given), gold)
        self.table.transact(
            [
                self.table.put({"pk": f"job#{job}", "sk": f"gold#{task}#{person}"}, "attribute_not_exists(pk)"),
                self.table.count_up(
                    f"job#{job}",
                    f"person#{person}",
                    {
                        "gold_tasks": 1,
                        "gold_own": counts.regions,
                        "gold_expected": counts.expected,
                        "gold_exact": counts.exact,
                    },
                ),
            ]
        )
        return counts

    def _counts(self, after: TaskState, consensus: Consensus) -> list[Item]:
        left_out = after.outcome == "skipped"
        writes = self.table.count_job(
            after.job, done=int(after.stage == "done"), skipped=int(left_out), labelled=int(not left_out)
        )
        if len(consensus.people) < 2:
            return writes  # nobody to agree with
        for person in consensus.agreement.people:
            numbers = {"own": person.regions, "expected": person.expected, "exact": person.exact}
            writes.append(self.table.count_up(f"job#{after.job}", f"person#{person.person}", numbers))
        for category in consensus.agreement.categories:
            sums = _numbers(category.model_dump(exclude={"category"}))
            if any(sums.values()):
                writes.append(self.table.count_up(f"job#{after.job}", f"category#{category.category}", sums))
        return writes

    def _answer(self, places: Places, state: TaskState, person: str, given: Given) -> Answer:
        key = places.answer(state.task, person)
        # The version that was taken: a second answer of the same person at the same moment may lie over it.
        version = {"VersionId": given.version_id} if given.version_id else {}
        content = self.s3.get_object(Bucket=self.bucket, Key=key, **version)["Body"].read()
        return Answer.parse(content, where=key)

    def _read(self, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def _write(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="application/json")


def _numbers(sums: Mapping[str, float]) -> dict[str, Decimal]:
    # DynamoDB takes no binary fractions, and six decimals of a coincidence are more than anybody reads.
    return {name: round(Decimal(str(value)), 6) for name, value in sums.items()}
