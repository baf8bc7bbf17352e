"""A small table that functions keep their state in: on demand, encrypted with our key, recoverable to any second."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.permissions import Statement


@dataclass(frozen=True, kw_only=True)
class StateTableProps:
    """Its keys (all strings), what becomes of it when the stack goes, and whether items may be deleted at all."""

    key: kms.IKey
    partition_key: str
    sort_key: str | None = None
    time_to_live: str | None = None
    keep: bool = False
    append_only: bool = False


class StateTable(Construct):
    """The table and the statements that let a role use it."""

    table: dynamodb.Table

    def __init__(self, scope: Construct, construct_id: str, *, props: StateTableProps) -> None:
        super().__init__(scope, construct_id)
        self._key = props.key
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_string(props.partition_key),
            sort_key=_string(props.sort_key) if props.sort_key else None,
            time_to_live_attribute=props.time_to_live,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=props.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN if props.keep else cdk.RemovalPolicy.DESTROY,
            deletion_protection=True if props.keep and props.append_only else None,
            resource_policy=_nobody_deletes() if props.append_only else None,
        )

    def allow(self, *operations: str) -> list[Statement]:
        """Statements for operations such as `PutItem`, with what they need of the key."""
        return [
            Statement(actions=[f"dynamodb:{operation}" for operation in operations], resources=[self.table.table_arn]),
            Statement(
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[self._key.key_arn],
            ),
        ]


def _nobody_deletes() -> iam.PolicyDocument:
    """Against everybody's hand, an administrator's too; in a table's policy `*` is the table itself."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="ItemsStay",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLDelete"],
                resources=["*"],
            )
        ]
    )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
