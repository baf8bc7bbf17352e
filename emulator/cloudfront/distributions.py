"""Distributions and invalidations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from emulator import ACCOUNT, settings
from emulator.api import Caller, Document, ServiceError
from emulator.cloudfront import policies
from emulator.cloudfront.records import Record, Records
from emulator.control import rest_operation

_RECORDS = Records("Distribution")
_TAGS: dict[str, list[Document]] = {}
_INVALIDATIONS: dict[tuple[str, str], Document] = {}
_NONE: Document = {"Quantity": 0, "Items": []}
# What CloudFront fills in where a configuration says nothing.
_DEFAULTS: Document = {
    "Aliases": _NONE,
    "DefaultRootObject": "",
    "CacheBehaviors": _NONE,
    "CustomErrorResponses": _NONE,
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "Staging": False,
}
_SUMMARY = (
    *(name for name in _DEFAULTS if name != "DefaultRootObject"),
    "Origins",
    "DefaultCacheBehavior",
    "Comment",
    "Enabled",
)


def domain_name(identity: str) -> str:
    """Host and port at which a distribution is served."""
    return settings.current().address(identity.lower(), "cloudfront").partition("://")[2]


def arn(identity: str) -> str:
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{identity}"


def of_host(label: str) -> Record | None:
    """The distribution that is served at the first label of its host name, or None."""
    return next((each for each in _RECORDS.all() if each.id.lower() == label), None)


def behaviors(config: Document) -> list[Document]:
    """Cache behaviours in the order in which they are tried; the default one is the last."""
    return [*config["CacheBehaviors"].get("Items", []), config["DefaultCacheBehavior"]]


def _referring(member: str) -> Callable[[str], bool]:
    """Whether an origin or a behaviour of any distribution has an id in one member."""

    def uses(identity: str) -> bool:
        places = [
            place for each in _RECORDS.all() for place in [*each.config["Origins"]["Items"], *behaviors(each.config)]
        ]
        return any(place.get(member) == identity for place in places)

    return uses


policies.ORIGIN_ACCESS_CONTROLS.used_by(_referring("OriginAccessControlId"))
policies.RESPONSE_HEADERS.used_by(_referring("ResponseHeadersPolicyId"))
policies.CACHE.used_by(_referring("CachePolicyId"))


def _checked(config: Document) -> Document:
    """The configuration with defaults. Raises `ServiceError` for what it refers to and does not exist."""
    full = {**_DEFAULTS, **config}
    origins = {origin["Id"]: origin for origin in full["Origins"]["Items"]}
    for origin in origins.values():
        if control := origin.get("OriginAccessControlId"):
            policies.ORIGIN_ACCESS_CONTROLS.get(control)
    for behavior in behaviors(full):
        if behavior["TargetOriginId"] not in origins:
            raise ServiceError("NoSuchOrigin", f"The origin {behavior['TargetOriginId']} does not exist.", 404)
        if policy := behavior.get("ResponseHeadersPolicyId"):
            policies.RESPONSE_HEADERS.get(policy)
        if (
            behavior.get("FunctionAssociations", _NONE)["Quantity"]
            or behavior.get("LambdaFunctionAssociations", _NONE)["Quantity"]
        ):
            message = "the emulated account runs no functions at the edge (docs/emulator.md)"
            raise ServiceError("InvalidFunctionAssociation", message)
    return full


def _shown(record: Record) -> Document:
    return {
        "Id": record.id,
        "ARN": arn(record.id),
        "Status": "Deployed",
        "LastModifiedTime": record.modified,
        "InProgressInvalidationBatches": 0,
        "DomainName": domain_name(record.id),
        "DistributionConfig": record.config,
    }


def _created(config: Document, tags: list[Document]) -> Document:
    made = _RECORDS.add(_checked(config), "CallerReference")
    _TAGS[arn(made.id)] = tags
    location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{made.id}"
    return {"Distribution": _shown(made), "Location": location, "ETag": made.etag}


@rest_operation("cloudfront", "CreateDistributionWithTags")
def _create_with_tags(request: Document, _caller: Caller) -> Document:
    wanted = request["DistributionConfigWithTags"]
    return _created(wanted["DistributionConfig"], wanted["Tags"].get("Items", []))


@rest_operation("cloudfront", "CreateDistribution")
def _create(request: Document, _caller: Caller) -> Document:
    return _created(request["DistributionConfig"], [])


@rest_operation("cloudfront", "GetDistribution")
def _get(request: Document, _caller: Caller) -> Document:
    known = _RECORDS.get(request["Id"])
    return {"Distribution": _shown(known), "ETag": known.etag}


@rest_operation("cloudfront", "GetDistributionConfig")
def _get_config(request: Document, _caller: Caller) -> Document:
    known = _RECORDS.get(request["Id"])
    return {"DistributionConfig": known.config, "ETag": known.etag}


@rest_operation("cloudfront", "UpdateDistribution")
def _update(request: Document, _caller: Caller) -> Document:
    changed = _RECORDS.change(request["Id"], request.get("IfMatch"), _checked(request["DistributionConfig"]))
    return {"Distribution": _shown(changed), "ETag": changed.etag}


@rest_operation("cloudfront", "DeleteDistribution")
def _delete(request: Document, _caller: Caller) -> Document:
    if _RECORDS.fresh(request["Id"], request.get("IfMatch")).config["Enabled"]:
        message = "The distribution you are trying to delete has not been disabled."
        raise ServiceError("DistributionNotDisabled", message, 409)
    _RECORDS.remove(request["Id"], request["IfMatch"])
    _TAGS.pop(arn(request["Id"]), None)
    return {}


@rest_operation("cloudfront", "ListDistributions")
def _list(_request: Document, _caller: Caller) -> Document:
    items = []
    for each in _RECORDS.all():
        shown = {name: value for name, value in _shown(each).items() if "Config" not in name and "Batches" not in name}
        items.append({**shown, **{name: each.config[name] for name in _SUMMARY}})
    listed = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(items), "Items": items}
    return {"DistributionList": listed}


@rest_operation("cloudfront", "ListTagsForResource")
def _tags(request: Document, _caller: Caller) -> Document:
    if request["Resource"] not in _TAGS:
        raise ServiceError("NoSuchResource", f"The resource {request['Resource']} does not exist.", 404)
    return {"Tags": {"Items": _TAGS[request["Resource"]]}}


@rest_operation("cloudfront", "CreateInvalidation")
def _invalidate(request: Document, _caller: Caller) -> Document:
    """Nothing is cached here, so an invalidation is complete when it is made."""
    distribution = _RECORDS.get(request["DistributionId"])
    made = {
        "Id": "I" + uuid.uuid4().hex[:13].upper(),
        "Status": "Completed",
        "CreateTime": datetime.now(UTC),
        "InvalidationBatch": request["InvalidationBatch"],
    }
    _INVALIDATIONS[distribution.id, made["Id"]] = made
    location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution.id}/invalidation/{made['Id']}"
    return {"Invalidation": made, "Location": location}


@rest_operation("cloudfront", "GetInvalidation")
def _get_invalidation(request: Document, _caller: Caller) -> Document:
    _RECORDS.get(request["DistributionId"])
    known = _INVALIDATIONS.get((request["DistributionId"], request["Id"]))
    if known is None:
        raise ServiceError("NoSuchInvalidation", f"The invalidation {request['Id']} does not exist.", 404)
    return {"Invalidation": known}
