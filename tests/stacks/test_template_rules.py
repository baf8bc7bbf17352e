"""What must hold in every template holds, and each rule finds the fault that it is there for."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests import template_rules
from tests.template_rules import RULES, Rule, Template, resources

Fault = Callable[[Template], None]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_template_of_every_environment_follows(rule: Rule, templates: dict[str, Template]) -> None:
    assert {name: found for name, template in templates.items() if (found := rule(template))} == {}


def first(template: Template, kind: str) -> dict:  # type: ignore[type-arg]
    """The properties of the first resource of `kind`."""
    return next(properties for _, properties in resources(template, kind))


def public_bucket(template: Template) -> None:
    first(template, "AWS::S3::Bucket")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False


def unversioned_bucket(template: Template) -> None:
    del first(template, "AWS::S3::Bucket")["VersioningConfiguration"]


def bucket_with_amazons_key(template: Template) -> None:
    for _, properties in resources(template, "AWS::S3::Bucket"):
        properties["BucketEncryption"]["ServerSideEncryptionConfiguration"] = [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]


def bucket_without_tls(template: Template) -> None:
    statements = first(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    statements[:] = [statement for statement in statements if "aws:SecureTransport" not in str(statement)]


def topic_without_tls(template: Template) -> None:
    statements = first(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    statements[:] = [statement for statement in statements if "aws:SecureTransport" not in str(statement)]


def plain_topic(template: Template) -> None:
    del first(template, "AWS::SNS::Topic")["KmsMasterKeyId"]


def key_without_rotation(template: Template) -> None:
    first(template, "AWS::KMS::Key")["EnableKeyRotation"] = False


def add(template: Template, kind: str, properties: dict) -> None:  # type: ignore[type-arg]
    template["Resources"]["Faulty"] = {"Type": kind, "Properties": properties}


def role_with(statement: dict) -> Fault:  # type: ignore[type-arg]
    def fault(template: Template) -> None:
        policy = {"PolicyDocument": {"Statement": [{"Effect": "Allow", **statement}]}}
        add(template, "AWS::IAM::Policy", policy)

    return fault


def role_with_inline_wildcard(template: Template) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::bucket"}
    add(template, "AWS::IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]})


def role_with_full_access(template: Template) -> None:
    join = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/AmazonSageMakerFullAccess"]]}
    add(template, "AWS::IAM::Role", {"ManagedPolicyArns": [join]})


def plain_queue(template: Template) -> None:
    add(template, "AWS::SQS::Queue", {})


def plain_table(template: Template) -> None:
    add(template, "AWS::DynamoDB::Table", {})


def global_table_without_recovery(template: Template) -> None:
    add(
        template,
        "AWS::DynamoDB::GlobalTable",
        {"SSESpecification": {"SSEEnabled": True}, "Replicas": [{"Region": "eu-central-1"}]},
    )


def endless_log_group(template: Template) -> None:
    add(template, "AWS::Logs::LogGroup", {})


def plain_function(template: Template) -> None:
    add(template, "AWS::Lambda::Function", {"Runtime": "python3.12"})


def silent_state_machine(template: Template) -> None:
    add(template, "AWS::StepFunctions::StateMachine", {"LoggingConfiguration": {"Level": "OFF"}})


def open_security_group(template: Template) -> None:
    add(template, "AWS::EC2::SecurityGroup", {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0"}]})


def open_ingress(template: Template) -> None:
    add(template, "AWS::EC2::SecurityGroupIngress", {"CidrIp": "0.0.0.0/0"})


def endpoint_in_the_stack(template: Template) -> None:
    add(template, "AWS::SageMaker::Endpoint", {})


FAULTS: list[tuple[Rule, Fault]] = [
    (template_rules.buckets_are_private, public_bucket),
    (template_rules.buckets_are_versioned, unversioned_bucket),
    (template_rules.buckets_are_encrypted_with_our_key, bucket_with_amazons_key),
    (template_rules.buckets_take_tls_only, bucket_without_tls),
    (template_rules.topics_take_tls_only, topic_without_tls),
    (template_rules.topics_are_encrypted, plain_topic),
    (template_rules.queues_take_tls_only, plain_queue),
    (template_rules.queues_are_encrypted, plain_queue),
    (template_rules.queues_have_a_dead_letter_queue, plain_queue),
    (template_rules.keys_rotate, key_without_rotation),
    (template_rules.tables_are_encrypted_and_recoverable, plain_table),
    (template_rules.tables_are_encrypted_and_recoverable, global_table_without_recovery),
    (template_rules.log_groups_expire, endless_log_group),
    (template_rules.functions_log_into_a_group_of_ours, plain_function),
    (template_rules.functions_are_traced, plain_function),
    (template_rules.no_action_is_a_wildcard, role_with({"Action": "sagemaker:*", "Resource": "arn:aws:x"})),
    (template_rules.no_action_is_a_wildcard, role_with({"Action": ["s3:GetObject", "*"], "Resource": "arn:aws:x"})),
    (template_rules.no_action_is_a_wildcard, role_with_inline_wildcard),
    (template_rules.no_right_reaches_every_resource, role_with({"Action": "s3:GetObject", "Resource": "*"})),
    (template_rules.no_role_has_full_access, role_with_full_access),
    (
        template_rules.roles_are_passed_to_named_services_only,
        role_with({"Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/r"}),
    ),
    (template_rules.state_machines_log_and_are_traced, silent_state_machine),
    (template_rules.no_security_group_is_open_to_the_world, open_security_group),
    (template_rules.no_security_group_is_open_to_the_world, open_ingress),
    (template_rules.the_endpoint_is_not_in_the_template, endpoint_in_the_stack),
]


@pytest.mark.parametrize(("rule", "fault"), FAULTS, ids=lambda value: value.__name__)
def test_a_fault_put_in_on_purpose_is_found(rule: Rule, fault: Fault, templates: dict[str, Template]) -> None:
    template = copy.deepcopy(templates["prod-data"])
    assert rule(template) == []
    fault(template)
    assert rule(template) != []


def test_every_rule_is_proved_by_a_fault() -> None:
    assert {rule.__name__ for rule, _ in FAULTS} == {rule.__name__ for rule in RULES}
