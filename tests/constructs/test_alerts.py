"""Alerts reach people, encrypted, and only from this account."""

from __future__ import annotations

import pytest
from aws_cdk.assertions import Match, Template

from drawing_platform.alerts import PUBLISHERS, Alerts, AlertsProps
from tests.constructs.empty_stack import empty_stack


@pytest.fixture(scope="module")
def template() -> Template:
    stack = empty_stack()
    Alerts(stack, "Alerts", props=AlertsProps(emails=("a@example.com", "b@example.com")))
    return Template.from_stack(stack)


def test_each_address_is_subscribed(template: Template) -> None:
    template.resource_count_is("AWS::SNS::Subscription", 2)
    template.has_resource_properties("AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "b@example.com"})


@pytest.mark.parametrize(
    ("kind", "document"), [("AWS::SNS::TopicPolicy", "PolicyDocument"), ("AWS::KMS::Key", "KeyPolicy")]
)
def test_services_publish_for_this_account_only(template: Template, kind: str, document: str) -> None:
    statement = {
        "Sid": "PublishersOfThisAccount",
        "Principal": {"Service": sorted(PUBLISHERS)},
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    template.has_resource_properties(kind, {document: {"Statement": Match.array_with([Match.object_like(statement)])}})
