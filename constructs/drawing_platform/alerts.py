"""The topic on which the platform tells people what needs their attention."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from constructs import Construct

# AWS services that publish by themselves: alarms, rules, budgets. Functions publish with their own role.
PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com")


@dataclass(frozen=True, kw_only=True)
class AlertsProps:
    """Who is told."""

    emails: tuple[str, ...]


class Alerts(Construct):
    """An encrypted topic that takes TLS requests only, and its e-mail subscribers."""

    topic: sns.Topic
    key: kms.Key

    def __init__(self, scope: Construct, construct_id: str, *, props: AlertsProps) -> None:
        super().__init__(scope, construct_id)
        self._define_key()
        self._define_topic()
        for email in props.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _define_key(self) -> None:
        # A key of its own: who may read alerts need not be able to read drawings.
        self.key = kms.Key(
            self,
            "Key",
            description=f"Alerts of {cdk.Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,  # messages are delivered, not kept
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishersOfThisAccount",
                principals=[iam.ServicePrincipal(service) for service in PUBLISHERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key policy: this key
                conditions=self._from_this_account(),
            )
        )

    def _define_topic(self) -> None:
        self.topic = sns.Topic(self, "Topic", master_key=self.key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishersOfThisAccount",
                principals=[iam.ServicePrincipal(service) for service in PUBLISHERS],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=self._from_this_account(),
            )
        )

    def _from_this_account(self) -> dict[str, dict[str, str]]:
        return {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
