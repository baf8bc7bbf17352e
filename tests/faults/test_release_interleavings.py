"""Approvals, rejections, deployments, rollbacks and kills at any moment, against a model of what should be.

Over the account in memory (tests/lambda_release.py): the real state machine out of the template and the real functions,
so that hypothesis may stop every workflow between any two of its steps. The same once over the emulated account is
test_release_races.py.

The model knows nothing of workflows, locks or leases. It says of each moment of rest: one version serves; it is
approved, or the last decision against it found nothing to go back to; it is the version of the newest decision that
went well; nothing is left waiting, locked or half-made; and the history tells every order.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any
from unittest import mock

import boto3
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws

from tests.lambda_registry import add_version
from tests.lambda_release import ENDPOINT, LEASE, SHADOW, ReleaseWorld
from tests.state_machine import RUNNING, Execution

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(400)]

VERSIONS = 4
OVER = ("SUCCEEDED", "FAILED", "ROLLED_BACK", "REFUSED", "SUPERSEDED", "UNNEEDED")
CREDENTIALS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
numbers = st.integers(1, VERSIONS)


class Interleavings(RuleBasedStateMachine):
    """Several people and events at once; every workflow advances a few steps whenever hypothesis says so."""

    @initialize(bad=st.sets(st.sampled_from(["3", "4"])), unfit=st.sets(st.sampled_from(["4"])))
    def open_account(self, bad: set[str], unfit: set[str]) -> None:
        """Version 1 is good and serves; some of the others are not fit to."""
        self._stack = ExitStack()
        self._stack.enter_context(mock.patch.dict(os.environ, CREDENTIALS))
        self._stack.enter_context(mock_aws(config={"core": {"reset_boto3_session": False}}))
        self.world = ReleaseWorld()
        self._stack.enter_context(mock.patch.dict(os.environ, self.world.variables()))
        self._stack.enter_context(mock.patch.object(boto3, "client", self.world.client))
        self._stack.enter_context(mock.patch("time.time", self.world.clock))
        self.world.sagemaker.bad, self.world.sagemaker.unfit = bad, unfit
        self.arns = [add_version(self.world.registry, "PendingManualApproval") for _ in range(VERSIONS)]
        self.states = dict.fromkeys(range(1, VERSIONS + 1), "PendingManualApproval")
        self.running: list[Execution] = []
        self.told: list[dict[str, str]] = []
        self.seen: dict[str, dict[str, str]] = {}
        self.decide(1, "Approved")
        self.rest()

    def teardown(self) -> None:
        if hasattr(self, "_stack"):
            self.rest()
            self._stack.close()

    # --- what people and AWS do

    @rule(number=numbers, status=st.sampled_from(["Approved", "Rejected"]))
    def decide(self, number: int, status: str) -> None:
        """Somebody decides; the registry sends its event."""
        if self.states[number] == status:
            return
        self.states[number] = status
        event = self.world.decide(self.arns[number - 1], status)
        self.told.append(event)
        self._start(event)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """EventBridge delivers an old event once more."""
        self._start(data.draw(st.sampled_from(self.told)))

    @rule(number=numbers)
    def deploy(self, number: int) -> None:
        """Somebody deploys a version by hand."""
        self._start({"target": str(number)})

    @rule()
    def roll_back(self) -> None:
        """Somebody goes back."""
        self._start({"target": "previous"})

    @precondition(lambda self: self.running)
    @rule(data=st.data(), steps=st.integers(1, 12))
    def advance(self, data: st.DataObject, steps: int) -> None:
        """One workflow gets on."""
        execution = data.draw(st.sampled_from(self.running))
        for _ in range(steps):
            if execution.status == RUNNING:
                execution.step()
        self.running = [each for each in self.running if each.status == RUNNING]

    @precondition(lambda self: self.running)
    @rule(data=st.data(), heard=st.booleans())
    def kill(self, data: st.DataObject, heard: bool) -> None:
        """A workflow is stopped between two steps; AWS's news of it comes, or gets lost."""
        execution = data.draw(st.sampled_from(self.running))
        event = self.world.kill(execution)
        self.running.remove(execution)
        if heard:
            self._start(event)

    @rule(seconds=st.sampled_from([5, LEASE + 1]))
    def pass_time(self, seconds: int) -> None:
        """Time passes; workflows that wait are heard of meanwhile, as those in AWS are."""
        for _ in range(max(1, seconds // 10)):
            self.world.pass_time(seconds=min(seconds, 10))
            for execution in list(self.running):
                if execution.status == RUNNING and execution.state in ("Plan", "Apply", "Check", "Verify", "Wait"):
                    execution.step()
        self.running = [each for each in self.running if each.status == RUNNING]

    @rule()
    def rest(self) -> None:
        """Everything comes to its end; then endpoint, history and registry agree."""
        for _ in range(400):
            if not self.running:
                break
            self.world.pass_time(seconds=5)
            for execution in list(self.running):
                execution.step()
            self.running = [each for each in self.running if each.status == RUNNING]
        assert not self.running, [(each.state, each.data) for each in self.running]
        # The news of a kill may have got lost: the next order clears up, as `recover` does.
        self.world.pass_time(seconds=LEASE + 1)
        self.world.release(action="recover", execution="nobody")
        self._expect_agreement()

    # --- what must hold

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        if not hasattr(self, "world"):
            return
        now = {row["deployment"]: row for row in self.world.history()}
        for key, row in self.seen.items():
            assert now[key] == row
        self.seen = {key: row for key, row in now.items() if row["status"] in OVER}

    @invariant()
    def one_order_at_most_is_under_way(self) -> None:
        if hasattr(self, "world"):
            assert sum(row["status"] == "IN_PROGRESS" for row in self.world.history()) <= 1

    def _start(self, order: dict[str, Any]) -> None:
        self.running.append(self.world.start(**order))

    def _expect_agreement(self) -> None:
        world, history = self.world, self.world.history()
        found = world.sagemaker.endpoints[ENDPOINT]
        assert found["status"] == "InService"
        assert list(world.sagemaker.endpoints) == [ENDPOINT], f"{SHADOW} was left behind"
        assert world.owner() == ""
        assert [row for row in history if row["status"] not in OVER] == []
        orders = [each for each in world.executions if each.data_at_start["action"] != "recover"]
        planned = [each for each in orders if "Plan" in each.entered]
        assert len(history) == len(planned), "every order that came is in the history, and nothing else is"
        # The endpoint runs what the history says was released last.
        good = [row for row in history if row["status"] == "SUCCEEDED"]
        last = max(good, key=lambda row: row["ended"])
        assert last["endpoint_config"] == found["config"]
        live = int(world.sagemaker.live())
        assert last["to_version"] == str(live)
        assert str(live) not in world.sagemaker.bad | world.sagemaker.unfit
        self._expect_no_approval_lost(history, live)
        self._expect_rejected_only_where_nothing_else_is(history, live)

    def _expect_no_approval_lost(self, history: list[dict[str, str]], live: int) -> None:
        """Each approved version serves, or the history says what became of its approval."""
        for number, state in self.states.items():
            if state != "Approved" or number == live:
                continue
            about = [row for row in history if row.get("to_version") == str(number)]
            assert about, f"the approval of v{number} was lost"
            assert all(row.get("message") for row in about)

    def _expect_rejected_only_where_nothing_else_is(self, history: list[dict[str, str]], live: int) -> None:
        """A rejected version serves on only where its rejection found no approved one to go back to, or was killed."""
        if self.states[live] != "Rejected":
            return
        about = [row for row in history if row["action"] == "rejection" and row.get("leaves") == str(live)]
        assert about
        assert about[-1]["status"] in ("REFUSED", "FAILED", "ROLLED_BACK"), about


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=32,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    # An example takes a second: the first one that fails is told as it is, with its steps.
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
