"""Lambda functions with their versions, aliases, permissions and event sources."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import hashlib
import io
import zipfile

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type, tags_as_map
from emulator.cloudformation.simple import simple

_CODE = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")


def _code(code: Document) -> Document:
    found = {name: code[name] for name in _CODE if name in code}
    if "ZipFile" in found:  # inline source text: AWS stores it as index.py in an archive
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as bundle:
            # A fixed time keeps the hash of unchanged source the same.
            bundle.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), found["ZipFile"])
        found["ZipFile"] = archive.getvalue()
    return found


@resource_type
class Function(ResourceType):
    type_name = "AWS::Lambda::Function"
    immutable = frozenset({"FunctionName", "PackageType"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("FunctionName") or context.name(64)
        wanted = {**properties, "FunctionName": name, "Code": _code(properties["Code"])}
        answer = context.call("lambda", "create_function", **{**wanted, "Tags": tags_as_map(properties)})
        self._concurrency(context, name, properties)
        return Made(name, {"Arn": answer["FunctionArn"]})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        name = made.physical_id
        if new["Code"] != old["Code"]:
            context.call("lambda", "update_function_code", FunctionName=name, **_code(new["Code"]))
        settings = {key: value for key, value in new.items() if key not in ("Code", "FunctionName", "Tags")}
        if "Environment" in old and "Environment" not in new:
            settings["Environment"] = {"Variables": {}}
        context.call("lambda", "update_function_configuration", FunctionName=name, **settings)
        self._concurrency(context, name, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("lambda", "delete_function", FunctionName=made.physical_id))

    @staticmethod
    def _concurrency(context: Context, name: str, properties: Document) -> None:
        if "ReservedConcurrentExecutions" in properties:
            reserved = properties["ReservedConcurrentExecutions"]
            context.call("lambda", "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=reserved)


@resource_type
class Permission(ResourceType):
    type_name = "AWS::Lambda::Permission"

    def create(self, context: Context, properties: Document) -> Made:
        statement = context.name(100)
        context.call("lambda", "add_permission", StatementId=statement, **properties)
        return Made(statement)

    def replaces(self, old: Document, new: Document) -> bool:
        return True

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        name, statement = properties["FunctionName"], made.physical_id
        ignore_missing(lambda: context.call("lambda", "remove_permission", FunctionName=name, StatementId=statement))


simple(
    "AWS::Lambda::Version",
    "lambda",
    create="publish_version",
    physical_id=lambda _context, _properties, answer: answer["FunctionArn"],
    key=lambda arn, properties: {"FunctionName": properties["FunctionName"], "Qualifier": arn.rpartition(":")[2]},
    attributes=lambda _context, _properties, answer: {
        "Version": answer["Version"],
        "FunctionArn": answer["FunctionArn"],
    },
)
simple(
    "AWS::Lambda::Alias",
    "lambda",
    create="create_alias",
    update="update_alias",
    delete="delete_alias",
    physical_id=lambda _context, _properties, answer: answer["AliasArn"],
    key=lambda _arn, properties: {"FunctionName": properties["FunctionName"], "Name": properties["Name"]},
    immutable=frozenset({"FunctionName", "Name"}),
    attributes=lambda _context, _properties, answer: {"AliasArn": answer["AliasArn"]},
)
simple(
    "AWS::Lambda::EventSourceMapping",
    "lambda",
    create="create_event_source_mapping",
    update="update_event_source_mapping",
    delete="delete_event_source_mapping",
    prepare=lambda _context, properties: {**properties, "Tags": tags_as_map(properties)},
    physical_id=lambda _context, _properties, answer: answer["UUID"],
    key=lambda uuid, _properties: {"UUID": uuid},
    immutable=frozenset({"EventSourceArn"}),
    attributes=lambda context, _properties, answer: {
        "Id": answer["UUID"],
        "EventSourceMappingArn": context.arn("lambda", f"event-source-mapping:{answer['UUID']}"),
    },
)
simple(
    "AWS::Lambda::EventInvokeConfig",
    "lambda",
    create="put_function_event_invoke_config",
    update="put_function_event_invoke_config",
    delete="delete_function_event_invoke_config",
    physical_id=lambda context, _properties, _answer: context.name(64),
    key=lambda _id, properties: {"FunctionName": properties["FunctionName"]},
    immutable=frozenset({"FunctionName", "Qualifier"}),
)


def _layer(_context: Context, properties: Document) -> Document:
    properties["LayerName"] = (
        properties.get("LayerName") or "layer-" + hashlib.sha256(str(properties).encode()).hexdigest()[:12]
    )
    return properties


simple(
    "AWS::Lambda::LayerVersion",
    "lambda",
    create="publish_layer_version",
    delete="delete_layer_version",
    prepare=_layer,
    physical_id=lambda _context, _properties, answer: answer["LayerVersionArn"],
    key=lambda arn, _properties: {"LayerName": arn.split(":")[6], "VersionNumber": int(arn.rpartition(":")[2])},
)
