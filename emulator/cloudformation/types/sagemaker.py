"""SageMaker: model package groups, pipelines, models, endpoint configs, endpoints, workteams."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import json
import time
import uuid

from emulator.api import Document, ServiceError
from emulator.clients import client
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type
from emulator.cloudformation.simple import simple


@resource_type
class ModelPackageGroup(ResourceType):
    type_name = "AWS::SageMaker::ModelPackageGroup"
    immutable = frozenset({"ModelPackageGroupName", "ModelPackageGroupDescription"})

    def create(self, context: Context, properties: Document) -> Made:
        arn = context.call("sagemaker", "create_model_package_group", **properties)["ModelPackageGroupArn"]
        return Made(arn, {"ModelPackageGroupArn": arn})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        if new.get("Tags"):
            context.call("sagemaker", "add_tags", ResourceArn=made.physical_id, Tags=new["Tags"])
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        """With its packages: AWS would refuse, but here `destroy` has to leave nothing (docs/emulator.md)."""
        name = properties["ModelPackageGroupName"]
        pages = (
            client("sagemaker", context.region)
            .get_paginator("list_model_packages")
            .paginate(ModelPackageGroupName=name)
        )
        for package in [each for found in pages for each in found["ModelPackageSummaryList"]]:
            context.call("sagemaker", "delete_model_package", ModelPackageName=package["ModelPackageArn"])
        ignore_missing(lambda: context.call("sagemaker", "delete_model_package_group", ModelPackageGroupName=name))


def _pipeline(_context: Context, properties: Document) -> Document:
    definition = properties["PipelineDefinition"]
    wanted = {**properties, "ClientRequestToken": uuid.uuid4().hex}
    if "PipelineDefinitionBody" in definition:
        wanted["PipelineDefinition"] = definition["PipelineDefinitionBody"]
    elif "PipelineDefinitionS3Location" in definition:
        wanted.pop("PipelineDefinition")
        where = definition["PipelineDefinitionS3Location"]
        wanted["PipelineDefinitionS3Location"] = {"Bucket": where["Bucket"], "ObjectKey": where["Key"]}
    else:
        wanted["PipelineDefinition"] = json.dumps(definition)
    return wanted


simple(
    "AWS::SageMaker::Pipeline",
    "sagemaker",
    create="create_pipeline",
    update="update_pipeline",
    delete="delete_pipeline",
    name="PipelineName",
    prepare=_pipeline,
    physical_id=lambda _context, properties, _answer: properties["PipelineName"],
    key=lambda name, _properties: {"PipelineName": name, "ClientRequestToken": uuid.uuid4().hex},
)
simple(
    "AWS::SageMaker::Model",
    "sagemaker",
    create="create_model",
    delete="delete_model",
    name="ModelName",
    longest=63,
    physical_id=lambda _context, _properties, answer: answer["ModelArn"],
    key=lambda arn, _properties: {"ModelName": arn.rpartition("/")[2]},
    attributes=lambda _context, properties, answer: {"ModelName": properties["ModelName"], "Id": answer["ModelArn"]},
)
simple(
    "AWS::SageMaker::EndpointConfig",
    "sagemaker",
    create="create_endpoint_config",
    delete="delete_endpoint_config",
    name="EndpointConfigName",
    longest=63,
    physical_id=lambda _context, _properties, answer: answer["EndpointConfigArn"],
    key=lambda arn, _properties: {"EndpointConfigName": arn.rpartition("/")[2]},
    attributes=lambda _context, properties, _answer: {"EndpointConfigName": properties["EndpointConfigName"]},
)


def _workteam(_context: Context, properties: Document) -> Document:
    """CloudFormation calls the members of a Cognito definition otherwise than the API does."""
    names = {"UserPool": "CognitoUserPool", "UserGroup": "CognitoUserGroup", "ClientId": "CognitoClientId"}
    definitions = [
        {"CognitoMemberDefinition": {name: each["CognitoMemberDefinition"][other] for name, other in names.items()}}
        if "CognitoMemberDefinition" in each
        else each
        for each in properties["MemberDefinitions"]
    ]
    return {**properties, "MemberDefinitions": definitions}


simple(
    "AWS::SageMaker::Workteam",
    "sagemaker",
    create="create_workteam",
    update="update_workteam",
    delete="delete_workteam",
    name="WorkteamName",
    longest=63,
    prepare=_workteam,
    physical_id=lambda _context, _properties, answer: answer["WorkteamArn"],
    key=lambda arn, _properties: {"WorkteamName": arn.rpartition("/")[2]},
    attributes=lambda _context, properties, _answer: {"WorkteamName": properties["WorkteamName"]},
    immutable=frozenset({"WorkforceName"}),
)


@resource_type
class Endpoint(ResourceType):
    """Made and changed when the endpoint serves, as CloudFormation waits for it."""

    type_name = "AWS::SageMaker::Endpoint"
    immutable = frozenset({"EndpointName"})
    _longest_seconds = 600

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("EndpointName") or context.name(63)
        arn = context.call("sagemaker", "create_endpoint", **{**properties, "EndpointName": name})["EndpointArn"]
        self._wait(context, name, properties["EndpointConfigName"])
        return Made(arn, {"EndpointName": name, "Id": arn})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        name = made.attributes["EndpointName"]
        context.call("sagemaker", "update_endpoint", **{**new, "EndpointName": name})
        self._wait(context, name, new["EndpointConfigName"])
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        name = made.attributes["EndpointName"]
        ignore_missing(lambda: context.call("sagemaker", "delete_endpoint", EndpointName=name))

    def _wait(self, context: Context, name: str, config: str) -> None:
        deadline = time.monotonic() + self._longest_seconds
        while time.monotonic() < deadline:
            endpoint = context.call("sagemaker", "describe_endpoint", EndpointName=name)
            if endpoint["EndpointStatus"] == "InService" and endpoint["EndpointConfigName"] == config:
                return
            if endpoint["EndpointStatus"] not in ("Creating", "Updating", "SystemUpdating", "RollingBack"):
                reason = endpoint.get("FailureReason", f"{name} ended on {endpoint['EndpointConfigName']}")
                raise ServiceError("NotStabilized", reason)
            time.sleep(0.2)
        raise ServiceError("NotStabilized", f"endpoint {name} is not in service after {self._longest_seconds} s")
