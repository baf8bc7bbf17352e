"""Taking an answer: checked against its task, kept once, and the next thing is started."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drawing_ocr.labelling.answer import Answer, AnswerError
from drawing_ocr.labelling.task import Task
from labelling_api.caller import Caller
from labelling_api.objects import Objects
from shared.labelling_places import Places
from shared.labelling_state import Given, TaskState
from shared.labelling_table import Item, LabellingTable
from shared.refusal import Refused


@dataclass(frozen=True)
class Answers:
    """Takes what people hand in.

    Attributes:
        table, objects: where it is kept.
        compare: starts the comparison of the answers of a task: (job, task).
        measure: starts the comparison of an answer with the known one: (job, task, person).
        clock: seconds of the epoch.
    """

    table: LabellingTable
    objects: Objects
    compare: Callable[[str, str], None]
    measure: Callable[[str, str, str], None]
    clock: Callable[[], float]

    def submit(self, caller: Caller, job: str, task: str, token: str, content: dict[str, Any]) -> Answer:
        """Takes an answer and gives it back as it is kept; the same one again changes nothing.

        Raises:
            Refused: the lease is gone, this person has answered otherwise, or it is no answer to this task.
        """
        state = self.table.task(job, task).state
        answer = self._parse(state, content)
        text = answer.to_json()
        digest = hashlib.sha256(text.encode()).hexdigest()
        given = state.given(caller.person)
        if given is None:
            state.held(caller.person, token)
            places = Places(job)
            key = places.reviewed(task) if state.stage == "review" else places.answer(task, caller.person)
            given = Given(version_id=self.objects.write(key, text), digest=digest, status=answer.status)
            state = self._keep(caller, state, token, answer, given)
        self._refuse_another(state, caller, digest)
        # Also after the same answer again: whoever took it the first time may have died before this line.
        if state.stage == "consolidate":
            self.compare(job, task)
        if state.gold:
            self.measure(job, task, caller.person)
        return answer

    def _keep(self, caller: Caller, seen: TaskState, token: str, answer: Answer, given: Given) -> TaskState:
        now = int(self.clock())

        def take(state: TaskState) -> TaskState:
            if state.given(caller.person) is not None:
                return state  # in another tab, at this moment
            if state.stage != seen.stage:
                raise Refused(409, "lease_lost", "this task has gone on meanwhile: take the next one")
            return state.answered(caller.person, token, given, now=now)

        state = self.table.change(
            seen.job, seen.task, take, lambda before, after: self._counts(caller, answer, before, after)
        )
        self.table.forget_lease(caller.person, seen.job, seen.stage, token)
        return state

    def _counts(self, caller: Caller, answer: Answer, before: TaskState, after: TaskState) -> list[Item]:
        numbers = {
            "tasks": 1,
            "skipped": int(answer.status == "skipped"),
            "regions": len(answer.regions),
            "keystrokes": answer.keystrokes,
            "clicks": answer.clicks,
            "milliseconds": round(answer.seconds * 1000),
        }
        own = self.table.count_up(f"job#{after.job}", f"person#{caller.person}", numbers, name=caller.name)
        if before.stage != "review":
            return [own]
        skipped = int(answer.status == "skipped")
        return [own, *self.table.count_job(after.job, done=1, reviewed=1 - skipped, skipped=skipped, labelled=-skipped)]

    def _parse(self, state: TaskState, content: dict[str, Any]) -> Answer:
        try:
            # As text: a number that Python would take and JSON does not know is refused with all others.
            answer = Answer.parse(json.dumps(content, ensure_ascii=False), where=f"the answer to {state.task}")
            self._task(state).check(answer)
        except AnswerError as error:
            raise Refused(400, "bad_answer", str(error)) from None
        return answer

    def _task(self, state: TaskState) -> Task:
        key = Places(state.job).task(state.task)
        document = self.objects.json(key)
        if document is None:
            raise Refused(410, "task_gone", f"task {state.task} is not there any more: take the next one")
        return Task.parse(document, where=key)

    def _refuse_another(self, state: TaskState, caller: Caller, digest: str) -> None:
        given = state.given(caller.person)
        if given is None or given.digest != digest:
            raise Refused(409, "already_answered", "you have answered this task otherwise before: that answer stays")
