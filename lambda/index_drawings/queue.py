"""The queue of changed drawings: what has to wait goes back into it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.drawing_changes import Change, message

SENT_AT_ONCE = 10  # messages that SendMessageBatch takes
MAX_DELAY_SECONDS = 900  # SQS holds a message back no longer
FIRST_DELAY_SECONDS = 2
WAITED = "waited"  # attribute: how often this message was put back


@dataclass(frozen=True)
class ChangeQueue:
    """The queue that the function is called with messages of.

    A change that has to wait because somebody is busy is sent again with a delay that doubles, instead of being
    reported as failed: so the dead-letter queue holds only what really failed, however long the domain is busy. A kill
    between sending and answering doubles a message, which does no harm; it never loses one.
    """

    sqs: Any
    url: str
    bucket: str

    def put_back(self, changes: Iterable[Change], waited: Mapping[str, int]) -> None:
        """Sends changes again.

        Args:
            changes: those that have to wait.
            waited: how often messages were put back already, by message id.
        """
        entries = []
        for number, change in enumerate(changes):
            times = max((waited.get(each, 0) for each in change.messages), default=0)
            delay = min(FIRST_DELAY_SECONDS * 2 ** min(times, 10), MAX_DELAY_SECONDS)
            entries.append(
                {
                    "Id": str(number),
                    "MessageBody": message(self.bucket, change.drawing_id, change.sequencer),
                    "DelaySeconds": math.ceil(delay),
                    "MessageAttributes": {WAITED: {"DataType": "Number", "StringValue": str(times + 1)}},
                }
            )
        for first in range(0, len(entries), SENT_AT_ONCE):
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries[first : first + SENT_AT_ONCE])
            if failed := answer.get("Failed"):
                # The invocation fails, so every message of it comes back by itself.
                raise RuntimeError(f"{len(failed)} messages could not be put back: {failed[0].get('Message')}")


def waited(records: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How often each message was put back, by its id."""
    return {
        record["messageId"]: int(record.get("messageAttributes", {}).get(WAITED, {}).get("stringValue", 0))
        for record in records
    }
