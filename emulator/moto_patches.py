"""Where moto differs from AWS in a way that its own code has to be changed for."""

from __future__ import annotations

import json
from typing import Any

from moto.core.config import default_user_config
from moto.s3.models import FakeBucket

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


FakeBucket.get_permission = _permission_of_unconditional_statements
