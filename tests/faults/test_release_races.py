"""Approvals, rejections, rollbacks and kills over each other in the emulated account: real events and workflows.

The same as test_release_interleavings.py, once, with nothing in memory. AWS's own clocks run sixty times faster.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from tests.e2e.account import eventually
from tests.faults.load import ConstantLoad
from tests.faults.release_account import Releases, release_account

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(300)]

SETTINGS = {
    "bake_seconds": 60,
    "termination_wait_seconds": 0,
    "max_execution_seconds": 3600,
    "startup_seconds": 600,
    "server_errors_per_minute": 1000,
}
OVER = {"SUCCEEDED", "FAILED", "ROLLED_BACK", "REFUSED", "SUPERSEDED", "UNNEEDED"}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    folder = tmp_path_factory.mktemp("races")
    with release_account(folder, speed=60, seconds=0.02, settings=SETTINGS) as made:
        first = made.register()
        made.decide(first)
        assert made.ended(first)["status"] == "SUCCEEDED"
        yield made


def expect_agreement(releases: Releases) -> str:
    """Endpoint, history and registry say the same; gives back the version that answers."""
    releases.settled()
    history = releases.history()
    assert {entry["status"] for entry in history} <= OVER
    last = max((entry for entry in history if entry["status"] == "SUCCEEDED"), key=lambda entry: entry["ended"])
    found = releases.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", last["endpoint_config"])
    answered = releases.ask()
    assert answered == last["to_version"]
    return answered


def test_approvals_during_a_deployment_collapse_to_the_newest_and_no_request_fails(releases: Releases) -> None:
    arns = [releases.register() for _ in range(4)]
    with ConstantLoad(releases.ask, per_second=10, senders=2) as load:
        for arn in arns:
            releases.decide(arn)
            time.sleep(0.3)
        newest = releases.ended(arns[-1])
        live = expect_agreement(releases)
    assert (newest["status"], live) == ("SUCCEEDED", newest["to_version"])
    assert load.failures == []
    ends = [releases.ended(arn)["status"] for arn in arns]
    assert set(ends) <= {"SUCCEEDED", "SUPERSEDED"}
    assert len(ends) == len(arns), "none is lost"
    assert "SUPERSEDED" in ends


def test_a_workflow_that_is_killed_during_the_update_is_recorded_as_the_update_ended(releases: Releases) -> None:
    arn = releases.register()
    releases.decide(arn)

    def updating() -> str | None:
        running = releases.workflow.list_executions(stateMachineArn=releases.machine, statusFilter="RUNNING")
        changes = releases.describe()["EndpointStatus"] == "Updating"
        return running["executions"][0]["executionArn"] if changes and running["executions"] else None

    execution = eventually(updating, seconds=60, what="the endpoint is updated")
    releases.workflow.stop_execution(executionArn=execution, error="Killed", cause="by the test")
    entry = releases.ended(arn)
    assert (entry["status"], expect_agreement(releases)) == ("SUCCEEDED", entry["to_version"])
    assert "its workflow was stopped before it said so" in entry["message"]
    another = releases.register()
    releases.decide(another)
    assert releases.ended(another)["status"] == "SUCCEEDED"


def test_everything_at_once_ends_in_agreement(releases: Releases) -> None:
    chance = random.Random(20261121)
    arns = [releases.register() for _ in range(3)]
    states = dict.fromkeys(arns, "PendingManualApproval")
    executions: list[str] = []
    for _ in range(14):
        what = chance.choice(["decide", "decide", "decide", "previous", "deploy", "kill"])
        if what == "decide":
            arn = chance.choice(arns)
            states[arn] = "Rejected" if states[arn] == "Approved" else "Approved"
            releases.decide(arn, states[arn])
        elif what == "kill" and executions:
            releases.workflow.stop_execution(executionArn=executions.pop(), error="Killed")
        else:
            target = "previous" if what == "previous" else chance.choice(arns).rsplit("/", 1)[1]
            executions.append(releases.order(target=target))
        time.sleep(chance.uniform(0, 1.5))
    live = expect_agreement(releases)
    group = arns[0].rsplit("/", 1)[0]
    package = releases.sagemaker.describe_model_package(ModelPackageName=f"{group}/{live}")
    rejections = [
        entry for entry in releases.history() if entry["action"] == "rejection" and entry.get("leaves") == live
    ]
    assert package["ModelApprovalStatus"] == "Approved" or rejections[-1]["status"] in ("REFUSED", "FAILED")
