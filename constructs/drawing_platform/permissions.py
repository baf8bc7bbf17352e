"""What a role of ours may do.

A policy goes to the CDK as one document: each statement of its own would cost two calls into its Node process, which at
several hundred roles is a fifth of the time of a synthesis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_iam as iam

POLICY = "DefaultPolicy"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Allows actions on resources. Refusals and policies of resources, which name principals, are the CDK's own.

    Attributes:
        actions: of IAM, for example `s3:GetObject`.
        resources: ARNs, which may be tokens of the CDK.
        conditions: by operator, then by key.
        sid: the statement's name.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, Any]] | None = None
    sid: str | None = None

    def document(self) -> dict[str, Any]:
        """The statement as IAM writes it."""
        return {
            **({"Sid": self.sid} if self.sid else {}),
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **({"Condition": self.conditions} if self.conditions else {}),
        }


def allow(role: iam.Role, statements: Iterable[Statement]) -> iam.Policy:
    """Gives the role its policy, once.

    Returns:
        The policy: what must not start before it is there depends on it.

    Raises:
        RuntimeError: the role has its policy already.
    """
    document = iam.PolicyDocument.from_json({"Statement": [statement.document() for statement in statements]})
    return iam.Policy(role, POLICY, document=document, roles=[role])
