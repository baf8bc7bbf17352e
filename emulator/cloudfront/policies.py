"""Origin access controls, response headers policies and cache policies."""

from __future__ import annotations

from emulator.api import Caller, Document
from emulator.cloudfront.records import Record, Records
from emulator.control import rest_operation

ORIGIN_ACCESS_CONTROLS = Records("OriginAccessControl")
RESPONSE_HEADERS = Records("ResponseHeadersPolicy")
CACHE = Records("CachePolicy")


def _register(kind: str, records: Records, *, dated: bool, listed: str, path: str) -> None:
    """The five operations of one kind, `listed` in the plural. `dated`: its answers carry LastModifiedTime."""

    def shown(record: Record) -> Document:
        when = {"LastModifiedTime": record.modified} if dated else {}
        return {"Id": record.id, f"{kind}Config": record.config, **when}

    @rest_operation("cloudfront", f"Create{kind}")
    def create(request: Document, _caller: Caller) -> Document:
        made = records.add(request[f"{kind}Config"], "Name")
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{path}/{made.id}"
        return {kind: shown(made), "Location": location, "ETag": made.etag}

    @rest_operation("cloudfront", f"Get{kind}")
    def get(request: Document, _caller: Caller) -> Document:
        known = records.get(request["Id"])
        return {kind: shown(known), "ETag": known.etag}

    @rest_operation("cloudfront", f"Update{kind}")
    def update(request: Document, _caller: Caller) -> Document:
        changed = records.change(request["Id"], request.get("IfMatch"), request[f"{kind}Config"])
        return {kind: shown(changed), "ETag": changed.etag}

    @rest_operation("cloudfront", f"Delete{kind}")
    def delete(request: Document, _caller: Caller) -> Document:
        records.remove(request["Id"], request.get("IfMatch"))
        return {}

    @rest_operation("cloudfront", f"List{listed}")
    def list_all(_request: Document, _caller: Caller) -> Document:
        if kind == "OriginAccessControl":
            items = [{"Id": each.id, "Description": "", **each.config} for each in records.all()]
            more: Document = {"Marker": "", "IsTruncated": False}
        else:
            items = [{"Type": "custom", kind: shown(each)} for each in records.all()]
            more = {}
        return {f"{kind}List": {**more, "MaxItems": 100, "Quantity": len(items), "Items": items}}


_register(
    "OriginAccessControl",
    ORIGIN_ACCESS_CONTROLS,
    dated=False,
    listed="OriginAccessControls",
    path="origin-access-control",
)
_register(
    "ResponseHeadersPolicy",
    RESPONSE_HEADERS,
    dated=True,
    listed="ResponseHeadersPolicies",
    path="response-headers-policy",
)
_register("CachePolicy", CACHE, dated=True, listed="CachePolicies", path="cache-policy")
