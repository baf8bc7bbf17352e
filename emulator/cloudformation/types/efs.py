"""EFS: file systems, and the access points that functions mount (emulator/functions/mounts.py)."""

from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context
from emulator.cloudformation.simple import simple

_SERVICE = "elasticfilesystem"


def _file_system(context: Context, properties: Document) -> Document:
    # CloudFormation calls the tags otherwise than the API does; the token makes a repeated call harmless.
    return {**properties, "CreationToken": context.name(64), "Tags": properties.get("FileSystemTags")}


def _access_point(context: Context, properties: Document) -> Document:
    return {**properties, "ClientToken": context.name(64), "Tags": properties.get("AccessPointTags")}


simple(
    "AWS::EFS::FileSystem",
    "efs",
    create="create_file_system",
    delete="delete_file_system",
    prepare=_file_system,
    physical_id=lambda _context, _properties, answer: answer["FileSystemId"],
    key=lambda identity, _properties: {"FileSystemId": identity},
    attributes=lambda context, _properties, answer: {
        "FileSystemId": answer["FileSystemId"],
        "Arn": context.arn(_SERVICE, f"file-system/{answer['FileSystemId']}"),
    },
)
simple(
    "AWS::EFS::AccessPoint",
    "efs",
    create="create_access_point",
    delete="delete_access_point",
    prepare=_access_point,
    physical_id=lambda _context, _properties, answer: answer["AccessPointId"],
    key=lambda identity, _properties: {"AccessPointId": identity},
    attributes=lambda context, _properties, answer: {
        "AccessPointId": answer["AccessPointId"],
        "Arn": context.arn(_SERVICE, f"access-point/{answer['AccessPointId']}"),
    },
)
