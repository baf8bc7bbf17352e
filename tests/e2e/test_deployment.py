"""Every stack into the emulated account by the real CDK command line, twice, and out again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.account import client, empty_account, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

STACKS = {
    f"drawing-platform-local-{name}"
    for name in ("Data", "Images", "Labelling", "Monitoring", "Release", "Search", "Serving", "Training")
}


def test_a_second_deployment_changes_nothing_and_destroying_leaves_nothing(tmp_path: Path) -> None:
    port = free_port()
    with empty_account(tmp_path, port) as cdk:
        cdk.bootstrap()
        cdk.deploy()
        assert live_stacks(port) == {"CDKToolkit", *STACKS}
        functions = {item["FunctionName"]: item["CodeSha256"] for item in lambda_functions(port)}

        again = cdk.deploy()
        assert len(re.findall(r"\(no changes\)", again)) == len(STACKS)
        assert {item["FunctionName"]: item["CodeSha256"] for item in lambda_functions(port)} == functions

        # What lies in the bucket goes with it in this environment (storage.removal = "destroy").
        client("s3", port).put_object(Bucket="drawing-platform-local", Key="drawings/a.png", Body=b"x")
        cdk.destroy()
        assert live_stacks(port) == {"CDKToolkit"}
        assert lambda_functions(port) == []
        assert client("dynamodb", port).list_tables()["TableNames"] == []
        assert client("stepfunctions", port).list_state_machines()["stateMachines"] == []
        assert client("sagemaker", port).list_pipelines()["PipelineSummaries"] == []
        assert client("sagemaker", port).list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        buckets = [bucket["Name"] for bucket in client("s3", port).list_buckets()["Buckets"]]
        assert [name for name in buckets if not name.startswith("cdk-")] == []
        assert client("cloudwatch", port).describe_alarms()["MetricAlarms"] == []
        parameters = client("ssm", port).get_parameters_by_path(Path="/drawing-platform/", Recursive=True)
        assert parameters["Parameters"] == []


def live_stacks(port: int) -> set[str]:
    listed = client("cloudformation", port).list_stacks()["StackSummaries"]
    return {stack["StackName"] for stack in listed if stack["StackStatus"] != "DELETE_COMPLETE"}


def lambda_functions(port: int) -> list[dict[str, str]]:
    functions: list[dict[str, str]] = client("lambda", port).list_functions()["Functions"]
    return functions
