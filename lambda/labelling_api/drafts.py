"""Drafts: what a person has done so far, kept while they work, so that a crash costs nothing."""

import hashlib
from dataclasses import dataclass
from typing import Any

from drawing_ocr.labelling.answer import AnswerError, Draft
from labelling_api.caller import Caller
from labelling_api.objects import Objects
from shared.labelling_places import Places
from shared.labelling_state import TaskState
from shared.labelling_table import LabellingTable
from shared.refusal import Refused


@dataclass(frozen=True)
class Drafts:
    """The drafts of all people."""

    table: LabellingTable
    objects: Objects

    def save(self, caller: Caller, job: str, task: str, token: str, revision: int, answer: dict[str, Any]) -> int:
        """Keeps a draft that began from `revision` and gives its own; the newest again changes nothing.

        Raises:
            Refused: the lease is gone, it is no draft, or a newer one is there, which the answer then carries.
        """
        state = self.table.task(job, task).state
        state.held(caller.person, token)
        draft = self._parse(job, task, answer)
        text = draft.to_json()
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = self.table.draft(job, task, state.stage, caller.person)
        newest = int(known["revision"]) if known else 0
        if known and known["digest"] == digest:
            return newest
        key = Places(job).draft(task, caller.person, revision + 1, digest)
        if newest == revision:
            self.objects.write(key, text)
            item = {"revision": revision + 1, "digest": digest, "key": key}
            if self.table.put_draft(job, task, state.stage, caller.person, item, began_from=revision):
                return revision + 1
        newer = self.newest(state, caller)
        raise Refused(409, "draft_conflict", "this drawing was changed in another window: merge both", draft=newer)

    def newest(self, state: TaskState, caller: Caller) -> dict[str, Any] | None:
        """The newest draft of a person with its revision; None where there is none, or it is too old to be kept."""
        item = self.table.draft(state.job, state.task, state.stage, caller.person)
        answer = self.objects.json(item["key"]) if item else None
        return {"revision": int(item["revision"]), "answer": answer} if item and answer is not None else None

    def _parse(self, job: str, task: str, answer: dict[str, Any]) -> Draft:
        try:
            draft = Draft.parse(answer, where=f"the draft of {task}")
        except AnswerError as error:
            raise Refused(400, "bad_answer", str(error)) from None
        if (draft.job, draft.task) != (job, task):
            raise Refused(400, "bad_answer", f"a draft of {draft.job}/{draft.task} was sent to {job}/{task}: reload")
        return draft
