"""IAM roles and policies, KMS keys and aliases."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import json

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type


@resource_type
class Role(ResourceType):
    type_name = "AWS::IAM::Role"
    immutable = frozenset({"RoleName", "Path"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("RoleName") or context.name(64)
        role = context.call(
            "iam",
            "create_role",
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
            Path=properties.get("Path"),
            Description=properties.get("Description"),
            MaxSessionDuration=properties.get("MaxSessionDuration"),
            PermissionsBoundary=properties.get("PermissionsBoundary"),
            Tags=properties.get("Tags"),
        )["Role"]
        self._policies(context, name, {}, properties)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        name = made.physical_id
        context.call(
            "iam",
            "update_assume_role_policy",
            RoleName=name,
            PolicyDocument=json.dumps(new["AssumeRolePolicyDocument"]),
        )
        context.call("iam", "update_role", RoleName=name, Description=new.get("Description", ""))
        self._policies(context, name, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        def delete() -> None:
            name = made.physical_id
            for policy in context.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]:
                context.call("iam", "detach_role_policy", RoleName=name, PolicyArn=policy["PolicyArn"])
            for inline in context.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]:
                context.call("iam", "delete_role_policy", RoleName=name, PolicyName=inline)
            context.call("iam", "delete_role", RoleName=name)

        ignore_missing(delete)

    @staticmethod
    def _policies(context: Context, name: str, old: Document, new: Document) -> None:
        before = {each["PolicyName"]: each for each in old.get("Policies", [])}
        after = {each["PolicyName"]: each for each in new.get("Policies", [])}
        for gone in before.keys() - after.keys():
            context.call("iam", "delete_role_policy", RoleName=name, PolicyName=gone)
        for policy, each in after.items():
            document = json.dumps(each["PolicyDocument"])
            context.call("iam", "put_role_policy", RoleName=name, PolicyName=policy, PolicyDocument=document)
        managed, wanted = set(old.get("ManagedPolicyArns", [])), set(new.get("ManagedPolicyArns", []))
        for arn in managed - wanted:
            context.call("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)
        for arn in wanted - managed:
            _make_aws_policy_known(context, arn)
            context.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)


def _make_aws_policy_known(context: Context, arn: str) -> None:
    """AWS's own policies are not loaded in moto (a megabyte of JSON); one that is attached becomes known here."""
    if not arn.startswith("arn:aws:iam::aws:policy/"):
        return
    from moto.iam.models import ManagedPolicy, iam_backends

    policies = iam_backends[context.account]["aws"].managed_policies
    if arn not in policies:
        path, _, name = arn.removeprefix("arn:aws:iam::aws:policy").rpartition("/")
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        policy = ManagedPolicy(  # type: ignore[abstract]
            name, account_id="aws", region=context.region, path=f"{path}/", document=document
        )
        policies[arn] = policy


@resource_type
class Policy(ResourceType):
    """An inline policy put on its roles."""

    type_name = "AWS::IAM::Policy"
    immutable = frozenset({"PolicyName"})

    def create(self, context: Context, properties: Document) -> Made:
        self._put(context, properties, properties.get("Roles", []))
        return Made(context.name(64), {"Id": context.logical_id})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._remove(context, old, [role for role in old.get("Roles", []) if role not in new.get("Roles", [])])
        self._put(context, new, new.get("Roles", []))
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        self._remove(context, properties, properties.get("Roles", []))

    @staticmethod
    def _put(context: Context, properties: Document, roles: list[str]) -> None:
        document = json.dumps(properties["PolicyDocument"])
        name = properties["PolicyName"]
        for role in roles:
            context.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document)

    @staticmethod
    def _remove(context: Context, properties: Document, roles: list[str]) -> None:
        name = properties["PolicyName"]
        for role in roles:
            ignore_missing(lambda role=role: context.call("iam", "delete_role_policy", RoleName=role, PolicyName=name))  # type: ignore[misc]


@resource_type
class ManagedPolicy(ResourceType):
    type_name = "AWS::IAM::ManagedPolicy"
    immutable = frozenset({"ManagedPolicyName", "Path", "Description"})

    def create(self, context: Context, properties: Document) -> Made:
        arn = context.call(
            "iam",
            "create_policy",
            PolicyName=properties.get("ManagedPolicyName") or context.name(64),
            Path=properties.get("Path"),
            Description=properties.get("Description"),
            PolicyDocument=json.dumps(properties["PolicyDocument"]),
        )["Policy"]["Arn"]
        for role in properties.get("Roles", []):
            context.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        return Made(arn, {"PolicyArn": arn})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        arn = made.physical_id
        for version in context.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                context.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=version["VersionId"])
        document = json.dumps(new["PolicyDocument"])
        context.call("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        before, after = set(old.get("Roles", [])), set(new.get("Roles", []))
        for role in before - after:
            context.call("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        for role in after - before:
            context.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        arn = made.physical_id

        def delete() -> None:
            for role in context.call("iam", "list_entities_for_policy", PolicyArn=arn)["PolicyRoles"]:
                context.call("iam", "detach_role_policy", RoleName=role["RoleName"], PolicyArn=arn)
            for version in context.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    context.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=version["VersionId"])
            context.call("iam", "delete_policy", PolicyArn=arn)

        ignore_missing(delete)


@resource_type
class Key(ResourceType):
    type_name = "AWS::KMS::Key"
    immutable = frozenset({"KeySpec", "KeyUsage", "MultiRegion"})

    def create(self, context: Context, properties: Document) -> Made:
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
        key = context.call(
            "kms",
            "create_key",
            Policy=json.dumps(properties["KeyPolicy"]) if "KeyPolicy" in properties else None,
            Description=properties.get("Description"),
            KeySpec=properties.get("KeySpec"),
            KeyUsage=properties.get("KeyUsage"),
            MultiRegion=properties.get("MultiRegion"),
            Tags=tags,
        )["KeyMetadata"]
        self._rotation(context, key["KeyId"], properties)
        return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        if "KeyPolicy" in new:
            policy = json.dumps(new["KeyPolicy"])
            context.call("kms", "put_key_policy", KeyId=made.physical_id, PolicyName="default", Policy=policy)
        context.call("kms", "update_key_description", KeyId=made.physical_id, Description=new.get("Description", ""))
        self._rotation(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        days = properties.get("PendingWindowInDays", 30)
        ignore_missing(
            lambda: context.call("kms", "schedule_key_deletion", KeyId=made.physical_id, PendingWindowInDays=days)
        )

    @staticmethod
    def _rotation(context: Context, key: str, properties: Document) -> None:
        enabled = str(properties.get("EnableKeyRotation", False)).lower() == "true"
        context.call("kms", "enable_key_rotation" if enabled else "disable_key_rotation", KeyId=key)


@resource_type
class Alias(ResourceType):
    type_name = "AWS::KMS::Alias"
    immutable = frozenset({"AliasName"})

    def create(self, context: Context, properties: Document) -> Made:
        context.call("kms", "create_alias", AliasName=properties["AliasName"], TargetKeyId=_key_id(properties))
        return Made(properties["AliasName"])

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        context.call("kms", "update_alias", AliasName=made.physical_id, TargetKeyId=_key_id(new))
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("kms", "delete_alias", AliasName=made.physical_id))


def _key_id(properties: Document) -> str:
    return str(properties["TargetKeyId"]).rpartition("/")[2]
