"""Where moto differs from AWS in a way that its own code has to be changed for."""

from __future__ import annotations

import json
from typing import Any

from moto.core.config import default_user_config
from moto.logs.responses import LogsResponse
from moto.s3.models import FakeBucket, S3Backend

from emulator.patching import replace

# Step Functions run for real instead of succeeding at once.
default_user_config["stepfunctions"] = {"execute_state_machine": True}


def _permission_of_unconditional_statements(self: Any, action: str, resource: str) -> Any:
    """moto ignores the conditions of a bucket policy, so "deny unless TLS" would deny everything.

    Conditional statements are kept and shown, but not enforced.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if self.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(self.policy)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    enforced = [each for each in statements if not each.get("Condition")]
    if not enforced:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**document, "Statement": enforced})).is_action_permitted(action, resource)


replace(FakeBucket, "get_permission", _permission_of_unconditional_statements)


def _filter_log_events(self: Any) -> str:
    """moto knows no `logStreamNamePrefix` and puts streams one after the other; AWS orders events by time."""
    names = self._get_param("logStreamNames", [])
    prefix, group = self._get_param("logStreamNamePrefix"), self._get_param("logGroupName")
    backend = self.logs_backend
    if prefix and group in backend.groups:
        names = [name for name in backend.groups[group].streams if name.startswith(prefix)]
        if not names:
            return json.dumps({"events": [], "searchedLogStreams": []})
    events, next_token, searched = backend.filter_log_events(
        group,
        names,
        self._get_param("startTime"),
        self._get_param("endTime"),
        self._get_param("limit"),
        self._get_param("nextToken"),
        self._get_param("filterPattern"),
        True,
    )
    return json.dumps({"events": events, "nextToken": next_token, "searchedLogStreams": searched})


replace(LogsResponse, "filter_log_events", _filter_log_events)


# moto asks for the log bucket's policy at once; AWS takes the setting and only delivers nothing while it is missing.
# The CDK makes the policy after the buckets.
replace(FakeBucket, "_log_permissions_enabled_policy", lambda *_where, **_named: True)

# moto writes one access log object for each request, at once; AWS delivers hours later, and a bucket that is being
# emptied must not fill up by that. The setting is kept, nothing is delivered.
replace(S3Backend, "log_incoming_request", lambda *_request, **_named: None)
