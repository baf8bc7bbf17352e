"""EFS: file systems, and the access points that functions mount (emulator/functions/mounts.py)."""

from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context
from emulator.cloudformation.simple import simple

_SERVICE = "elasticfilesystem"


def _defined(kind: str, operation: str, path: str, *, token: str) -> None:
    """One type of EFS.

    Args:
        kind: `FileSystem`; its id and its tags are called after it.
        operation: what creates and deletes it, without the verb.
        path: of its ARN.
        token: the parameter that makes a repeated call harmless.
    """
    identity = f"{kind}Id"

    def prepare(context: Context, properties: Document) -> Document:
        # CloudFormation calls the tags otherwise than the API does.
        return {**properties, token: context.name(64), "Tags": properties.get(f"{kind}Tags")}

    simple(
        f"AWS::EFS::{kind}",
        "efs",
        create=f"create_{operation}",
        delete=f"delete_{operation}",
        prepare=prepare,
        physical_id=lambda _context, _properties, answer: answer[identity],
        key=lambda known, _properties: {identity: known},
        attributes=lambda context, _properties, answer: {
            identity: answer[identity],
            "Arn": context.arn(_SERVICE, f"{path}/{answer[identity]}"),
        },
    )


_defined("FileSystem", "file_system", "file-system", token="CreationToken")
_defined("AccessPoint", "access_point", "access-point", token="ClientToken")
