"""Answers to CloudFormation of the functions behind our custom resources."""

import json
import logging
import urllib.request
from collections.abc import Callable
from typing import Any

_TIMEOUT_SECONDS = 30

logger = logging.getLogger(__name__)

Event = dict[str, Any]


def answer(event: Event, *, name: str, log_stream: str, work: Callable[[Event], dict[str, str]]) -> str:
    """Does the work and answers, whatever happens: a stack would wait for hours otherwise.

    Args:
        event: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
        name: ends the physical id, which stays the same over updates.
        log_stream: named in the reason of a failure.
        work: gives the resource's attributes.

    Returns:
        The status told: SUCCESS or FAILED.
    """
    told: dict[str, Any] = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId") or f"{event['LogicalResourceId']}-{name}",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    try:
        told["Data"] = work(event)
    except Exception as error:
        logger.exception("failed")
        told |= {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error} ({log_stream})"}
    body = json.dumps(told).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
        return str(told["Status"])
