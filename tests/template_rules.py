"""What must hold in every CloudFormation template of the platform. Each rule gives back its offences, one line each.

The same functions look at the real templates and at templates with a fault put in on purpose (tests/stacks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from drawing_platform.wildcards import ACTIONS_WITHOUT_RESOURCE

Template = dict[str, Any]
Rule = Callable[[Template], list[str]]

NOT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def resources(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical id and properties of each resource of type `kind`."""
    for name, resource in template.get("Resources", {}).items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refers_to(value: Any, logical_id: str) -> bool:
    """Whether `value` is or holds a reference to the resource `logical_id` of the same template."""
    if isinstance(value, dict):
        if value.get("Ref") == logical_id or as_list(value.get("Fn::GetAtt"))[0] == logical_id:
            return True
        return any(refers_to(part, logical_id) for part in value.values())
    return isinstance(value, list) and any(refers_to(part, logical_id) for part in value)


def buckets_are_private(template: Template) -> list[str]:
    wanted = {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    return [
        f"{name}: public access is not blocked"
        for name, properties in resources(template, "AWS::S3::Bucket")
        if properties.get("PublicAccessBlockConfiguration") != wanted
    ]


def buckets_are_versioned(template: Template) -> list[str]:
    return [
        f"{name}: not versioned"
        for name, properties in resources(template, "AWS::S3::Bucket")
        if properties.get("VersioningConfiguration", {}).get("Status") != "Enabled"
    ]


def buckets_are_encrypted_with_our_key(template: Template) -> list[str]:
    """S3 cannot write access logs into a bucket with a customer's key, so the receiver of access logs is left out."""
    receivers = [
        properties["LoggingConfiguration"].get("DestinationBucketName")
        for _, properties in resources(template, "AWS::S3::Bucket")
        if "LoggingConfiguration" in properties
    ]
    offences = []
    for name, properties in resources(template, "AWS::S3::Bucket"):
        rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        defaults = [rule["ServerSideEncryptionByDefault"] for rule in rules]
        by_our_key = any(default["SSEAlgorithm"] == "aws:kms" and "KMSMasterKeyID" in default for default in defaults)
        is_receiver = any(refers_to(receiver, name) for receiver in receivers)
        if not (by_our_key or (is_receiver and defaults)):
            offences.append(f"{name}: not encrypted with our key")
    return offences


def _refuse_plain_http(template: Template, kind: str, policy_kind: str, attached: str, action: str) -> list[str]:
    """Resources of `kind` without a policy that denies `action` to everybody when the request is not TLS."""
    offences = []
    for name, _ in resources(template, kind):
        denied = any(
            statement["Effect"] == "Deny"
            and statement.get("Condition") == NOT_TLS
            and statement.get("Principal") in ("*", {"AWS": "*"})
            and action in as_list(statement["Action"])
            for _, policy in resources(template, policy_kind)
            if refers_to(policy[attached], name)
            for statement in policy["PolicyDocument"]["Statement"]
        )
        if not denied:
            offences.append(f"{name}: takes requests without TLS")
    return offences


def buckets_take_tls_only(template: Template) -> list[str]:
    return _refuse_plain_http(template, "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket", "s3:*")


def topics_take_tls_only(template: Template) -> list[str]:
    return _refuse_plain_http(template, "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns:Publish")


def queues_take_tls_only(template: Template) -> list[str]:
    return _refuse_plain_http(template, "AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs:*")


def topics_are_encrypted(template: Template) -> list[str]:
    return [
        f"{name}: not encrypted"
        for name, properties in resources(template, "AWS::SNS::Topic")
        if "KmsMasterKeyId" not in properties
    ]


def queues_are_encrypted(template: Template) -> list[str]:
    return [
        f"{name}: not encrypted"
        for name, properties in resources(template, "AWS::SQS::Queue")
        if not properties.get("KmsMasterKeyId") and not properties.get("SqsManagedSseEnabled")
    ]


def queues_have_a_dead_letter_queue(template: Template) -> list[str]:
    """A queue hands what nobody could process to another one, or is that other one of a queue, a rule or a function."""
    users = [
        properties
        for kind in ("AWS::SQS::Queue", "AWS::Events::Rule", "AWS::Lambda::Function", "AWS::Scheduler::Schedule")
        for _, properties in resources(template, kind)
    ]
    users += [properties for _, properties in resources(template, "AWS::Lambda::EventInvokeConfig")]
    receivers = [value for properties in users for value in _dead_letter_targets(properties)]
    return [
        f"{name}: has no dead-letter queue"
        for name, properties in resources(template, "AWS::SQS::Queue")
        if "RedrivePolicy" not in properties and not any(refers_to(value, name) for value in receivers)
    ]


def _dead_letter_targets(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in ("RedrivePolicy", "DeadLetterConfig", "OnFailure"):
                yield part
            else:
                yield from _dead_letter_targets(part)
    elif isinstance(value, list):
        for part in value:
            yield from _dead_letter_targets(part)


def keys_rotate(template: Template) -> list[str]:
    return [
        f"{name}: does not rotate"
        for name, properties in resources(template, "AWS::KMS::Key")
        if properties.get("EnableKeyRotation") is not True
    ]


def tables_are_encrypted_and_recoverable(template: Template) -> list[str]:
    offences = []
    for name, properties in resources(template, "AWS::DynamoDB::Table"):
        if not properties.get("SSESpecification", {}).get("SSEEnabled"):
            offences.append(f"{name}: not encrypted with our key")
        if not properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            offences.append(f"{name}: no point-in-time recovery")
    for name, properties in resources(template, "AWS::DynamoDB::GlobalTable"):
        if not properties.get("SSESpecification", {}).get("SSEEnabled"):
            offences.append(f"{name}: not encrypted with our key")
        for replica in properties["Replicas"]:
            if not replica.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
                offences.append(f"{name}: no point-in-time recovery in {replica['Region']}")
    return offences


def log_groups_expire(template: Template) -> list[str]:
    return [
        f"{name}: keeps its logs for ever"
        for name, properties in resources(template, "AWS::Logs::LogGroup")
        if not properties.get("RetentionInDays")
    ]


def functions_log_into_a_group_of_ours(template: Template) -> list[str]:
    """Otherwise Lambda makes a group that never expires. Functions that the CDK adds by itself are left out."""
    return [
        f"{name}: logs into a group that never expires"
        for name, properties in _our_functions(template)
        if "LogGroup" not in properties.get("LoggingConfig", {})
    ]


def functions_are_traced(template: Template) -> list[str]:
    return [
        f"{name}: not traced"
        for name, properties in _our_functions(template)
        if properties.get("TracingConfig", {}).get("Mode") != "Active"
    ]


def _our_functions(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, properties in resources(template, "AWS::Lambda::Function"):
        # The CDK's own are Node, or called so: they copy files while a stack is deployed.
        if str(properties.get("Runtime", "")).startswith("python") and not name.startswith("CustomCDKBucketDeployment"):
            yield name, properties


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Owner and content of each statement that gives rights to a role (not of resource policies)."""
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for name, properties in resources(template, kind):
            for statement in as_list(properties["PolicyDocument"]["Statement"]):
                yield name, statement
    for name, properties in resources(template, "AWS::IAM::Role"):
        for policy in properties.get("Policies", []):
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                yield name, statement


def no_action_is_a_wildcard(template: Template) -> list[str]:
    """`*` and `service:*`; a prefix such as `kms:GenerateDataKey*` names one thing and stays allowed."""
    return [
        f"{name}: may do {action}"
        for name, statement in statements(template)
        if statement["Effect"] == "Allow"
        for action in as_list(statement.get("Action", "*"))
        if action == "*" or action.endswith(":*")
    ]


def no_right_reaches_every_resource(template: Template) -> list[str]:
    return [
        f"{name}: {action} on every resource"
        for name, statement in statements(template)
        if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource", "*"))
        for action in as_list(statement.get("Action", "*"))
        if action not in ACTIONS_WITHOUT_RESOURCE
    ]


def no_role_has_full_access(template: Template) -> list[str]:
    return [
        f"{name}: has {policy}"
        for name, properties in resources(template, "AWS::IAM::Role")
        for policy in map(str, properties.get("ManagedPolicyArns", []))
        if "FullAccess" in policy or "AdministratorAccess" in policy or "PowerUserAccess" in policy
    ]


def roles_are_passed_to_named_services_only(template: Template) -> list[str]:
    return [
        f"{name}: iam:PassRole without iam:PassedToService"
        for name, statement in statements(template)
        if "iam:PassRole" in as_list(statement.get("Action", []))
        and "iam:PassedToService" not in str(statement.get("Condition", {}))
    ]


def state_machines_log_and_are_traced(template: Template) -> list[str]:
    return [
        f"{name}: neither logged nor traced"
        for name, properties in resources(template, "AWS::StepFunctions::StateMachine")
        if properties.get("LoggingConfiguration", {}).get("Level", "OFF") == "OFF"
        or not properties.get("TracingConfiguration", {}).get("Enabled")
    ]


def no_security_group_is_open_to_the_world(template: Template) -> list[str]:
    offences = [
        f"{name}: takes connections from anywhere"
        for name, properties in resources(template, "AWS::EC2::SecurityGroupIngress")
        if properties.get("CidrIp") == "0.0.0.0/0"
    ]
    return offences + [
        f"{name}: takes connections from anywhere"
        for name, properties in resources(template, "AWS::EC2::SecurityGroup")
        for rule in properties.get("SecurityGroupIngress", [])
        if rule.get("CidrIp") == "0.0.0.0/0"
    ]


def the_endpoint_is_not_in_the_template(template: Template) -> list[str]:
    """The release workflow owns the reader's: a deployment must never put an older model back.

    What embeds is another thing: the settings say which it is, and no approval.
    """
    kinds = ("AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Model")
    return [
        f"{name}: is a {kind}"
        for kind in kinds
        for name, _ in resources(template, kind)
        if not name.startswith("Embedder")
    ]


RULES: tuple[Rule, ...] = (
    buckets_are_private,
    buckets_are_versioned,
    buckets_are_encrypted_with_our_key,
    buckets_take_tls_only,
    topics_take_tls_only,
    topics_are_encrypted,
    queues_take_tls_only,
    queues_are_encrypted,
    queues_have_a_dead_letter_queue,
    keys_rotate,
    tables_are_encrypted_and_recoverable,
    log_groups_expire,
    functions_log_into_a_group_of_ours,
    functions_are_traced,
    no_action_is_a_wildcard,
    no_right_reaches_every_resource,
    no_role_has_full_access,
    roles_are_passed_to_named_services_only,
    state_machines_log_and_are_traced,
    no_security_group_is_open_to_the_world,
    the_endpoint_is_not_in_the_template,
)
