"""The search stack: encryption, who gets in, what each function may do, and who is told when something is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drawing_platform.search_api import ROUTES
from tests.template_rules import Template, as_list, resources

ENVIRONMENTS = ("dev", "local", "prod", "staging")
DOMAINS = ("dev", "prod", "staging")


@pytest.fixture(params=ENVIRONMENTS)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[f"{request.param}-search"]


@pytest.fixture(params=DOMAINS)
def domain(request: pytest.FixtureRequest, templates: dict[str, Template]) -> dict[str, Any]:
    return the(templates[f"{request.param}-search"], "AWS::OpenSearchService::Domain")


def the(template: Template, kind: str) -> dict[str, Any]:
    (found,) = resources(template, kind)
    return found[1]


def rights(template: Template, role: str) -> set[tuple[str, str]]:
    """(action, resource as text) of every right of the role whose logical id begins with `role`."""
    return {
        (action, json.dumps(resource))
        for name, policy in resources(template, "AWS::IAM::Policy")
        if name.startswith(role)
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def test_the_domain_is_encrypted_on_disk_between_its_machines_and_on_the_way(domain: dict[str, Any]) -> None:
    assert domain["EncryptionAtRestOptions"]["Enabled"] is True
    assert "KmsKeyId" in domain["EncryptionAtRestOptions"]
    assert domain["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert domain["DomainEndpointOptions"] == {
        "EnforceHTTPS": True,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }


def test_only_named_roles_get_into_the_domain_and_it_has_no_passwords(domain: dict[str, Any]) -> None:
    security = domain["AdvancedSecurityOptions"]
    assert (security["Enabled"], security["InternalUserDatabaseEnabled"]) == (True, False)
    assert list(security["MasterUserOptions"]) == ["MasterUserARN"]
    (statement,) = domain["AccessPolicies"]["Statement"]
    principals = statement["Principal"]["AWS"]
    assert len(principals) == 5  # who searches, who indexes, who compares, who fills, who lets in
    assert all(list(principal) == ["Fn::GetAtt"] for principal in principals)
    assert not any("*" in action for action in statement["Action"])


def test_the_domain_writes_slow_logs_and_who_came_in(domain: dict[str, Any]) -> None:
    logs = domain["LogPublishingOptions"]
    assert {name for name, option in logs.items() if option["Enabled"]} == {
        "SEARCH_SLOW_LOGS",
        "INDEX_SLOW_LOGS",
        "ES_APPLICATION_LOGS",
        "AUDIT_LOGS",
    }


def test_who_fills_an_index_deletes_no_drawing_and_orders_nothing(templates: dict[str, Template]) -> None:
    held = rights(templates["prod-search"], "IndexBackfillRole")
    written = {resource for action, resource in held if action.startswith(("s3:Put", "s3:Delete"))}
    assert all("/drawings/*" not in resource for resource in written)
    assert {resource for action, resource in held if action == "s3:DeleteObject"} < written
    assert not any(action.startswith("sqs:") for action, _ in held)


@pytest.mark.parametrize("env", DOMAINS)
def test_in_a_private_network_the_domain_takes_connections_of_workloads_only(
    env: str, templates: dict[str, Template]
) -> None:
    template, private = templates[f"{env}-search"], f"{env}-network" in templates
    domain = the(template, "AWS::OpenSearchService::Domain")
    assert ("VPCOptions" in domain) == private
    if private:
        assert (
            len(domain["VPCOptions"]["SubnetIds"])
            == domain["ClusterConfig"]["ZoneAwarenessConfig"]["AvailabilityZoneCount"]
        )
        ingress = the(template, "AWS::EC2::SecurityGroupIngress")
        assert (ingress["FromPort"], ingress["ToPort"]) == (443, 443)
        assert "SourceSecurityGroupId" in ingress


def test_production_has_a_replica_in_a_second_zone_and_outlives_its_stack(templates: dict[str, Template]) -> None:
    template = templates["prod-search"]
    cluster = the(template, "AWS::OpenSearchService::Domain")["ClusterConfig"]
    assert cluster["ZoneAwarenessEnabled"] is True
    assert cluster["InstanceCount"] >= 2
    (kept,) = [item for item in template["Resources"].values() if item["Type"] == "AWS::OpenSearchService::Domain"]
    assert kept["DeletionPolicy"] == "Retain"


def test_every_request_to_the_api_is_signed_by_somebody_whom_iam_lets(template: Template) -> None:
    routes = [properties for _, properties in resources(template, "AWS::ApiGatewayV2::Route")]
    assert {route["RouteKey"] for route in routes} == {f"{method} {path}" for method, path in ROUTES}
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}
    stage = the(template, "AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    assert "body" not in stage["AccessLogSettings"]["Format"].lower()


def test_who_searches_changes_nothing(template: Template) -> None:
    actions = {action for action, _ in rights(template, "ApiFunctionRole")}
    changing = {action for action in actions if action.split(":")[1].startswith(("Put", "Delete", "Create", "Update"))}
    assert (
        changing
        - {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments"}
        - {
            "xray:PutTelemetryRecords",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
        }
        == set()
    )
    assert not actions & {"es:ESHttpPut", "es:ESHttpDelete", "sqs:SendMessage"}


def test_who_indexes_writes_thumbnails_and_refusals_only(template: Template) -> None:
    put = {resource for action, resource in rights(template, "IndexRole") if action == "s3:PutObject"}
    assert {resource.rsplit("/", 2)[-2].rsplit('"', 1)[-1] for resource in put} == {"thumbnails", "search"}


def test_drawings_alone_wake_the_index_and_what_failed_five_times_is_kept(template: Template) -> None:
    rules = [each["EventPattern"] for _, each in resources(template, "AWS::Events::Rule") if "EventPattern" in each]
    (pattern,) = [pattern for pattern in rules if pattern["source"] == ["aws.s3"]]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "drawings/"}]
    assert pattern["detail-type"] == ["Object Created", "Object Deleted"]
    (queue,) = [each for _, each in resources(template, "AWS::SQS::Queue") if "RedrivePolicy" in each]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    mapping = the(template, "AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] >= 6 * 150


def test_an_approved_embedder_wakes_its_release_which_may_touch_no_other_endpoint(template: Template) -> None:
    rules = [each["EventPattern"] for _, each in resources(template, "AWS::Events::Rule") if "EventPattern" in each]
    decided, rested = (pattern for pattern in rules if pattern["source"] == ["aws.sagemaker"])
    (group,) = decided["detail"]["ModelPackageGroupName"]
    assert group.endswith("-embedders")
    (prefix,) = rested["detail"]["EndpointName"]
    made = {
        resource for action, resource in rights(template, "ReleaseFunction") if action.startswith("sagemaker:Create")
    }
    assert made
    assert all(f"/{prefix['prefix']}*" in resource for resource in made)


def test_somebody_is_told_of_everything_that_can_go_wrong(template: Template) -> None:
    alarms = [each for _, each in resources(template, "AWS::CloudWatch::Alarm")]
    watched = {each["MetricName"] for each in alarms}
    assert {"5xx", "Invocation5XXErrors", "DrawingsRefused", "IndexDifferences"} <= watched
    assert "ApproximateAgeOfOldestMessage" in watched
    if list(resources(template, "AWS::OpenSearchService::Domain")):
        assert {"ClusterStatus.red", "FreeStorageSpace", "KNNCircuitBreakerTriggered", "KMSKeyError"} <= watched
        assert "AutomatedSnapshotFailure" in watched
    assert all(each["AlarmActions"] for each in alarms)


def test_the_account_on_one_machine_has_a_folder_instead_of_a_domain(templates: dict[str, Template]) -> None:
    template = templates["local-search"]
    assert list(resources(template, "AWS::OpenSearchService::Domain")) == []
    assert the(template, "AWS::EFS::FileSystem")["Encrypted"] is True
    mounted = [
        each["FileSystemConfigs"][0]["LocalMountPath"]
        for _, each in resources(template, "AWS::Lambda::Function")
        if "FileSystemConfigs" in each
    ]
    assert mounted == ["/mnt/search"] * 4
