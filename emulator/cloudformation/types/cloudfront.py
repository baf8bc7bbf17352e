"""CloudFront distributions with their access controls and policies."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from emulator.api import Document
from emulator.clients import client
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, register, resource_type
from emulator.cloudfront import distributions


def as_api(value: Any, shape: Shape) -> Any:
    """CloudFormation's properties in the API's shape, which counts every list: `[a]` is `{Quantity: 1, Items: [a]}`."""
    if isinstance(shape, StructureShape):
        if isinstance(value, list) and "Quantity" in shape.members:
            value = {"Items": value}
        if not isinstance(value, Mapping):
            return value
        made = {name: as_api(member, shape.members[name]) for name, member in value.items() if name in shape.members}
        if "Quantity" in shape.members and "Quantity" not in made:
            made["Quantity"] = len(made.get("Items", []))
        return made
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [as_api(each, shape.member) for each in value]
    return value


def _shape(operation: str, member: str) -> Shape:
    model = client("cloudfront", "us-east-1").meta.service_model.operation_model(operation)
    shape: Shape = model.input_shape.members[member]
    return shape


def _distribution_config(properties: Document, reference: str) -> Document:
    """Where CloudFormation's names or nesting are its own."""
    wanted = {"Comment": "", **copy.deepcopy(properties["DistributionConfig"]), "CallerReference": reference}
    wanted["IsIPV6Enabled"] = wanted.pop("IPV6Enabled", None) or "false"
    for behavior in [wanted["DefaultCacheBehavior"], *wanted.get("CacheBehaviors", [])]:
        if "AllowedMethods" in behavior:
            cached = {"Items": behavior.get("CachedMethods", ["GET", "HEAD"])}
            behavior["AllowedMethods"] = {"Items": behavior["AllowedMethods"], "CachedMethods": cached}
    if "Logging" in wanted:
        wanted["Logging"] = {"Enabled": True, "IncludeCookies": False, "Prefix": "", **wanted["Logging"]}
    if "Restrictions" in wanted:
        geographic = wanted["Restrictions"]["GeoRestriction"]
        items = {"Items": geographic["Locations"]} if geographic.get("Locations") else {}
        wanted["Restrictions"] = {"GeoRestriction": {"RestrictionType": geographic["RestrictionType"], **items}}
    certificate = wanted.get("ViewerCertificate", {})
    for theirs, ours in (("AcmCertificateArn", "ACMCertificateArn"), ("SslSupportMethod", "SSLSupportMethod")):
        if theirs in certificate:
            certificate[ours] = certificate.pop(theirs)
    made: Document = as_api(wanted, _shape("UpdateDistribution", "DistributionConfig"))
    return made


@resource_type
class Distribution(ResourceType):
    type_name = "AWS::CloudFront::Distribution"

    def create(self, context: Context, properties: Document) -> Made:
        config = _distribution_config(properties, context.name(64))
        tagged = {"DistributionConfig": config, "Tags": {"Items": properties.get("Tags", [])}}
        made = context.call("cloudfront", "create_distribution_with_tags", DistributionConfigWithTags=tagged)
        identity = made["Distribution"]["Id"]
        return Made(identity, {"Id": identity, "DomainName": distributions.domain_name(identity)})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        known = context.call("cloudfront", "get_distribution_config", Id=made.physical_id)
        config = _distribution_config(new, known["DistributionConfig"]["CallerReference"])
        context.call(
            "cloudfront", "update_distribution", Id=made.physical_id, IfMatch=known["ETag"], DistributionConfig=config
        )
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: self._disable_and_delete(context, made.physical_id))

    @staticmethod
    def _disable_and_delete(context: Context, identity: str) -> None:
        known = context.call("cloudfront", "get_distribution_config", Id=identity)
        config = {**known["DistributionConfig"], "Enabled": False}
        changed = context.call(
            "cloudfront", "update_distribution", Id=identity, IfMatch=known["ETag"], DistributionConfig=config
        )
        context.call("cloudfront", "delete_distribution", Id=identity, IfMatch=changed["ETag"])


class _Policy(ResourceType):
    """A thing whose only property is its configuration. `kind` as in `CreateKind`, `word` as in `create_word`."""

    def __init__(self, kind: str, word: str) -> None:
        self.kind, self.word = kind, word

    def _config(self, properties: Document) -> Document:
        shape = _shape(f"Update{self.kind}", f"{self.kind}Config")
        made: Document = as_api(properties[f"{self.kind}Config"], shape)
        return made

    def create(self, context: Context, properties: Document) -> Made:
        config = {f"{self.kind}Config": self._config(properties)}
        identity = context.call("cloudfront", f"create_{self.word}", **config)[self.kind]["Id"]
        return Made(identity, {"Id": identity})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        known = context.call("cloudfront", f"get_{self.word}", Id=made.physical_id)
        config = {f"{self.kind}Config": self._config(new)}
        context.call("cloudfront", f"update_{self.word}", Id=made.physical_id, IfMatch=known["ETag"], **config)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        def delete() -> None:
            known = context.call("cloudfront", f"get_{self.word}", Id=made.physical_id)
            context.call("cloudfront", f"delete_{self.word}", Id=made.physical_id, IfMatch=known["ETag"])

        ignore_missing(delete)


for _kind, _word in (
    ("OriginAccessControl", "origin_access_control"),
    ("ResponseHeadersPolicy", "response_headers_policy"),
    ("CachePolicy", "cache_policy"),
):
    register(f"AWS::CloudFront::{_kind}", _Policy(_kind, _word))
