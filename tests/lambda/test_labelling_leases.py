"""Whatever people do in whatever order: nobody gets a task twice, none is lost, and each has its answers in the end."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws

from shared.labelling_state import TaskState
from tests.lambda_labelling import LEASE_SECONDS, Visitor, World, api

PEOPLE = ("ana", "ben", "carl", "dora")
CREDENTIALS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
person = st.sampled_from(PEOPLE)


@pytest.fixture(autouse=True)
def account() -> None:
    """Each run of the machine below has an account of its own, instead of one for all."""


class Leases(RuleBasedStateMachine):
    """Four people, three drawings, and a model of what each has answered."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.annotators = 0
        self.tasks: list[str] = []
        self.work: dict[str, dict[str, Any]] = {}  # what each believes to hold
        self.answered: set[tuple[str, str]] = set()  # (person, task)

    @initialize(annotators=st.integers(1, 3))
    def prepare(self, annotators: int) -> None:
        self.closing.enter_context(mock.patch.dict(os.environ, CREDENTIALS))
        self.closing.enter_context(mock_aws(config={"core": {"reset_boto3_session": False}}))
        self.world = self.closing.enter_context(api(World()))
        self.people = {name: Visitor(self.world, name) for name in PEOPLE}
        self.annotators = annotators
        self.tasks = self.world.prepare(drawings=3, annotators=annotators)
        self.world.open()

    def states(self) -> list[TaskState]:
        return list(self.world.table.tasks("gears"))

    @rule(name=person)
    def asks_for_a_task(self, name: str) -> None:
        work = self.people[name].lease()
        if work is None:
            free = [state for state in self.states() if state.free_at is not None and state.free_at <= self.world.clock]
            assert all(f"sub-{name}" in state.people for state in free)
            return
        assert (name, work["task"]["task"]) not in self.answered
        self.work[name] = work

    @rule(name=person)
    def hands_in(self, name: str) -> None:
        if name not in self.work:
            return
        work = self.work.pop(name)
        task = work["task"]["task"]
        answer = self.people[name].submit(work)
        if answer.status == 200:
            self.answered.add((name, task))
        else:
            assert answer.code == "lease_lost"
            assert (name, task) not in self.answered

    @rule(name=person)
    def hands_in_twice(self, name: str) -> None:
        if name not in self.work:
            return
        work = self.work[name]
        self.hands_in(name)
        again = self.people[name].submit(work)
        assert (again.status == 200) == ((name, work["task"]["task"]) in self.answered)

    @rule(name=person)
    def gives_back(self, name: str) -> None:
        if name in self.work:
            assert self.people[name].on(self.work.pop(name), "return").status == 200

    @rule(name=person)
    def forgets(self, name: str) -> None:
        self.work.pop(name, None)

    @rule(seconds=st.sampled_from([1, LEASE_SECONDS // 2, LEASE_SECONDS + 1]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock += seconds

    @precondition(lambda self: self.world.calls)
    @rule()
    def answers_are_compared(self) -> None:
        self.world.carry_out()

    @invariant()
    def no_task_has_more_people_than_it_wants(self) -> None:
        for state in self.states():
            assert len(state.answers) + len(state.holders) <= self.annotators
            assert set(state.answers) == {f"sub-{name}" for name, task in self.answered if task == state.task}

    def teardown(self) -> None:
        with self.closing:
            if self.tasks:
                self.people_work_on_until_nothing_is_left()

    def people_work_on_until_nothing_is_left(self) -> None:
        self.world.clock += LEASE_SECONDS + 1
        for visitor in self.people.values():
            while (work := visitor.lease()) is not None:
                assert visitor.submit(work).status == 200
        self.world.carry_out()
        assert sorted(state.task for state in self.states()) == sorted(self.tasks)
        assert all(state.stage == "done" for state in self.states())
        assert all(len(state.answers) == self.annotators for state in self.states())
        told = self.people["ana"].ask("GET", "/jobs/gears").body
        assert (told["tasks"], told["labelled"], told["to_label"]) == (3, 3, 0)


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=6, stateful_step_count=16, deadline=None)
