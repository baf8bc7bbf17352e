"""The data store: private, versioned, encrypted, and nothing that a version refers to ever expires."""

from __future__ import annotations

import pytest
from aws_cdk.assertions import Match, Template

from drawing_platform.data_store import PREFIXES, REFERRED_TO_BY_VERSION, DataStore, DataStoreProps
from drawing_platform.settings import StorageSettings
from tests.constructs.empty_stack import empty_stack

KEEP = StorageSettings(
    removal="retain",
    noncurrent_versions_days=30,
    results_days=60,
    quarantine_days=90,
    access_log_days=7,
    capture_days=14,
)


def template_with(storage: StorageSettings) -> Template:
    stack = empty_stack()
    DataStore(stack, "Store", props=DataStoreProps(storage=storage))
    return Template.from_stack(stack)


@pytest.fixture(scope="module")
def template() -> Template:
    return template_with(KEEP)


def data_bucket(template: Template) -> dict:  # type: ignore[type-arg]
    """The bucket that writes its access log into the other one."""
    buckets = template.find_resources("AWS::S3::Bucket", {"Properties": {"LoggingConfiguration": Match.any_value()}})
    assert len(buckets) == 1
    return dict(next(iter(buckets.values()))["Properties"])


def test_changes_are_told_to_eventbridge_without_a_function_in_between(template: Template) -> None:
    notification = data_bucket(template)["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    template.resource_count_is("AWS::Lambda::Function", 0)


def test_each_prefix_has_its_own_lifecycle(template: Template) -> None:
    rules = {
        rule["Prefix"]: rule for rule in data_bucket(template)["LifecycleConfiguration"]["Rules"] if "Prefix" in rule
    }
    assert set(rules) == set(PREFIXES)
    assert rules["results/"]["ExpirationInDays"] == 60
    assert rules["quarantine/"]["ExpirationInDays"] == 90
    assert rules["capture/"]["ExpirationInDays"] == 14
    assert rules["capture/"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert all("ExpirationInDays" not in rules[prefix] for prefix in ("drawings/", "labels/", "datasets/", "models/"))


def test_old_versions_that_manifests_refer_to_never_expire(template: Template) -> None:
    for rule in data_bucket(template)["LifecycleConfiguration"]["Rules"]:
        expires = "NoncurrentVersionExpiration" in rule
        assert expires == (rule.get("Prefix") in set(PREFIXES) - set(REFERRED_TO_BY_VERSION))


def test_uploads_that_were_broken_off_are_removed_everywhere(template: Template) -> None:
    rules = data_bucket(template)["LifecycleConfiguration"]["Rules"]
    assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule and "Prefix" not in rule]


def test_requests_with_an_old_tls_are_refused(template: Template) -> None:
    old_tls = {"Effect": "Deny", "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}}
    template.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {"PolicyDocument": {"Statement": Match.array_with([Match.object_like(old_tls)])}},
    )


def test_the_log_service_uses_the_key_for_log_groups_of_this_account_only(template: Template) -> None:
    template.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Sid": "LogGroupsOfThisAccount",
                                "Principal": {"Service": "logs.eu-central-1.amazonaws.com"},
                                "Condition": {"ArnLike": Match.any_value()},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_data_that_is_kept_outlives_the_stack_with_its_key(template: Template) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key"):
        template.all_resources(kind, {"DeletionPolicy": "Retain"})


def test_data_that_is_not_kept_is_emptied_and_removed() -> None:
    template = template_with(KEEP.model_copy(update={"removal": "destroy", "bucket_name": "drawings-for-a-day"}))
    template.all_resources("AWS::S3::Bucket", {"DeletionPolicy": "Delete"})
    template.resource_count_is("Custom::S3AutoDeleteObjects", 2)
    template.has_resource_properties("AWS::S3::Bucket", {"BucketName": "drawings-for-a-day"})
