"""The queue of label events: a message stays in it until a run has taken the batch that it tells of."""

import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SENT_AT_ONCE = 10  # messages that SendMessageBatch takes
MAX_DELAY_SECONDS = 900  # SQS holds a message back no longer


@dataclass(frozen=True)
class LabelQueue:
    """The queue that the function is called with messages of.

    A message that has to wait is sent again with a delay instead of being reported as failed: so a message that is
    received five times was really failed on five times, and goes to the dead-letter queue for that reason only. A kill
    between sending and answering doubles a message, which does no harm; it never loses one.
    """

    sqs: Any
    url: str

    def put_back(self, records: Iterable[Mapping[str, Any]], waiting: Collection[str], seconds: float) -> None:
        """Sends the messages about waiting batches again, one for each batch.

        Args:
            records: SQS records of a Lambda event.
            waiting: Keys of manifests that no run has taken.
            seconds: until it is worth looking again.
        """
        kept = {key: record["body"] for record in records if (key := _manifest_key(record["body"])) in waiting}
        bodies = list(kept.values())
        delay = min(max(math.ceil(seconds), 1), MAX_DELAY_SECONDS)
        for first in range(0, len(bodies), SENT_AT_ONCE):
            self._send(bodies[first : first + SENT_AT_ONCE], delay)

    def _send(self, bodies: list[str], delay: int) -> None:
        entries = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": delay} for number, body in enumerate(bodies)
        ]
        answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        if failed := answer.get("Failed"):
            # The invocation fails, so every message of it comes back by itself.
            raise RuntimeError(f"{len(failed)} messages could not be put back: {failed[0].get('Message')}")


def _manifest_key(body: str) -> str | None:
    """The key in EventBridge's "Object Created"; None for anything else, which has served by waking us."""
    try:
        key = json.loads(body)["detail"]["object"]["key"]
    except (ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, str) else None
