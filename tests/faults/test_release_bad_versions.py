"""Every kind of bad version under a constant load: it goes back by itself, says why, and costs no more than promised.

The emulated account's clocks run twenty times faster: a bake of four minutes takes twelve seconds, an alarm's minute
three. What a bad version does begins after the check before traffic where it can, so that the guardrails have to act.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from tests.faults.load import ConstantLoad
from tests.faults.release_account import Releases, release_account

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(400)]

SPEED = 20
BAKE_SECONDS = 240
CANARY_PERCENT = 25
PER_SECOND = 20
# The limit lies close below what the slow version takes at least (2.4 s) and far above what a good one takes beside
# others on a busy machine.
ANSWER_SECONDS = 0.8
LATENCY_LIMIT_MS = 2300
SENDERS = 30  # of them, 20 a second, a quarter waiting 2.4 s, need 24
SETTINGS = {
    "strategy": "canary",
    "canary_percent": CANARY_PERCENT,
    "bake_seconds": BAKE_SECONDS,
    "termination_wait_seconds": 0,
    "max_execution_seconds": 3600,
    "startup_seconds": 120,
    "server_errors_per_minute": 1,
    "latency_p99_ms": LATENCY_LIMIT_MS,
}
# The canary's share of all requests in one bake period.
MOST_FAILURES = math.ceil(CANARY_PERCENT / 100 * PER_SECOND * BAKE_SECONDS / SPEED)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    folder = tmp_path_factory.mktemp("releases")
    with release_account(folder, speed=SPEED, seconds=ANSWER_SECONDS, settings=SETTINGS) as made:
        first = made.register()
        made.decide(first)
        entry = made.ended(first)
        assert entry["status"] == "SUCCEEDED", entry
        yield made


def live(releases: Releases) -> str:
    return releases.ask()


def release_under_load(releases: Releases, behaviour: str) -> tuple[dict[str, str], ConstantLoad]:
    """Approves a version of that behaviour; what the history says of it, and what clients saw."""
    releases.calm()
    releases.alerts()
    arn = releases.register(behaviour)
    with ConstantLoad(releases.ask, per_second=PER_SECOND, senders=SENDERS) as load:
        time.sleep(1)
        releases.decide(arn)
        entry = releases.ended(arn)
        time.sleep(1)
    return entry, load


def guardrails(releases: Releases) -> list[str]:
    """The alarms that the endpoint was told to go back on."""
    alarms = releases.describe()["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    return [alarm["AlarmName"] for alarm in alarms]


def expect_told(releases: Releases, why: str) -> None:
    """An alert with the reason arrives."""
    deadline, texts = time.monotonic() + 15, releases.alerts()
    while not any(why in text for text in texts) and time.monotonic() < deadline:
        time.sleep(0.5)
        texts += releases.alerts()
    assert any(why in text for text in texts), texts


def test_a_good_version_takes_over_without_a_failed_request(releases: Releases) -> None:
    before = live(releases)
    entry, load = release_under_load(releases, "good")
    assert entry["status"] == "SUCCEEDED", entry
    assert load.failures == []
    assert load.versions == {before, entry["to_version"]}
    assert live(releases) == entry["to_version"]
    applied = releases.describe()["LastDeploymentConfig"]
    policy = applied["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["CanarySize"]["Value"] == CANARY_PERCENT
    assert policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"] == BAKE_SECONDS
    assert len(applied["AutoRollbackConfiguration"]["Alarms"]) == 2


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("crashes at start", "it did not start: "),
        ("hangs in ping", "it did not start: "),
        ("answers the wrong type", "it answered with text/html, not application/json"),
    ],
)
def test_a_version_that_cannot_answer_gets_no_request_at_all(releases: Releases, behaviour: str, why: str) -> None:
    before = live(releases)
    entry, load = release_under_load(releases, behaviour)
    assert entry["status"] == "FAILED"
    assert "failed the check before traffic: " in entry["message"]
    assert why in entry["message"]
    assert load.failures == []
    assert load.versions == {before}
    assert live(releases) == before
    expect_told(releases, why)
    with pytest.raises(releases.sagemaker.exceptions.ClientError, match="Could not find"):
        releases.describe(f"{releases.endpoint}-shadow")


@pytest.mark.parametrize(
    ("behaviour", "kinds"),
    [
        ("answers 5xx for one request in five", {"ServerErrors"}),
        ("is three times slower", {"Latency"}),
        # What dies and starts again fails some requests and lets others wait: either may be noticed first.
        ("runs out of memory", {"ServerErrors", "Latency"}),
    ],
)
def test_a_version_that_gets_bad_under_traffic_goes_back_by_itself(
    releases: Releases, behaviour: str, kinds: set[str]
) -> None:
    before = live(releases)
    entry, load = release_under_load(releases, behaviour)
    assert entry["status"] == "ROLLED_BACK", entry
    assert f"v{entry['to_version']} was rolled back" in entry["message"]
    rung = [name for name in guardrails(releases) if f"alarm {name}: " in entry["message"]]
    assert any(kind in name for kind in kinds for name in rung), entry["message"]
    expect_told(releases, entry["message"][:80])
    assert live(releases) == before
    assert entry["to_version"] in load.versions, "the canary has served"
    assert len(load.failures) <= MOST_FAILURES
    if behaviour == "is three times slower":
        assert load.failures == []
        slow = [seconds for _, seconds, version in load.answers if version == entry["to_version"]]
        assert 0 < len(slow) <= MOST_FAILURES
    else:
        assert load.failures
