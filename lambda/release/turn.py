"""Whose turn it is among the orders that wait, and which of them a later one has overtaken.

Away from a version that must not serve comes first: it is what a person on call does. Then the newest decision: the
older ones that wait are superseded by it. A rejection supersedes nothing: an approval that waits comes after it.
"""

from collections.abc import Iterable

from release.entry import Entry
from release.lock import Busy

AWAY = ("rollback", "rejection")
CHOICES = ("deploy", "rollback", "approval")  # these say what shall serve from now on
RELEASED = ("IN_PROGRESS", "SUCCEEDED")
NOT_TRIED = ("UNNEEDED", "REFUSED")


def await_turn(mine: Entry, entries: Iterable[Entry], live: int | None) -> None:
    """Raises Busy where another waiting order comes before `mine`."""
    others = [entry for entry in entries if entry.status == "QUEUED" and entry.deployment != mine.deployment]
    first = max(others, key=lambda entry: _rank(entry, live), default=None)
    if first is not None and _rank(first, live) > _rank(mine, live):
        raise Busy(f"deployment {first.deployment} comes first; this one waits for it")


def silent(entries: Iterable[Entry], mine: Entry | None, before: float) -> list[Entry]:
    """Waiting orders that were not heard of since `before` (seconds since 1970): their workflows are gone."""
    return [
        entry
        for entry in entries
        if entry.status == "QUEUED"
        and float(entry.seen or 0) < before
        and (mine is None or entry.deployment != mine.deployment)
    ]


def overtaken(mine: Entry, entries: Iterable[Entry]) -> list[Entry]:
    """The waiting orders that `mine` makes needless."""
    if mine.action not in CHOICES:
        return []
    return [
        entry for entry in entries if entry.status == "QUEUED" and entry.action in CHOICES and _age(entry) < _age(mine)
    ]


def newer_choice(mine: Entry, entries: Iterable[Entry]) -> Entry | None:
    """What a person decided after the decision that `mine` is about, where that was followed already.

    For events only: an order is given at the moment at which it comes.
    """
    for entry in entries:
        if entry.action in CHOICES and entry.status in RELEASED and _age(entry) > _age(mine):
            return entry
    return None


def same_decision(mine: Entry, entries: Iterable[Entry]) -> Entry | None:
    """The entry that dealt with the approval that `mine` tells of; None where it is news.

    Whatever tried the version after the decision has dealt with it: the same event told again and again, after a
    rollback too, starts nothing. A second approval is decided later than the first try.
    """
    for entry in entries:
        dealt = entry.status not in NOT_TRIED and (entry.status != "QUEUED" or entry.deployment < mine.deployment)
        about_it = entry.to_version == mine.to_version and entry.started >= mine.decided
        if dealt and about_it and entry.action in CHOICES and entry.deployment != mine.deployment:
            return entry
    return None


def _rank(entry: Entry, live: int | None) -> tuple[bool, str, str]:
    return (entry.action in AWAY and entry.leaves == str(live or ""), *_age(entry))


def _age(entry: Entry) -> tuple[str, str]:
    return (entry.decided, entry.deployment)
