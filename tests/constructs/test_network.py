"""The private network has no way out but the endpoints of the services that the platform calls."""

from __future__ import annotations

import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from drawing_platform.network import INTERFACE_ENDPOINTS, Network, NetworkProps
from drawing_platform.settings import NetworkSettings
from tests.constructs.empty_stack import empty_stack

ZONES = ("eu-central-1a", "eu-central-1b")


@pytest.fixture(scope="module")
def template() -> Template:
    stack = empty_stack()
    Network(
        stack,
        "Network",
        props=NetworkProps(
            network=NetworkSettings(mode="private", cidr="10.40.0.0/20", availability_zones=ZONES),
            log_retention=logs.RetentionDays.ONE_WEEK,
            log_key=kms.Key(stack, "Key"),
        ),
    )
    return Template.from_stack(stack)


@pytest.mark.parametrize("kind", ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"])
def test_there_is_no_way_to_the_internet(template: Template, kind: str) -> None:
    template.resource_count_is(kind, 0)


def test_subnets_lie_in_the_two_zones_of_the_settings_and_give_no_public_address(template: Template) -> None:
    subnets = [subnet["Properties"] for subnet in template.find_resources("AWS::EC2::Subnet").values()]
    assert sorted(subnet["AvailabilityZone"] for subnet in subnets) == list(ZONES)
    assert all(subnet["MapPublicIpOnLaunch"] is False for subnet in subnets)


def test_every_service_that_the_platform_calls_has_an_endpoint(template: Template) -> None:
    endpoints = [endpoint["Properties"] for endpoint in template.find_resources("AWS::EC2::VPCEndpoint").values()]
    kinds = [endpoint["VpcEndpointType"] for endpoint in endpoints]
    assert (kinds.count("Interface"), kinds.count("Gateway")) == (len(INTERFACE_ENDPOINTS), 2)
    names = " ".join(str(endpoint["ServiceName"]) for endpoint in endpoints)
    for service in ("sagemaker.api", "sagemaker.runtime", "logs", "ecr.api", "ecr.dkr", "sts", "kms", "states", "sqs"):
        assert f".{service}" in names


def test_interface_endpoints_take_https_from_workloads_only(template: Template) -> None:
    rules = [rule["Properties"] for rule in template.find_resources("AWS::EC2::SecurityGroupIngress").values()]
    assert [(rule["FromPort"], rule["ToPort"], "SourceSecurityGroupId" in rule) for rule in rules] == [(443, 443, True)]


def test_traffic_is_logged_into_an_encrypted_group_that_expires(template: Template) -> None:
    template.resource_count_is("AWS::EC2::FlowLog", 1)
    group = next(iter(template.find_resources("AWS::Logs::LogGroup").values()))["Properties"]
    assert group["RetentionInDays"] == 7
    assert "KmsKeyId" in group
