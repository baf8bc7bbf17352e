"""The desk at which people get tasks and bring them back."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from labelling_api.caller import Caller
from labelling_api.drafts import Drafts
from labelling_api.objects import Objects
from shared.labelling_places import Places
from shared.labelling_state import Lease, TaskState
from shared.labelling_table import Item, LabellingTable
from shared.refusal import Refused

Round = Literal["label", "review"]
TABS = 5  # attempts when another tab of the same person takes a task at the same moment


class _Taken(Exception):
    """Somebody else got this task first."""


class _OtherTab(Exception):
    """The same person got a task in another tab meanwhile."""


@dataclass(frozen=True)
class Desk:
    """Gives out tasks of the open jobs.

    Attributes:
        table, objects, drafts: what is lent.
        lease_seconds: how long a task is kept for somebody who does not touch it.
        gold_share: share of the tasks of a person whose answer is known.
        clock: seconds of the epoch.
    """

    table: LabellingTable
    objects: Objects
    drafts: Drafts
    lease_seconds: int
    gold_share: float
    clock: Callable[[], float]

    def lease(self, caller: Caller, job: str | None, wanted: Round | None) -> dict[str, Any] | None:
        """A task for that person: the one that they hold, or the next one; None when there is none.

        Raises:
            Refused: there is no such job, or it is not theirs to do.
        """
        if wanted == "review":
            caller.require("reviewer")
        rounds: tuple[Round, ...] = (
            (wanted,) if wanted else ("review", "label") if caller.may("reviewer") else ("label",)
        )
        jobs = [self.table.job(job)] if job else self.table.jobs()
        for _ in range(TABS):
            held = {item["sk"]: item for item in self.table.leases(caller.person)}
            try:
                return self._again(caller, held, job, rounds) or self._next(caller, held, jobs, rounds)
            except _OtherTab:
                continue
        raise Refused(409, "busy", "other tabs of yours take tasks at this moment: use one of them")

    def open(self, caller: Caller, job: str, task: str) -> dict[str, Any]:
        """The task that the person holds; Refused where they do not."""
        state = self.table.task(job, task).state
        lease = state.holders.get(caller.person)
        if lease is None:
            raise Refused(403, "not_yours", f"you do not hold task {task}: take the next one")
        work = self._work(caller, state, lease)
        if work is None:
            raise Refused(
                410, "image_gone", f"task {task} cannot be shown any more and was left out: take the next one"
            )
        return work

    def renew(self, caller: Caller, job: str, task: str, token: str) -> dict[str, Any]:
        """A longer lease, and a fresh address of the picture."""
        expires = self._now() + self.lease_seconds
        state = self.table.change(job, task, lambda state: state.renew(caller.person, token, expires=expires))
        key = self._picture(state, self._document(state))
        return {"lease": _lease(state.holders[caller.person]), **self._address(key)}

    def give_back(self, caller: Caller, job: str, task: str, token: str) -> None:
        """Frees the task for others; nothing where it is free already."""
        before = self.table.task(job, task).state
        self.table.change(job, task, lambda state: state.give_back(caller.person, token))
        self.table.forget_lease(caller.person, job, before.stage, token)

    def _again(
        self, caller: Caller, held: Mapping[str, Item], job: str | None, rounds: tuple[Round, ...]
    ) -> dict[str, Any] | None:
        """What the person holds already: after a crash, or in another tab."""
        for item in held.values():
            if item["stage"] not in rounds or (job and item["job"] != job):
                continue
            try:
                work = self._extend(caller, item)
            except Refused:
                continue  # somebody else has it, or it was answered
            if work is not None:
                return work
        return None

    def _next(
        self, caller: Caller, held: Mapping[str, Item], jobs: Sequence[Item], rounds: tuple[Round, ...]
    ) -> dict[str, Any] | None:
        for each in jobs:
            if each["state"] != "open":
                continue
            for stage in rounds:
                for task in self._candidates(caller, each["sk"], stage):
                    work = self._take(caller, held, each["sk"], task)
                    if work is not None:
                        return work
        return None

    def _extend(self, caller: Caller, item: Item) -> dict[str, Any] | None:
        token, expires = item["token"], self._now() + self.lease_seconds
        renewed = self.table.change(
            item["job"], item["task"], lambda state: state.renew(caller.person, token, expires=expires)
        )
        return self._work(caller, renewed, renewed.holders[caller.person])

    def _candidates(self, caller: Caller, job: str, stage: Round) -> Iterator[str]:
        queues = [f"{job}#{stage}"]
        if stage == "label" and self._gold_is_next(caller, job):
            queues.insert(0, f"{job}#gold")
        for queue in queues:
            yield from self.table.queued(queue, caller.person, now=self._now())

    def _gold_is_next(self, caller: Caller, job: str) -> bool:
        # By the person and how many they have done, so that asking again changes nothing and nobody can tell.
        done = (self.table.person(job, caller.person) or {}).get("tasks", 0)
        digest = hashlib.sha256(f"{job}/{caller.person}/{done}".encode()).digest()
        return int.from_bytes(digest[:4]) < self.gold_share * 2**32

    def _take(self, caller: Caller, held: Mapping[str, Item], job: str, task: str) -> dict[str, Any] | None:
        token, now = secrets.token_urlsafe(16), self._now()

        def lease(state: TaskState) -> TaskState:
            leased = state.lease(caller.person, token, now=now, expires=now + self.lease_seconds)
            if leased is None:
                raise _Taken
            return leased

        def remember(before: TaskState, _: TaskState) -> list[Item]:
            sk = f"lease#{job}#{before.stage}"
            known = held.get(sk)
            now_known = {item["sk"]: item["token"] for item in self.table.leases(caller.person)}
            if now_known.get(sk) != (known["token"] if known else None):
                raise _OtherTab
            return [self.table.put_lease(caller.person, sk, known["token"] if known else None, job, task, token)]

        try:
            state = self.table.change(job, task, lease, remember)
        except _Taken:
            return None
        return self._work(caller, state, state.holders[caller.person])

    def _work(self, caller: Caller, state: TaskState, lease: Lease) -> dict[str, Any] | None:
        """What a person gets; None when the picture vanished, which takes the task out of the queue."""
        try:
            document = self._document(state)
            key = self._picture(state, document)
        except Refused as refusal:
            self._leave_out(state, str(refusal))
            return None
        return {
            "task": document,
            "lease": _lease(lease),
            "draft": self.drafts.newest(state, caller),
            **self._address(key),
        }

    def _document(self, state: TaskState) -> Any:
        places = Places(state.job)
        key = places.review(state.task) if state.stage == "review" else places.task(state.task)
        document = self.objects.json(key)
        if document is None:
            raise Refused(410, "task_gone", f"task {state.task} is not there any more: take the next one")
        return document

    def _picture(self, state: TaskState, document: Any) -> str:
        key = self.objects.pyramid_key(state.job, document["pyramid"]["uri"])
        if not self.objects.is_there(key):
            raise Refused(
                410, "image_gone", f"the picture of task {state.task} is not there any more: take the next one"
            )
        return key

    def _leave_out(self, state: TaskState, reason: str) -> None:
        def count(before: TaskState, after: TaskState) -> list[Item]:
            if after.gold:
                return []
            return self.table.count_job(after.job, done=1, skipped=1, labelled=-1 if before.stage == "review" else 0)

        self.table.change(
            state.job,
            state.task,
            lambda known: known if known.stage == "done" else known.vanished(reason, now=self._now()),
            count,
        )

    def _address(self, key: str) -> dict[str, str]:
        return {
            "pyramid_url": self.objects.sign(key),
            "expires": _time(self._now() + self.objects.url_seconds),
        }

    def _now(self) -> int:
        return int(self.clock())


def _lease(lease: Lease) -> dict[str, str]:
    return {"token": lease.token, "expires": _time(lease.expires)}


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")
