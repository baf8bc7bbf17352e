"""Writes of many documents: each on its own condition, each repeated on its own.

A document replaces what stood there only if that has not changed since it was read (sequence number and primary term);
so of two writers the one with the older event cannot win, whoever comes last.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from drawing_ocr.search.document import is_older
from drawing_ocr.search.opensearch.errors import BUSY, is_breaker, reason_of, translated
from drawing_ocr.search.store import Refused, StoreBusy

_ROUNDS = 6
_FIRST_PAUSE = 0.1  # seconds, doubled each time, of which a random part is waited
_REQUEST_BYTES = 8 * 2**20  # small machines of AWS take 10 MiB
_IDS_AT_ONCE = 1_000
_CONFLICT = 409


@dataclass(frozen=True)
class Write:
    """What shall stand under an id.

    Attributes:
        drawing_id: The document's id.
        sequencer: Of the event that says so.
        source: The document.
    """

    drawing_id: str
    sequencer: str
    source: Mapping[str, Any]


@dataclass(frozen=True)
class Stands:
    """What stands under an id: its own fields, and the condition under which it may be replaced."""

    source: Mapping[str, Any]
    condition: Mapping[str, int]


def standing(client: OpenSearch, index: str, drawing_ids: Sequence[str]) -> dict[str, Stands]:
    """By id, as written last, whether searches find it already or not."""
    found: dict[str, Stands] = {}
    for first in range(0, len(drawing_ids), _IDS_AT_ONCE):
        ids = list(drawing_ids[first : first + _IDS_AT_ONCE])
        with translated():
            docs = client.mget(
                index=index,
                body={"ids": ids},
                params={"_source_includes": "version,sequencer,model,deleted"},
            )["docs"]
        for doc in docs:
            if doc.get("found"):
                condition = {"if_seq_no": doc["_seq_no"], "if_primary_term": doc["_primary_term"]}
                found[doc["_id"]] = Stands(doc["_source"], condition)
    return found


def write(client: OpenSearch, index: str, writes: Sequence[Write]) -> list[Refused]:
    """All of it, but for what a newer event has said.

    Returns:
        What was not written: the document's fault, or busy for longer than a few seconds.

    Raises:
        StoreBusy: Nothing of it could be written.
    """
    left = {each.drawing_id: each for each in writes}
    refused: list[Refused] = []
    busy: dict[str, str] = {}
    for attempt in range(_ROUNDS):
        if attempt:
            time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))
        busy = {}
        try:
            stands = standing(client, index, list(left))
        except StoreBusy as error:
            busy = dict.fromkeys(left, str(error))
            continue
        current = [
            each
            for each in left.values()
            if each.drawing_id not in stands
            or not is_older(each.sequencer, str(stands[each.drawing_id].source["sequencer"]))
        ]
        left = {each.drawing_id: each for each in current}
        for drawing_id, status, fault in _sent(client, index, current, stands):
            if status in BUSY or is_breaker(fault) or status == _CONFLICT:
                busy[drawing_id] = reason_of(fault)
                continue
            del left[drawing_id]
            if status >= 300:
                refused.append(Refused(drawing_id, reason_of(fault), retriable=False))
        if not left:
            return refused
    if len(left) == len(writes):
        raise StoreBusy(f"OpenSearch takes nothing now ({next(iter(busy.values()))}): try again")
    return refused + [Refused(drawing_id, reason, retriable=True) for drawing_id, reason in busy.items()]


def _sent(
    client: OpenSearch, index: str, writes: Sequence[Write], stands: Mapping[str, Stands]
) -> Iterator[tuple[str, int, object]]:
    """(id, status, error) of every document."""
    for lines, ids in _requests(writes, stands):
        try:
            with translated():
                items = client.bulk(index=index, body=lines)["items"]
        except StoreBusy as error:
            yield from ((drawing_id, 503, str(error)) for drawing_id in ids)
            continue
        for item in items:
            (answer,) = item.values()
            yield answer["_id"], answer["status"], answer.get("error")


def _requests(writes: Sequence[Write], stands: Mapping[str, Stands]) -> Iterator[tuple[str, list[str]]]:
    """Bodies of bulk requests that are not too large, and the ids in each."""
    lines: list[str] = []
    ids: list[str] = []
    size = 0
    for each in writes:
        if each.drawing_id in stands:
            action = {"index": {"_id": each.drawing_id, **stands[each.drawing_id].condition}}
        else:
            action = {"create": {"_id": each.drawing_id}}
        line = f"{json.dumps(action)}\n{json.dumps(each.source)}\n"
        if lines and size + len(line) > _REQUEST_BYTES:
            yield "".join(lines), ids
            lines, ids, size = [], [], 0
        lines.append(line)
        ids.append(each.drawing_id)
        size += len(line)
    if lines:
        yield "".join(lines), ids
