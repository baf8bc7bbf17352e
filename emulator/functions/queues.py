"""Event source mappings of SQS: Lambda polls the queue, in batches, and deletes what was handled."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from moto.awslambda.models import LambdaBackend, lambda_backends

from emulator import ACCOUNT
from emulator.api import Caller
from emulator.clients import client
from emulator.events import patterns
from emulator.functions.invocation import find
from emulator.functions.workers import POOL
from emulator.patching import replace

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3
_WAIT_SECONDS = 1
_RECEIVE_AT_ONCE = 10
_polled: set[str] = set()

_create_mapping = LambdaBackend.create_event_source_mapping


def _create(self: Any, spec: dict[str, Any]) -> Any:
    mapping = _create_mapping(self, spec)
    # moto would run the function inside SendMessage; here the mapping polls, as in AWS.
    from moto.sqs.models import sqs_backends

    for queue in sqs_backends[self.account_id][self.region_name].queues.values():
        queue.lambda_event_source_mappings.clear()
    return mapping


replace(LambdaBackend, "create_event_source_mapping", _create)


def start() -> None:
    threading.Thread(target=_look_for_mappings, name="event source mappings", daemon=True).start()


def _look_for_mappings() -> None:
    while True:
        for region, backend in list(lambda_backends[ACCOUNT].items()):
            for mapping in list(backend._event_source_mappings.values()):
                if mapping.uuid not in _polled and ":sqs:" in mapping.event_source_arn:
                    _polled.add(mapping.uuid)
                    threading.Thread(target=_poll, args=(backend, mapping, region), daemon=True).start()
        time.sleep(_LOOK_SECONDS)


def _poll(backend: Any, mapping: Any, region: str) -> None:
    sqs = client("sqs", region)
    while mapping.uuid in backend._event_source_mappings:
        if not mapping.enabled:
            time.sleep(_LOOK_SECONDS)
            continue
        try:
            url = sqs.get_queue_url(QueueName=mapping.event_source_arn.rpartition(":")[2])["QueueUrl"]
            batch = _batch(sqs, url, mapping)
            if batch:
                _handle(sqs, url, mapping, batch, region)
        except sqs.exceptions.QueueDoesNotExist:
            time.sleep(_LOOK_SECONDS)
        except Exception:
            log.exception("event source mapping %s", mapping.uuid)
            time.sleep(_WAIT_SECONDS)
    _polled.discard(mapping.uuid)


def _batch(sqs: Any, url: str, mapping: Any) -> list[dict[str, Any]]:
    """Up to the batch size, collected for up to the window."""
    size = int(mapping.batch_size)
    window = float(mapping.max_batch_window or 0)
    found: list[dict[str, Any]] = []
    deadline: float | None = None
    while len(found) < size:
        left = window if deadline is None else deadline - time.monotonic()
        if found and left <= 0:
            break
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(_RECEIVE_AT_ONCE, size - len(found)),
            WaitTimeSeconds=_WAIT_SECONDS if not found else min(_WAIT_SECONDS, max(0, int(left))),
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        found += messages
        if not found:
            break
        deadline = deadline or time.monotonic() + window
        if not messages:
            time.sleep(0.05)
    return found


def _handle(sqs: Any, url: str, mapping: Any, batch: list[dict[str, Any]], region: str) -> None:
    wanted = [message for message in batch if _passes(mapping.filter_criteria, message)]
    done = [message for message in batch if message not in wanted]
    if wanted:
        event = {"Records": [_record(message, mapping.event_source_arn, region) for message in wanted]}
        outcome = POOL.invoke(find(mapping.function_arn, None, Caller(ACCOUNT, region)), event, mapping.function_arn)
        if not outcome.error:
            failed = _failed(mapping, json.loads(outcome.payload), {each["MessageId"] for each in wanted})
            done += [message for message in wanted if message["MessageId"] not in failed]
    # What is not deleted comes back when its visibility timeout ends, and goes to the dead-letter queue in the end.
    for message in done:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _failed(mapping: Any, answer: Any, sent: set[str]) -> set[str]:
    """Ids of the messages that the function reported as failed; a malformed report fails the whole batch, as in AWS."""
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return set()
    if not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return set()
    try:
        failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
    except (KeyError, TypeError):
        return sent
    return failed if failed <= sent else sent


def _passes(criteria: Any, message: dict[str, Any]) -> bool:
    filters = (criteria or {}).get("Filters", [])
    if not filters:
        return True
    try:
        body: Any = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    return any(patterns.matches(json.loads(each["Pattern"]), {"body": body}) for each in filters)


def _record(message: dict[str, Any], arn: str, region: str) -> dict[str, Any]:
    attributes = {
        name: {
            f"{key[0].lower()}{key[1:]}": value
            for key, value in attribute.items()
            if key in ("StringValue", "BinaryValue", "DataType")
        }
        | {"stringListValues": [], "binaryListValues": []}
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }
