"""What Lambda hands to a function beside the event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Context:
    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000
