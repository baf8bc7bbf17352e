"""Brings the asynchronous endpoint to the version that serves in real time, whatever brought that one there.

An endpoint came to rest: that is the event, of either endpoint. It is never believed, only taken as the occasion to
compare the two; so it may come late, twice, in any order, or be lost (an hourly call does the same).
"""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from follow_release.endpoint import CHANGING, AsynchronousEndpoint
from follow_release.scaling import scale
from follow_release.settings import Settings
from shared.errors import PlatformError

logger = Logger()
tracer = Tracer()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, str]:
    """Compares the endpoints and starts the change that is due.

    Args:
        event: EventBridge's "SageMaker Endpoint State Change", or a scheduled one.

    Returns:
        `did`: nothing, waits, creates, updates or follows; `config`: the configuration that is wanted.

    Raises:
        PlatformError: the endpoint cannot follow; the next release, or the next call of Lambda's own, tries again.
    """
    settings = Settings.read().parsed
    endpoint = AsynchronousEndpoint(boto3.client("sagemaker"), settings)
    told_by_leader = event.get("detail", {}).get("EndpointName") == settings.leader
    served = endpoint.leader()
    if served is None:
        return _did("nothing", "")
    wanted, state = endpoint.config_name(served), endpoint.state()
    if state is None:
        endpoint.move_to(wanted, served, exists=False)
        return _did("creates", wanted)
    if state.status in CHANGING:
        return _did("waits", wanted)
    if state.status == "Failed":
        if told_by_leader:
            endpoint.delete()  # an endpoint whose creation failed takes no update; Lambda's next try makes it anew
        raise PlatformError(f"endpoint {settings.endpoint_name} failed: see its log; the next release makes it anew")
    if state.config == wanted:
        scale(boto3.client("application-autoscaling"), boto3.client("cloudwatch"), settings)
        endpoint.remove_others(wanted)
        return _did("follows", wanted)
    if endpoint.was_tried(wanted) and not told_by_leader:
        # Its update was rolled back. Without this the event of that rollback would start it again, for ever.
        raise PlatformError(
            f"endpoint {settings.endpoint_name} did not take v{served.version} and serves {state.config}: "
            "see its log; the next release tries again"
        )
    endpoint.move_to(wanted, served, exists=True)
    return _did("updates", wanted)


def _did(what: str, config: str) -> dict[str, str]:
    logger.info(what, extra={"config": config})
    return {"did": what, "config": config}
