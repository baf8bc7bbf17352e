"""CloudFormation: templates, failures, rollbacks, change sets, and the real CDK command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError

from emulator import ACCOUNT, REGION, environment, lifetime
from emulator.api import ServiceError
from emulator.cloudformation import template as templates
from tests.emulator.conftest import APP, Client, free_port

ROOT = Path(__file__).parents[2]


def scope(template: dict[str, Any], **parameters: Any) -> templates.Scope:
    pseudo = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
    made: dict[str, tuple[str, Mapping[str, Any]]] = {
        "Made": ("the-id", {"Arn": "arn:made", "Nested.Name": "n", "Deep": {"Er": "d"}})
    }
    return templates.Scope(template, parameters, pseudo, lambda name: f"import of {name}", made)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Made"}, "the-id"),
        ({"Ref": "P"}, "p"),
        ({"Fn::GetAtt": ["Made", "Arn"]}, "arn:made"),
        ({"Fn::GetAtt": "Made.Nested.Name"}, "n"),
        ({"Fn::GetAtt": ["Made", "Deep.Er"]}, "d"),
        ({"Fn::Sub": "${P}/${Made.Arn}/${!Literal}/${AWS::Region}"}, f"p/arn:made/${{Literal}}/{REGION}"),
        ({"Fn::Sub": ["${X}-${P}", {"X": {"Ref": "Made"}}]}, "the-id-p"),
        ({"Fn::Join": ["-", ["a", {"Ref": "P"}, 1]]}, "a-p-1"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::If": ["Yes", "then", "else"]}, "then"),
        ({"a": {"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        ({"Fn::FindInMap": ["M", {"Ref": "P"}, "k"]}, "v"),
        ({"Fn::ImportValue": {"Fn::Sub": "x-${P}"}}, "import of x-p"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Base64": "a"}, "YQ=="),
    ],
)
def test_an_intrinsic_function_stands_for_its_value(value: Any, expected: Any) -> None:
    conditions = {"Yes": {"Fn::Equals": [{"Ref": "P"}, "p"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}}
    template = {"Conditions": conditions, "Mappings": {"M": {"p": {"k": "v"}}}, "Resources": {}}
    assert scope(template, P="p").resolve(value) == expected


def test_resources_are_made_after_what_they_refer_to() -> None:
    template = {
        "Resources": {
            "C": {"Type": "x", "DependsOn": "B"},
            "B": {"Type": "x", "Properties": {"a": {"Fn::Sub": "${A.Arn}"}}},
            "A": {"Type": "x"},
        }
    }
    assert templates.in_order(template) == ["A", "B", "C"]


def test_a_circle_is_refused() -> None:
    template = {
        "Resources": {
            "A": {"Type": "x", "Properties": {"b": {"Ref": "B"}}},
            "B": {"Type": "x", "Properties": {"a": {"Fn::GetAtt": ["A", "Arn"]}}},
        }
    }
    with pytest.raises(ServiceError, match="Circular dependency"):
        templates.in_order(template)


def stack_name() -> str:
    return f"stack-{uuid.uuid4().hex[:8]}"


def queue(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def body(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


def test_an_unknown_type_fails_the_deployment_and_is_named(client: Client) -> None:
    name = stack_name()
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Nothing::Known\]"):
        client("cloudformation").create_stack(StackName=name, TemplateBody=body(A={"Type": "AWS::Nothing::Known"}))
    with pytest.raises(ClientError, match="does not exist"):
        client("cloudformation").describe_stacks(StackName=name)


def test_a_failed_creation_is_rolled_back_and_says_why(client: Client) -> None:
    name = stack_name()
    permission = {
        "Type": "AWS::Lambda::Permission",
        "DependsOn": "A",
        "Properties": {"FunctionName": "nothing", "Action": "lambda:InvokeFunction", "Principal": "*"},
    }
    client("cloudformation").create_stack(StackName=name, TemplateBody=body(A=queue(name), B=permission))
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = next(event for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert failed["LogicalResourceId"] == "B"
    assert "Function not found" in failed["ResourceStatusReason"]
    assert name not in str(client("sqs").list_queues())


def test_a_failed_update_leaves_everything_as_it_was(client: Client) -> None:
    name = stack_name()
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=body(A=queue(name, VisibilityTimeout=10)))
    broken = {
        "Type": "AWS::Lambda::Permission",
        "DependsOn": "A",
        "Properties": {"FunctionName": "nothing", "Action": "lambda:InvokeFunction", "Principal": "*"},
    }
    cloudformation.update_stack(StackName=name, TemplateBody=body(A=queue(name, VisibilityTimeout=20), B=broken))
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"] == {"VisibilityTimeout": "10"}
    cloudformation.delete_stack(StackName=name)


def test_the_same_template_again_is_no_update(client: Client) -> None:
    name = stack_name()
    client("cloudformation").create_stack(StackName=name, TemplateBody=body(A=queue(name)))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        client("cloudformation").update_stack(StackName=name, TemplateBody=body(A=queue(name)))
    client("cloudformation").delete_stack(StackName=name)


def test_a_changed_name_makes_a_new_resource_and_those_that_refer_to_it_follow(client: Client) -> None:
    name, cloudformation = stack_name(), client("cloudformation")
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": f"/{name}", "Type": "String", "Value": {"Fn::GetAtt": ["A", "QueueName"]}},
    }
    cloudformation.create_stack(StackName=name, TemplateBody=body(A=queue(f"{name}-1"), P=parameter))
    cloudformation.update_stack(StackName=name, TemplateBody=body(A=queue(f"{name}-2"), P=parameter))
    assert client("ssm").get_parameter(Name=f"/{name}")["Parameter"]["Value"] == f"{name}-2"
    assert f"{name}-1" not in str(client("sqs").list_queues())
    cloudformation.delete_stack(StackName=name)
    assert name not in str(client("sqs").list_queues())


def test_indexes_of_a_table_come_and_go(client: Client) -> None:
    name, cloudformation = stack_name(), client("cloudformation")

    def table(*indexes: str) -> dict[str, Any]:
        keys = ["pk", *indexes]
        found = [
            {"IndexName": f"by-{key}", "KeySchema": key_of(key), "Projection": {"ProjectionType": "ALL"}}
            for key in indexes
        ]
        properties = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": key_of("pk"),
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
            "Replicas": [{"Region": REGION}],
            **({"GlobalSecondaryIndexes": found} if found else {}),
        }
        return {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}

    def key_of(key: str) -> list[dict[str, str]]:
        return [{"AttributeName": key, "KeyType": "HASH"}]

    cloudformation.create_stack(StackName=name, TemplateBody=body(T=table("one")))
    for indexes in (("one", "two"), ("two",), ()):
        cloudformation.update_stack(StackName=name, TemplateBody=body(T=table(*indexes)))
        found = client("dynamodb").describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes") or []
        assert {each["IndexName"] for each in found} == {f"by-{key}" for key in indexes}
    cloudformation.delete_stack(StackName=name)


def test_an_export_in_use_cannot_be_deleted(client: Client) -> None:
    exporter, importer, cloudformation = stack_name(), stack_name(), client("cloudformation")
    template = {"Resources": {"A": queue(exporter)}, "Outputs": {"O": {"Value": "v", "Export": {"Name": exporter}}}}
    cloudformation.create_stack(StackName=exporter, TemplateBody=json.dumps(template))
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": f"/{importer}", "Type": "String", "Value": {"Fn::ImportValue": exporter}},
    }
    cloudformation.create_stack(StackName=importer, TemplateBody=body(P=parameter))
    cloudformation.delete_stack(StackName=exporter)
    assert cloudformation.describe_stacks(StackName=exporter)["Stacks"][0]["StackStatus"] == "DELETE_FAILED"
    cloudformation.delete_stack(StackName=importer)
    cloudformation.delete_stack(StackName=exporter)
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=exporter)


def test_a_python_provider_of_a_custom_resource_is_run(client: Client) -> None:
    code = """
