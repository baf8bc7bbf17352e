"""Messages that a function failed on, moved back to the queue that they came from."""

from typing import Any

from cli.errors import OperatorError

AT_ONCE = 10  # messages that one request of SQS carries
# Asks every server of a queue instead of some: an answer without a message then means that there is none.
WAIT_SECONDS = 2


def move(sqs: Any, source: str, target: str) -> int:
    """Moves every message; gives back how many.

    A message is deleted only after it was sent, so a kill in between doubles it and loses none. Not SQS's own
    StartMessageMoveTask: it does not move what EventBridge put into a dead-letter queue.

    Args:
        sqs: boto3 client.
        source: URL of the dead-letter queue.
        target: URL of the queue that it belongs to.

    Raises:
        OperatorError: a message could not be sent.
    """
    moved = 0
    while True:
        answer = sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=WAIT_SECONDS)
        messages = answer.get("Messages", [])
        if not messages:
            return moved
        sent = sqs.send_message_batch(
            QueueUrl=target,
            Entries=[{"Id": str(number), "MessageBody": item["Body"]} for number, item in enumerate(messages)],
        )
        arrived = [messages[int(item["Id"])] for item in sent.get("Successful", [])]
        if arrived:
            sqs.delete_message_batch(
                QueueUrl=source,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": item["ReceiptHandle"]} for number, item in enumerate(arrived)
                ],
            )
        moved += len(arrived)
        if failed := sent.get("Failed"):
            raise OperatorError(f"{moved} messages were moved, then: {failed[0].get('Message')}; run it again")
