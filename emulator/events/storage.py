"""S3's events to EventBridge, shaped as AWS shapes them."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import Any

import moto.s3.notifications as notifications
from moto.s3.models import S3Backend

from emulator import ACCOUNT
from emulator.api import Caller
from emulator.events import targets
from emulator.patching import replace

_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}
_counter = itertools.count()


def _sequencer() -> str:
    """Sixteen hexadecimal digits that grow with every event, so that later ones compare greater."""
    return f"{int(time.time()):08X}{next(_counter) & 0xFFFFFFFF:08X}"


def _send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    name = str(getattr(event_name, "value", event_name))
    created = "ObjectCreated" in name
    removed = "ObjectRemoved" in name
    if not created and not removed:
        return
    action = name.rpartition(":")[2]
    object_: dict[str, Any] = {"key": key.name, "sequencer": _sequencer()}
    if created:
        object_ |= {"size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned and getattr(key, "version_id", None):
        object_["version-id"] = key.version_id
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": object_,
        "request-id": f"{next(_counter):016X}",
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS.get(action, action),
    }
    if removed:
        marker = action == "DeleteMarkerCreated"
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    caller = Caller(account_id, bucket.region_name)
    targets.send(caller, "aws.s3", "Object Created" if created else "Object Deleted", detail, [bucket.arn])


notifications._send_event_bridge_message = _send

_delete_object = S3Backend.delete_object


def _delete(
    self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    """moto says nothing of a delete marker."""
    done, answer = _delete_object(self, bucket_name, key_name, version_id, bypass)
    if done and version_id is None and answer.get("delete-marker"):
        marker = SimpleNamespace(name=key_name, version_id=answer["version-id"], size=0, etag="")
        event = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        notifications.send_event(self.account_id, event, self.get_bucket(bucket_name), marker)
    return done, answer


replace(S3Backend, "delete_object", _delete)
