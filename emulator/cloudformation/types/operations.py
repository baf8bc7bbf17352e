"""CloudWatch, its logs, application autoscaling, SSM parameters, ECR repositories, secrets."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import json

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type, tags_as_map
from emulator.cloudformation.simple import simple


@resource_type
class LogGroup(ResourceType):
    type_name = "AWS::Logs::LogGroup"
    immutable = frozenset({"LogGroupName"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("LogGroupName") or context.name(512)
        # A function may have written before its stack declared the group: AWS fails here, and so do we.
        context.call(
            "logs",
            "create_log_group",
            logGroupName=name,
            kmsKeyId=properties.get("KmsKeyId"),
            tags=tags_as_map(properties),
        )
        self._retention(context, name, properties)
        return Made(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._retention(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("logs", "delete_log_group", logGroupName=made.physical_id))

    @staticmethod
    def _retention(context: Context, name: str, properties: Document) -> None:
        if "RetentionInDays" in properties:
            days = properties["RetentionInDays"]
            context.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)


def _metric_filter(context: Context, properties: Document) -> Document:
    return {
        "filterName": properties.get("FilterName") or context.logical_id,
        "logGroupName": properties["LogGroupName"],
        "filterPattern": properties["FilterPattern"],
        "metricTransformations": [
            {key[0].lower() + key[1:]: value for key, value in each.items() if key != "Dimensions"}
            for each in properties["MetricTransformations"]
        ],
    }


simple(
    "AWS::Logs::MetricFilter",
    "logs",
    create="put_metric_filter",
    update="put_metric_filter",
    delete="delete_metric_filter",
    prepare=_metric_filter,
    physical_id=lambda context, properties, _answer: properties.get("FilterName") or context.logical_id,
    key=lambda name, properties: {"filterName": name, "logGroupName": properties["LogGroupName"]},
    immutable=frozenset({"FilterName", "LogGroupName"}),
)
simple(
    "AWS::Logs::ResourcePolicy",
    "logs",
    create="put_resource_policy",
    update="put_resource_policy",
    delete="delete_resource_policy",
    prepare=lambda _context, p: {"policyName": p["PolicyName"], "policyDocument": p["PolicyDocument"]},
    physical_id=lambda _context, properties, _answer: properties["PolicyName"],
    key=lambda name, _properties: {"policyName": name},
)
simple(
    "AWS::CloudWatch::Alarm",
    "cloudwatch",
    create="put_metric_alarm",
    update="put_metric_alarm",
    delete="delete_alarms",
    name="AlarmName",
    longest=255,
    physical_id=lambda _context, properties, _answer: properties["AlarmName"],
    key=lambda name, _properties: {"AlarmName": name, "AlarmNames": [name]},
    attributes=lambda context, properties, _answer: {
        "Arn": context.arn("cloudwatch", f"alarm:{properties['AlarmName']}")
    },
)
simple(
    "AWS::CloudWatch::Dashboard",
    "cloudwatch",
    create="put_dashboard",
    update="put_dashboard",
    delete="delete_dashboards",
    name="DashboardName",
    longest=255,
    physical_id=lambda _context, properties, _answer: properties["DashboardName"],
    key=lambda name, _properties: {"DashboardName": name, "DashboardNames": [name]},
)


def _target(identity: str) -> Document:
    resource, dimension, namespace = identity.split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


simple(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "application-autoscaling",
    create="register_scalable_target",
    update="register_scalable_target",
    delete="deregister_scalable_target",
    physical_id=lambda _context, p, _answer: f"{p['ResourceId']}|{p['ScalableDimension']}|{p['ServiceNamespace']}",
    key=lambda identity, _properties: _target(identity),
    immutable=frozenset({"ResourceId", "ScalableDimension", "ServiceNamespace"}),
)


def _scaling_policy(_context: Context, properties: Document) -> Document:
    if "ScalingTargetId" in properties:
        return {**properties, **_target(properties["ScalingTargetId"])}
    return properties


simple(
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "application-autoscaling",
    create="put_scaling_policy",
    update="put_scaling_policy",
    delete="delete_scaling_policy",
    prepare=_scaling_policy,
    physical_id=lambda _context, _properties, answer: answer["PolicyARN"],
    key=lambda _arn, properties: {
        key: value
        for key, value in _scaling_policy(None, properties).items()  # type: ignore[arg-type]
        if key in ("PolicyName", "ResourceId", "ScalableDimension", "ServiceNamespace")
    },
    immutable=frozenset({"PolicyName", "ScalingTargetId"}),
    attributes=lambda _context, _properties, answer: {"Arn": answer["PolicyARN"]},
)
simple(
    "AWS::SSM::Parameter",
    "ssm",
    create="put_parameter",
    update="put_parameter",
    delete="delete_parameter",
    name="Name",
    prepare=lambda _context, properties: {**{k: v for k, v in properties.items() if k != "Tags"}, "Overwrite": True},
    physical_id=lambda _context, properties, _answer: properties["Name"],
    key=lambda name, _properties: {"Name": name},
    attributes=lambda _context, properties, _answer: {"Type": properties["Type"], "Value": properties["Value"]},
)


@resource_type
class Repository(ResourceType):
    type_name = "AWS::ECR::Repository"
    immutable = frozenset({"RepositoryName"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("RepositoryName") or context.name(200, lower=True)
        answer = context.call(
            "ecr",
            "create_repository",
            repositoryName=name,
            imageTagMutability=properties.get("ImageTagMutability"),
            tags=properties.get("Tags"),
        )["repository"]
        self._configure(context, name, properties)
        return Made(name, {"Arn": answer["repositoryArn"], "RepositoryUri": answer["repositoryUri"]})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._configure(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        # Forced as with `EmptyOnDelete`: images here are records that refer to folders.
        ignore_missing(lambda: context.call("ecr", "delete_repository", repositoryName=made.physical_id, force=True))

    @staticmethod
    def _configure(context: Context, name: str, properties: Document) -> None:
        if policy := properties.get("RepositoryPolicyText"):
            text = policy if isinstance(policy, str) else json.dumps(policy)
            context.call("ecr", "set_repository_policy", repositoryName=name, policyText=text)
        if lifecycle := properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText"):
            context.call("ecr", "put_lifecycle_policy", repositoryName=name, lifecyclePolicyText=lifecycle)


simple(
    "AWS::SecretsManager::Secret",
    "secretsmanager",
    create="create_secret",
    update="update_secret",
    delete="delete_secret",
    name="Name",
    prepare=lambda _context, properties: {"SecretString": "{}", **properties},
    physical_id=lambda _context, _properties, answer: answer["ARN"],
    key=lambda arn, _properties: {"SecretId": arn, "ForceDeleteWithoutRecovery": True},
)