import json, urllib.request
def handler(event, context):
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "made-by-function", "StackId": event["StackId"],
              "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
              "Data": {"Word": event["ResourceProperties"].get("Word", "") + "!"}}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
"""
    name = stack_name()
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": f"arn:aws:iam::{ACCOUNT}:role/test",
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Code": {"ZipFile": code},
        },
    }
    custom = {"Type": "Custom::Word", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}, "Word": "w"}}
    template = {
        "Resources": {"F": function, "C": custom},
        "Outputs": {"Word": {"Value": {"Fn::GetAtt": ["C", "Word"]}}},
    }
    client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["Outputs"] == [{"OutputKey": "Word", "OutputValue": "w!"}]
    client("cloudformation").delete_stack(StackName=name)


def test_a_change_set_says_what_will_change_and_does_it(client: Client) -> None:
    name, cloudformation = stack_name(), client("cloudformation")
    request = {"StackName": name, "ChangeSetName": "one"}
    cloudformation.create_change_set(**request, ChangeSetType="CREATE", TemplateBody=body(A=queue(name)))
    found = cloudformation.describe_change_set(**request)
    assert [change["ResourceChange"]["Action"] for change in found["Changes"]] == ["Add"]
    cloudformation.execute_change_set(**request)
    assert cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName=name)


@pytest.mark.slow
def test_the_real_cdk_command_line_deploys_changes_and_destroys(tmp_path: Path) -> None:
    """In an account of its own, so that "nothing is left" can be asked."""
    cdk = ROOT / "node_modules" / ".bin" / "cdk"
    if not cdk.exists():
        pytest.skip("the CDK command line is not installed: run `make setup`")
    running = lifetime.up(free_port(), tmp_path / "state")
    variables = {**os.environ, **environment(running.port), "CDK_VALIDATION": "false", "CI": "true"}

    def run(*arguments: str, app: str = str(tmp_path / "out"), **more: str) -> str:
        command = [str(cdk), "--app", app, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env={**variables, **more}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    import boto3

    def of(service: str) -> Any:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return boto3.client(service, region_name=REGION, endpoint_url=running.url, **keys)

    deploy = ("deploy", "--all", "--method=direct", "--require-approval", "never")

    def synthesize(**more: str) -> None:
        app = f"{sys.executable} {APP / 'app.py'}"
        run("synth", "-q", "--output", str(tmp_path / "out"), app=app, **more)

    try:
        synthesize()
        run("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        run(*deploy)
        bucket = of("ssm").get_parameter(Name="/test/bucket")["Parameter"]["Value"]
        assert of("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        assert of("s3").get_bucket_policy(Bucket=bucket)["Policy"].count("aws:SecureTransport") == 1
        of("s3").put_object(Bucket=bucket, Key="labels/one", Body=b"x")
        of("s3").put_object(Bucket=bucket, Key="labels/one", Body=b"y")
        _web_answers(of)
        assert run(*deploy).count("(no changes)") == 3
        synthesize(TEST_SUFFIX="# changed")
        assert "UPDATE_COMPLETE" in run(*deploy)
        run("destroy", "--all", "--force")
        assert [each["Name"] for each in of("s3").list_buckets()["Buckets"] if each["Name"] == bucket] == []
        assert of("lambda").list_functions()["Functions"] == []
        assert of("sqs").list_queues().get("QueueUrls") is None
        assert of("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        assert of("sagemaker").list_pipelines()["PipelineSummaries"] == []
        assert of("dynamodb").list_tables()["TableNames"] == []
        assert of("cloudwatch").describe_alarms()["MetricAlarms"] == []
        assert of("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
        assert of("apigatewayv2").get_apis()["Items"] == []
        assert of("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
        stacks = of("cloudformation").describe_stacks()["Stacks"]
        assert [stack["StackName"] for stack in stacks] == ["CDKToolkit"]
    finally:
        lifetime.down(running.state_dir)


def _web_answers(of: Client) -> None:
    """The page names the API, and the API lets in who is let in."""
    stack = of("cloudformation").describe_stacks(StackName="TestWeb")["Stacks"][0]
    made = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def get(address: str, path: str) -> requests.Response:
        where = urlsplit(address)
        return requests.get(f"http://localhost:{where.port}{path}", headers={"Host": where.netloc}, timeout=5)

    assert get(made["PageAddress"], "/").headers["Content-Security-Policy"] == "default-src 'self'"
    assert get(made["PageAddress"], "/config.json").json() == {"api": made["ApiAddress"], "n": 1}
    assert get(made["PageAddress"], "/config.json").headers["Cache-Control"] == "no-cache"
    assert get(made["ApiAddress"], "/open/one").json() == {"name": "one"}
    assert get(made["ApiAddress"], "/closed/one").status_code == 401
