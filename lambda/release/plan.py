"""What the workflow carries from step to step."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

# Where the workflow goes from Plan: check before traffic, straight to the endpoint, remove, tell people, end.
Step = Literal["check", "apply", "remove", "tell", "end"]


class Plan(BaseModel):
    """The workflow's state.

    Attributes:
        step: what comes after Plan.
        status: how the order ended, where it ended in Plan.
        message: one line about it.
        news: what the notify function is told then.
        execution: name of the workflow's execution, owner of the lock.
        deployment: key of the history entry.
        model_package_arn, version: what is deployed or removed.
        run_id: of the training run that made it; it stands in every log line.
        from_version: what served before, "" for nothing.
        from_config, endpoint_config: the configurations that served before and that is to serve.
        instances: machines that served before the change, None where nothing did.
        aside: what happened on the way and people must know, lines.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    step: Step
    status: str = ""
    message: str = ""
    news: dict[str, str] | None = None
    execution: str = ""
    deployment: str = ""
    model_package_arn: str = ""
    version: str = ""
    run_id: str = ""
    from_version: str = ""
    from_config: str = ""
    endpoint_config: str = ""
    instances: int | None = None
    aside: tuple[str, ...] = ()


class Verdict(BaseModel):
    """What a step found.

    Attributes:
        state: how it stands.
        message: one line.
        alarms: the guardrails that went off so far, each with its reason.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: Literal["changing", "passed", "succeeded", "rolled_back", "failed"]
    message: str
    alarms: tuple[str, ...] = ()


def verdict_of(event: dict[str, Any]) -> Verdict | None:
    """What the last step that gave one found."""
    answer = (event.get("verdict") or {}).get("answer")
    return Verdict.model_validate(answer) if answer else None
