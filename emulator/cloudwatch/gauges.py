"""Metrics that AWS measures by the minute: how many messages wait in each queue."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from moto.sqs.models import sqs_backends

from emulator import logs, settings
from emulator.api import Caller

log = logging.getLogger(__name__)

# Twice a minute: whatever minute an alarm looks at, there is a value in it.
_EVERY_SECONDS = 30.0


def _measure(caller: Caller, queue: Any) -> None:
    dimensions = {"QueueName": queue.name}
    now = time.time() * 1000
    ages = [now - message.sent_timestamp for message in queue.messages]
    for name, value, unit in (
        ("ApproximateNumberOfMessagesVisible", float(queue.approximate_number_of_messages), "Count"),
        ("ApproximateNumberOfMessagesNotVisible", float(queue.approximate_number_of_messages_not_visible), "Count"),
        ("ApproximateAgeOfOldestMessage", max(ages, default=0.0) / 1000, "Seconds"),
    ):
        logs.put_metric(caller, "AWS/SQS", name, value, unit, dimensions)


def _measure_all() -> None:
    while True:
        time.sleep(settings.current().real(_EVERY_SECONDS))
        for account, regions in list(sqs_backends.items()):
            for region, backend in list(regions.items()):
                for queue in list(backend.queues.values()):
                    try:
                        _measure(Caller(account, region), queue)
                    except Exception:
                        log.exception("queue %s", queue.name)


def start() -> None:
    threading.Thread(target=_measure_all, name="gauges", daemon=True).start()
