"""What the queue tells of: drawings that changed. What became of them, the bucket says."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drawing_ocr.search.document import is_older
from shared.drawings import PREFIX, is_drawing


@dataclass(frozen=True)
class Change:
    """Something happened to one drawing.

    Attributes:
        drawing_id: which one.
        sequencer: of the newest event about it; "" = older than every event.
        messages: ids of all messages of the batch that are about it.
    """

    drawing_id: str
    sequencer: str
    messages: tuple[str, ...]


def changes(records: Iterable[Mapping[str, Any]]) -> list[Change]:
    """One change for each drawing of a batch, however many messages are about it.

    Args:
        records: SQS records of a Lambda event, each with an event of S3 as EventBridge hands it on, or an order of the
            reconciliation in the same form. A message in another form, or about what is no drawing, is left out: it
            could never be followed.
    """
    found: dict[str, Change] = {}
    for record in records:
        told = _told(record["body"])
        if told is None:
            continue
        drawing_id, sequencer = told
        known = found.get(drawing_id, Change(drawing_id, sequencer, ()))
        newest = sequencer if is_older(known.sequencer, sequencer) else known.sequencer
        found[drawing_id] = Change(drawing_id, newest, (*known.messages, record["messageId"]))
    return list(found.values())


def message(bucket: str, drawing_id: str, sequencer: str) -> str:
    """The order to look at a drawing again, in the form of an event."""
    detail = {"bucket": {"name": bucket}, "object": {"key": f"{PREFIX}{drawing_id}", "sequencer": sequencer}}
    return json.dumps({"source": "drawing-platform.reconciliation", "detail": detail})


def _told(body: str) -> tuple[str, str] | None:
    try:
        changed = json.loads(body)["detail"]["object"]
        key, sequencer = changed["key"], changed.get("sequencer", "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(key, str) or not isinstance(sequencer, str) or not is_drawing(key):
        return None
    return key.removeprefix(PREFIX), sequencer
