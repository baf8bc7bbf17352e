"""What an alarm says: one line on what happened, and where the page lies that says what to do."""

from __future__ import annotations

from enum import StrEnum


class Runbook(StrEnum):
    """The pages in docs/runbooks; each explains one kind of alarm."""

    SERVER_ERRORS = "server-errors"
    LATENCY = "latency"
    NO_HEALTHY_INSTANCE = "no-healthy-instance"
    DEAD_LETTERS = "dead-letters"
    FORGOTTEN_LABELS = "forgotten-labels"
    RUN_FAILED = "run-failed"
    GATE_REFUSED = "gate-refused"
    DEPLOYMENT_ROLLED_BACK = "deployment-rolled-back"
    FUNCTION_ERRORS = "function-errors"
    ASYNCHRONOUS = "asynchronous"
    DRIFT = "drift"
    LABELLING_WAITS = "labelling-waits"
    LABELLING_STOPPED = "labelling-stopped"
    SEARCH = "search"
    SEARCH_DOMAIN = "search-domain"
    INDEX = "index"
    BUDGET = "budget"

    @property
    def path(self) -> str:
        """Of the page, from the repository's root."""
        return f"docs/runbooks/{self.value}.md"

    def describe(self, what: str) -> str:
        """An alarm's description: what happened, and the page."""
        return f"{what}. Runbook: {self.path}"
