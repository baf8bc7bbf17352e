"""A stage's access log: one line a request, in the stage's own format."""

from __future__ import annotations

import logging
import re
from typing import Any

from emulator import logs
from emulator.api import Caller

log = logging.getLogger(__name__)

_VARIABLE = re.compile(r"\$context\.([\w.:]+\w)")


def write(caller: Caller, stage: Any, context: dict[str, Any]) -> None:
    """`context`: values of `$context.NAME`; what is not in it is written as `-`, as API Gateway does."""
    settings = stage.access_log_settings
    if not settings:
        return
    group = settings["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
    line = _VARIABLE.sub(lambda match: _text(context.get(match[1])), settings["format"])
    try:
        logs.write(caller, group, f"{stage.name}-{context['apiId']}", [line])
    except Exception:
        log.warning("the access log %s was not written", group, exc_info=True)


def _text(value: Any) -> str:
    return "-" if value is None or value == "" else str(value)
