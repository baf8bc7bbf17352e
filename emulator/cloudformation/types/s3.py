"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type


@resource_type
class Bucket(ResourceType):
    type_name = "AWS::S3::Bucket"
    immutable = frozenset({"BucketName", "ObjectLockEnabled"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("BucketName") or context.name(63, lower=True)
        where = {} if context.region == "us-east-1" else {"LocationConstraint": context.region}
        context.call(
            "s3",
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration=where or None,
            ObjectLockEnabledForBucket=properties.get("ObjectLockEnabled"),
        )
        self._configure(context, name, {}, properties)
        return Made(name, self._attributes(context, name))

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._configure(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("s3", "delete_bucket", Bucket=made.physical_id))

    @staticmethod
    def _attributes(context: Context, name: str) -> Document:
        return {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{context.region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website-{context.region}.amazonaws.com",
        }

    def _configure(self, context: Context, name: str, old: Document, new: Document) -> None:
        def changed(key: str) -> Any:
            return new.get(key) if new.get(key) != old.get(key) else None

        if versioning := changed("VersioningConfiguration"):
            context.call("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=versioning)
        if encryption := changed("BucketEncryption"):
            rules = [
                {
                    **({"BucketKeyEnabled": rule["BucketKeyEnabled"]} if "BucketKeyEnabled" in rule else {}),
                    "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                }
                for rule in encryption["ServerSideEncryptionConfiguration"]
            ]
            context.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
        if block := changed("PublicAccessBlockConfiguration"):
            context.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=block)
        if ownership := changed("OwnershipControls"):
            context.call("s3", "put_bucket_ownership_controls", Bucket=name, OwnershipControls=ownership)
        if lifecycle := changed("LifecycleConfiguration"):
            rules = [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
            context.call(
                "s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": rules}
            )
        if notification := changed("NotificationConfiguration"):
            context.call(
                "s3",
                "put_bucket_notification_configuration",
                Bucket=name,
                NotificationConfiguration=_notification(notification),
            )
        if logging := changed("LoggingConfiguration"):
            target = {
                "TargetBucket": logging.get("DestinationBucketName", name),
                "TargetPrefix": logging.get("LogFilePrefix", ""),
            }
            context.call("s3", "put_bucket_logging", Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
        if cors := changed("CorsConfiguration"):
            names = {"AllowedMethods", "AllowedOrigins", "AllowedHeaders", "ExposeHeaders"}
            rules = [
                {
                    **{k: v for k, v in rule.items() if k in names},
                    **({"ExposeHeaders": rule["ExposedHeaders"]} if "ExposedHeaders" in rule else {}),
                    **({"MaxAgeSeconds": rule["MaxAge"]} if "MaxAge" in rule else {}),
                }
                for rule in cors["CorsRules"]
            ]
            context.call("s3", "put_bucket_cors", Bucket=name, CORSConfiguration={"CORSRules": rules})
        if tags := changed("Tags"):
            context.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tags})


def _lifecycle_rule(rule: Document) -> Document:
    """CloudFormation's rule has flat members where the API has nested ones."""
    made: Document = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    tags = rule.get("TagFilters")
    if tags:
        made["Filter"] = {"And": {"Prefix": rule.get("Prefix", ""), "Tags": tags}}
    expiration = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    if expiration := {key: value for key, value in expiration.items() if value is not None}:
        made["Expiration"] = expiration
    noncurrent = rule.get("NoncurrentVersionExpiration") or (
        {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
        if "NoncurrentVersionExpirationInDays" in rule
        else None
    )
    if noncurrent:
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(noncurrent["NoncurrentDays"])}
    transitions = rule.get("Transitions", [rule["Transition"]] if "Transition" in rule else [])
    if transitions:
        made["Transitions"] = [
            {
                "StorageClass": each["StorageClass"],
                **(
                    {"Days": each["TransitionInDays"]}
                    if "TransitionInDays" in each
                    else {"Date": each.get("TransitionDate")}
                ),
            }
            for each in transitions
        ]
    if moved := rule.get("NoncurrentVersionTransitions"):
        made["NoncurrentVersionTransitions"] = [
            {"StorageClass": each["StorageClass"], "NoncurrentDays": each["TransitionInDays"]} for each in moved
        ]
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        made["AbortIncompleteMultipartUpload"] = abort
    return made


def _notification(configuration: Document) -> Document:
    def entries(key: str, target: str, arn: str) -> list[Document]:
        return [
            {
                arn: each[target],
                "Events": [each["Event"]],
                **({"Filter": {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}}} if "Filter" in each else {}),
            }
            for each in configuration.get(key, [])
        ]

    made: Document = {
        "LambdaFunctionConfigurations": entries("LambdaConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": entries("QueueConfigurations", "Queue", "QueueArn"),
        "TopicConfigurations": entries("TopicConfigurations", "Topic", "TopicArn"),
    }
    if "EventBridgeConfiguration" in configuration:
        made["EventBridgeConfiguration"] = {}
    return made


@resource_type
class BucketPolicy(ResourceType):
    type_name = "AWS::S3::BucketPolicy"
    immutable = frozenset({"Bucket"})

    def create(self, context: Context, properties: Document) -> Made:
        policy = json.dumps(properties["PolicyDocument"])
        context.call("s3", "put_bucket_policy", Bucket=properties["Bucket"], Policy=policy)
        return Made(properties["Bucket"])

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        return self.create(context, new)

    def replaces(self, old: Document, new: Document) -> bool:
        return bool(old["Bucket"] != new["Bucket"])

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("s3", "delete_bucket_policy", Bucket=made.physical_id))


def empty_bucket(context: Context, bucket: str) -> None:
    """Deletes every version and delete marker; a bucket that is gone already is fine."""
    while True:
        try:
            page = context.call("s3", "list_object_versions", Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return
            raise
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if not found:
            return
        context.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": found, "Quiet": True})
