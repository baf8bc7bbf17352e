"""One burst, one run: whatever is doubled, late, killed or done twice at once, nothing is lost or repeated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from tests.faults.burst_world import QUIET, Account, Killed, tell

pytestmark = pytest.mark.fault

EVENTS = 500
HOUR = 3600.0


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield Account(monkeypatch)


def burst(account: Account, rng: random.Random, name: str) -> list[str]:
    """Batches that arrive within a quarter of an hour, and 500 events about them; keys, sorted."""
    keys = []
    for number in range(rng.randint(5, 25)):
        keys.append(account.upload(f"{name}-{number:02d}"))
        account.clock.now += rng.uniform(0, 30)
    tell(account, rng, keys, EVENTS)
    return sorted(keys)


@pytest.mark.parametrize("seed", range(20))
def test_a_burst_is_one_run_and_all_that_came_meanwhile_is_one_more(account: Account, seed: int) -> None:
    rng = random.Random(seed)
    first = burst(account, rng, "first")
    account.pass_time(HOUR + QUIET)
    assert account.runs() == [first]

    # While it runs, a second burst: nothing starts, and every batch has its message in the queue.
    second = burst(account, rng, "second")
    account.pass_time(7 * HOUR)
    assert account.runs() == [first]
    assert {body.split('"')[-2] for body in account.queue.bodies()} == set(second)

    account.end_run()
    assert account.runs() == [first, second]
    account.pass_time(HOUR)
    account.end_run()
    account.pass_time(HOUR)
    assert account.runs() == [first, second]
    assert (account.queue.bodies(), account.queue.dead) == ([], [])


@pytest.mark.parametrize("seed", range(10))
def test_random_kills_neither_lose_nor_double_a_run(account: Account, seed: int) -> None:
    """One call in three of the function is killed before or after some call of its own to AWS."""
    rng = random.Random(1000 + seed)
    kills = 0

    def perhaps_die() -> None:
        nonlocal kills
        if rng.random() < 0.03:
            kills += 1
            raise Killed

    first = burst(account, rng, "first")
    account.at_instant = perhaps_die
    account.pass_time(6 * HOUR)
    assert account.runs() == [first]
    account.pipelines.end()  # nobody hears of it: the schedule has to find out
    second = burst(account, rng, "second")
    account.pass_time(6 * HOUR)
    assert account.runs() == [first, second]
    account.pipelines.end()
    account.pass_time(12 * HOUR)
    assert account.runs() == [first, second]
    assert not account.pending()
    assert kills > 5


def test_a_kill_at_every_single_instant_of_a_start_ends_with_that_one_run(account: Account) -> None:
    def die() -> None:
        raise Killed

    _at_every_instant_of_a_start(account, die)


def test_another_call_at_every_single_instant_of_a_start_ends_with_that_one_run(account: Account) -> None:
    """A whole second call runs between two steps of the first, decides the same and perhaps starts it before."""
    _at_every_instant_of_a_start(account, lambda: account.invoke({"source": "aws.events"}))


def _at_every_instant_of_a_start(account: Account, happens: Callable[[], object]) -> None:
    instants = _instants_of_a_start(account)
    assert instants >= 20
    for instant in range(instants):
        keys = sorted(account.upload(f"at-{instant:03d}-{number}") for number in range(3))
        account.clock.now += QUIET + 1
        left = instant

        def perhaps() -> None:
            nonlocal left
            left -= 1
            if left == -1:
                happens()

        account.at_instant = perhaps
        account.invoke({"source": "aws.events"})
        account.at_instant = lambda: None
        assert left < 0
        account.pass_time(HOUR)
        assert account.runs()[-1] == keys, f"at instant {instant}"
        assert len(account.runs()) == instant + 2, f"at instant {instant}"
        assert not account.pending()
        account.pipelines.end()
        account.clock.now += 60


def _instants_of_a_start(account: Account) -> int:
    """How many instants a call has that starts a run: before and after each of its calls to AWS."""
    for number in range(3):
        account.upload(f"counted-{number}")
    account.clock.now += QUIET + 1
    count = 0

    def one_more() -> None:
        nonlocal count
        count += 1

    account.at_instant = one_more
    answer = account.invoke({"source": "aws.events"})
    assert answer is not None
    assert answer["decision"] == "started"
    account.pipelines.end()
    account.clock.now += 60
    return count


@pytest.mark.parametrize("seed", range(10))
def test_functions_that_run_at_the_same_time_start_one_run(account: Account, seed: int) -> None:
    """At any instant of a call another one may begin and end, and within it a third; Pipelines refuses a second run."""
    rng = random.Random(2000 + seed)
    depth = others = uploads = 0

    def perhaps_another() -> None:
        nonlocal depth, others, uploads
        if depth < 2 and rng.random() < 0.06:
            depth += 1
            others += 1
            if uploads < 4 and rng.random() < 0.3:  # a few only, or there would never be silence
                uploads += 1
                account.upload(f"meanwhile-{uploads}")
            account.invoke({"source": "aws.events"})
            depth -= 1

    first = burst(account, rng, "first")
    account.at_instant = perhaps_another
    account.pass_time(5 * HOUR)
    account.at_instant = lambda: None
    assert others > 5
    learned = [key for run in account.runs() for key in run]
    assert sorted(set(learned)) == sorted(learned), "a batch was learned from twice"
    assert set(first) <= set(learned)
    assert len(account.runs()) == 1
    account.end_run()
    account.pass_time(2 * HOUR + 86_400)
    learned = [key for run in account.runs() for key in run]
    assert sorted(learned) == sorted(batch.key for batch in account.gate().labels.batches())


def test_nothing_polls_hotly_while_a_run_is_active(account: Account) -> None:
    """500 messages about 100 batches wait for hours: a look each quarter of an hour, and the schedule's."""
    rng = random.Random(7)
    for number in range(3):
        account.upload(f"first-{number}")
    account.pass_time(HOUR)
    assert len(account.runs()) == 1
    waiting = sorted(account.upload(f"waiting-{number:03d}") for number in range(EVENTS // 5))
    tell(account, rng, waiting, EVENTS)
    account.pass_time(4 * HOUR)  # until the last late event has come
    calls = account.pass_time(8 * HOUR)
    assert calls <= 8 * (4 + 2)
    assert len(account.queue.bodies()) == len(waiting)
    account.end_run()
    assert account.runs()[1:] == [waiting]


def test_the_oldest_starts_a_run_though_the_uploads_never_fall_silent(account: Account) -> None:
    for number in range(200):
        account.announce(account.upload(f"trickle-{number:03d}"))
        account.pass_time(0.9 * QUIET)
        if account.runs():
            break
    assert account.clock.now - account.started == pytest.approx(86_400, abs=QUIET)
    assert len(account.runs()) == 1
