"""What people are told of an order that has ended."""

from collections.abc import Sequence

from release.entry import Entry

WHAT = {
    "deploy": "deployment of v{to}",
    "approval": "approval of v{to}",
    "rejection": "rejection of v{leaves}",
    "rollback": "rollback from v{leaves}",
    "remove": "removal of v{leaves}",
}


def news(endpoint: str, entry: Entry, status: str, message: str, aside: Sequence[str] = ()) -> dict[str, str]:
    """The event for the notify function: `about`, `subject`, `text`, `reason`, `run_id`."""
    what = WHAT[entry.action].format(to=entry.to_version or "?", leaves=entry.leaves or "?")
    known = {
        "before": entry.from_version and f"v{entry.from_version}",
        "ordered by": entry.requested_by,
        "reason": entry.reason,
    }
    lines = [
        f"{endpoint}: {message}",
        *(f"{name}: {value}" for name, value in known.items() if value),
        *aside,
        f"Deployment {entry.deployment}",
    ]
    return {
        "about": f"deployment {endpoint} {entry.deployment}",
        "subject": f"{endpoint}: {what} {status.lower().replace('_', ' ')}",
        "text": "\n".join(lines),
        "reason": message,
        "run_id": entry.run_id,
    }


def recovered(endpoint: str, closed: Sequence[str], execution: str) -> dict[str, str]:
    """The event for orders whose workflow was stopped: `closed` says what became of each."""
    return {
        "about": f"recovery {endpoint} {execution}",
        "subject": f"{endpoint}: a release was stopped",
        "text": "\n".join([f"{endpoint}: a release workflow was stopped", *closed]),
        "reason": "; ".join(closed),
    }
