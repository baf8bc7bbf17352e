"""The life of one labelling task: who holds it, who has answered, what comes next. No clock and no AWS in here."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.refusal import Refused

Stage = Literal["label", "consolidate", "review", "done"]
Outcome = Literal["", "labelled", "skipped", "reviewed"]
Status = Literal["labelled", "skipped"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Lease(_Part):
    """One seat at a task: its token, and the second of the epoch from which on somebody else may take it."""

    token: str
    expires: int


class Given(_Part):
    """An answer that was taken: which version of the object in S3 it is, and the SHA-256 of its text."""

    version_id: str
    digest: str
    status: Status


class TaskState(_Part):
    """One task. Each transition gives a new state; whoever stores it must find the old one unchanged.

    A holder whose time is over keeps the seat until somebody wants it: work is not thrown away for a coffee break.

    Attributes:
        job, task: which one.
        order: its place among the tasks of the job.
        gold: whether the answer is known; everybody may give one, and it is never done.
        wanted: how many people label it.
        stage: people label it, their answers are compared, a reviewer decides, or nothing is left to do.
        since: second of the epoch at which the stage began.
        holders: leases by person.
        answers: by person, of the round `label`.
        review: the reviewer's answer.
        reviewer: who that is.
        outcome: what it came to.
        reason: why it was left out.
    """

    job: str
    task: str
    order: int
    gold: bool = False
    wanted: int = 1
    stage: Stage = "label"
    since: int
    holders: dict[str, Lease] = {}
    answers: dict[str, Given] = {}
    review: Given | None = None
    reviewer: str = ""
    outcome: Outcome = ""
    reason: str = ""

    @property
    def people(self) -> frozenset[str]:
        """Who has said something about it and does not get it again."""
        return frozenset(self.answers) | ({self.reviewer} if self.reviewer else frozenset())

    @property
    def seats(self) -> int | None:
        """How many people may still hold it at the same time; None for any number."""
        if self.gold and self.stage == "label":
            return None
        return {"label": self.wanted - len(self.answers), "review": 1}.get(self.stage, 0)

    @property
    def free_at(self) -> int | None:
        """Second from which on somebody can have it: 0 for now, None for never as things are."""
        seats = self.seats
        if seats == 0:
            return None
        if seats is None or len(self.holders) < seats:
            return 0
        return min(lease.expires for lease in self.holders.values())

    def lease(self, person: str, token: str, *, now: int, expires: int) -> Self | None:
        """With `person` as a holder; None when there is no seat for them."""
        free_at = self.free_at
        if free_at is None or free_at > now or person in self.people:
            return None
        holders = {name: lease for name, lease in self.holders.items() if name != person}
        seats = self.seats
        while seats is not None and len(holders) >= seats:
            oldest = min(holders, key=lambda name: holders[name].expires)
            if holders[oldest].expires > now:
                return None
            del holders[oldest]
        return self.model_copy(update={"holders": {**holders, person: Lease(token=token, expires=expires)}})

    def held(self, person: str, token: str) -> Lease:
        """The lease of that token.

        Raises:
            Refused: it is gone.
        """
        lease = self.holders.get(person)
        if lease is None or lease.token != token:
            raise Refused(409, "lease_lost", "this task was given to somebody else meanwhile: take the next one")
        return lease

    def renew(self, person: str, token: str, *, expires: int) -> Self:
        """With a longer lease; Refused when it is gone."""
        self.held(person, token)
        return self.model_copy(
            update={"holders": {**self.holders, person: Lease(token=token, expires=expires)}},
        )

    def give_back(self, person: str, token: str) -> Self:
        """Without that lease; unchanged when it is gone already."""
        lease = self.holders.get(person)
        return self if lease is None or lease.token != token else self._without(person)

    def given(self, person: str) -> Given | None:
        """What `person` has answered."""
        return self.review if person == self.reviewer else self.answers.get(person)

    def answered(self, person: str, token: str, given: Given, *, now: int) -> Self:
        """With an answer of `person`; Refused when the lease is gone."""
        self.held(person, token)
        state = self._without(person)
        if self.stage == "review":
            outcome = "reviewed" if given.status == "labelled" else "skipped"
            return state._next("done", now, review=given, reviewer=person, outcome=outcome)
        answers = {**self.answers, person: given}
        if self.gold or len(answers) < self.wanted:
            return state.model_copy(update={"answers": answers})
        return state._next("consolidate", now, answers=answers)

    def consolidated(self, *, needs_review: bool, now: int) -> Self:
        """After the answers were compared: to a reviewer, or done."""
        if needs_review:
            return self._next("review", now)
        labelled = any(given.status == "labelled" for given in self.answers.values())
        return self._next("done", now, outcome="labelled" if labelled else "skipped")

    def vanished(self, reason: str, *, now: int) -> Self:
        """Left out, since it cannot be shown any more."""
        return self._next("done", now, outcome="skipped", reason=reason, holders={})

    def _without(self, person: str) -> Self:
        return self.model_copy(
            update={"holders": {name: lease for name, lease in self.holders.items() if name != person}}
        )

    def _next(self, stage: Stage, now: int, **more: object) -> Self:
        return self.model_copy(update={"stage": stage, "since": now, **more})
