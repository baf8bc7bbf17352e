"""One line of the deployment history: an order, from its arrival to what became of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal[
    "QUEUED",  # it waits for its turn
    "IN_PROGRESS",
    "SUCCEEDED",
    "FAILED",
    "ROLLED_BACK",  # AWS or an alarm sent it back
    "REFUSED",  # it asked for something that must not be
    "SUPERSEDED",  # a later order took its place while it waited
    "UNNEEDED",  # what it asks for is so already
]
Action = Literal["deploy", "rollback", "approval", "rejection", "remove"]
OPEN = ("QUEUED", "IN_PROGRESS")


class Entry(BaseModel):
    """One order. All values are text, as the table keeps them; "" stands for what is not known (yet).

    Attributes:
        deployment: sort key, `<start of the workflow>#<its name>`.
        status: where it stands.
        action: what was asked for.
        decided: when the person decided; an event may come much later.
        leaves: number of the version that must not serve any longer (rollback, rejection).
        seen: seconds since 1970 when its workflow was last heard of while it waited.
        from_version, to_version: numbers; `to_version` is empty where a version is removed.
        model_package_arn: the version meant.
        run_id: of the training run that made it, the correlation id of its story.
        from_config, endpoint_config: configurations that served before and are to serve.
        deployment_config: JSON of the guardrails that the change ran under.
        metrics: JSON of what the version was measured at when it was registered.
        requested_by, reason: who and why.
        started, began, ended: when it came, got its turn, was over (ISO 8601, UTC).
        seconds: from its turn to its end.
        message: what became of it, one line.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment: str
    status: Status
    action: Action = "deploy"
    decided: str = ""
    leaves: str = ""
    seen: str = ""
    from_version: str = ""
    to_version: str = ""
    model_package_arn: str = ""
    run_id: str = ""
    from_config: str = ""
    endpoint_config: str = ""
    deployment_config: str = ""
    metrics: str = ""
    requested_by: str = ""
    reason: str = ""
    started: str
    began: str = ""
    ended: str = ""
    seconds: str = ""
    message: str = ""

    @property
    def open(self) -> bool:
        """Whether something is still to come."""
        return self.status in OPEN

    @property
    def execution(self) -> str:
        """Name of the workflow's execution that serves this order."""
        return self.deployment.partition("#")[2]
