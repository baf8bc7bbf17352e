"""Lambda functions: their own bundle, their own process, AWS's answers."""

from __future__ import annotations

import base64
import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator import ACCOUNT, REGION, lifetime
from tests.emulator.conftest import ROLE, Client, wait_for

HANDLER = """
import json, os, sys, time
import boto3

def handler(event, context):
    do = event.get("do")
    if do == "raise":
        raise ValueError("no such batch")
    if do == "sleep":
        time.sleep(30)
    if do == "exit":
        os._exit(7)
    if do == "import":
        try:
            import pydantic
            return "found"
        except ImportError as error:
            return str(error)
    if do == "fail-some":
        return {}
    if "Records" in event:
        bodies = [json.loads(record["body"]) for record in event["Records"]]
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="seen/" + context.aws_request_id,
                                      Body=json.dumps(bodies))
        failed = [r["messageId"] for r in event["Records"] if json.loads(r["body"]).get("bad")]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
    if do == "resolve":
        import socket
        return socket.getaddrinfo("bucket.localhost", 80, socket.AF_INET)[0][4][0]
    if do == "write":
        path = os.environ["NOTES"] + "/" + event["file"]
        with open(path, "a") as file:
            file.write("x")
        return len(open(path).read())
    print("hello log")
    return {"name": context.function_name, "left": context.get_remaining_time_in_millis() > 0,
            "pid": os.getpid(), "word": os.environ.get("WORD"), "account": os.environ["AWS_ENDPOINT_URL"]}
"""


@pytest.fixture(scope="module")
def function(client: Client, bucket: str) -> str:
    return make(client, HANDLER, Environment={"Variables": {"WORD": "w", "BUCKET": bucket}}, Timeout=2)


def make(client: Client, source: str, **more: Any) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", source)
    name = f"function-{uuid.uuid4().hex[:8]}"
    request = {"Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, **more}
    client("lambda").create_function(FunctionName=name, Code={"ZipFile": archive.getvalue()}, **request)
    return name


def invoke(client: Client, name: str, **event: Any) -> tuple[str | None, Any]:
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def test_a_function_sees_its_own_environment_and_context(
    client: Client, account: lifetime.Running, function: str
) -> None:
    error, answer = invoke(client, function)
    assert error is None
    assert answer["name"] == function
    assert (answer["left"], answer["word"], answer["account"]) == (True, "w", account.url)


def test_a_process_is_kept_warm(client: Client, function: str) -> None:
    assert invoke(client, function)[1]["pid"] == invoke(client, function)[1]["pid"]


def test_the_log_tail_comes_with_the_answer_and_the_log_group_has_it(client: Client, function: str) -> None:
    answer = client("lambda").invoke(FunctionName=function, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "hello log" in tail
    assert "REPORT RequestId" in tail
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="hello")["events"]
    assert events


def test_invocations_and_errors_are_measured(client: Client) -> None:
    name = make(client, HANDLER)
    for event in ({}, {"do": "raise"}, {}):
        client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    now = datetime.now(UTC)

    def total(metric: str) -> Any:
        found = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=600,
            Statistics=["Sum"],
        )
        return sum(each["Sum"] for each in found["Datapoints"])

    assert total("Invocations") == 3
    assert total("Errors") == 1


def test_an_exception_is_a_function_error_of_awss_shape(client: Client, function: str) -> None:
    error, answer = invoke(client, function, do="raise")
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such batch")
    assert any("index.py" in line for line in answer["stackTrace"])


def test_a_package_that_is_not_in_the_bundle_is_missing(client: Client, function: str) -> None:
    assert invoke(client, function, do="import")[1] == "No module named 'pydantic'"


def test_a_function_is_ended_at_its_timeout(client: Client, function: str) -> None:
    error, answer = invoke(client, function, do="sleep")
    assert error == "Unhandled"
    assert "Task timed out after 2.00 seconds" in answer["errorMessage"]
    assert invoke(client, function)[0] is None


def test_a_function_that_ends_its_process_is_an_error_and_the_next_call_works(client: Client, function: str) -> None:
    error, answer = invoke(client, function, do="exit")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(client, function)[0] is None


def test_hosts_of_the_account_are_found_in_a_function(client: Client, function: str) -> None:
    assert invoke(client, function, do="resolve")[1] == "127.0.0.1"


def test_a_module_that_cannot_be_imported_is_named(client: Client) -> None:
    error, answer = invoke(client, make(client, "import nothing_like_it"))
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
    assert "No module named 'nothing_like_it'" in answer["errorMessage"]


def queue(client: Client, **attributes: str) -> tuple[str, str]:
    url = client("sqs").create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}", Attributes=attributes)["QueueUrl"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def received(client: Client, url: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = (
        client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    )
    return messages


def test_a_failing_event_is_tried_three_times_and_then_sent_to_its_destination(client: Client) -> None:
    url, arn = queue(client)
    name = make(client, "def handler(event, context):\n    raise ValueError('again')")
    client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    answer = client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    record = json.loads(wait_for(lambda: received(client, url))[0]["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"]["errorMessage"] == "again"


def test_a_queue_is_polled_in_batches_and_only_failed_messages_come_back(
    client: Client, function: str, bucket: str
) -> None:
    dead_url, dead_arn = queue(client)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "2"})
    url, arn = queue(client, VisibilityTimeout="4", RedrivePolicy=policy)
    mapping = client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        BatchSize=5,
        MaximumBatchingWindowInSeconds=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    entries = [{"Id": str(n), "MessageBody": json.dumps({"n": n, "bad": n == 2})} for n in range(4)]
    client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    dead = wait_for(lambda: received(client, dead_url), 30)
    assert [json.loads(message["Body"])["n"] for message in dead] == [2]
    client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    found = client("s3").list_objects_v2(Bucket=bucket, Prefix="seen/").get("Contents", [])
    batches = [json.loads(client("s3").get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in found]
    good = [each["n"] for batch in batches for each in batch if not each["bad"]]
    assert sorted(good) == [0, 1, 3]


def test_an_upload_reaches_a_queue_as_aws_shapes_the_event(client: Client) -> None:
    name = f"upload-{uuid.uuid4().hex[:8]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url, arn = queue(client)
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}, "object": {"key": [{"prefix": "labels/"}]}}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    s3.put_object(Bucket=name, Key="other/a", Body=b"x")
    version = s3.put_object(Bucket=name, Key="labels/a", Body=b"xyz")["VersionId"]
    s3.delete_object(Bucket=name, Key="labels/a")
    found: list[dict[str, Any]] = []

    def both() -> bool:
        found.extend(json.loads(message["Body"]) for message in received(client, url))
        return len(found) >= 2

    wait_for(both)
    created, deleted = sorted(found, key=lambda event: event["detail"]["object"]["sequencer"])
    assert (created["detail-type"], created["resources"]) == ("Object Created", [f"arn:aws:s3:::{name}"])
    assert created["detail"]["object"] | {"sequencer": ""} == {
        "key": "labels/a",
        "size": 3,
        "etag": "d16fb36f0911f878998c136191af705e",
        "version-id": version,
        "sequencer": "",
    }
    assert (deleted["detail-type"], deleted["detail"]["deletion-type"]) == ("Object Deleted", "Delete Marker Created")


def test_a_workflow_calls_functions_waits_retries_and_keeps_its_history(client: Client, function: str) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": arn, "Payload.$": "$"},
    }
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {**call, "OutputPath": "$.Payload", "Next": "Pause"},
            "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Which"},
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.word", "StringEquals": "w", "Next": "Buckets"}],
                "Default": "Bad",
            },
            "Buckets": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sagemaker:listEndpoints",
                "Next": "Fails",
            },
            "Fails": {
                **call,
                "Parameters": {"FunctionName": arn, "Payload": {"do": "raise"}},
                "Retry": [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Good"}],
                "Next": "Bad",
            },
            "Good": {"Type": "Succeed"},
            "Bad": {"Type": "Fail"},
        },
    }
    states = client("stepfunctions")
    machine = states.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, name="one", input="{}")["executionArn"]

    def ended() -> Any:
        found = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    result = wait_for(ended, 30)
    assert result["status"] == "SUCCEEDED", result
    assert json.loads(result["output"])["caught"]["Error"] == "ValueError"
    history = states.get_execution_history(executionArn=execution)["events"]
    assert [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event] == [
        "Call",
        "Pause",
        "Which",
        "Buckets",
        "Fails",
        "Good",
    ]


def test_functions_that_mount_one_access_point_see_each_others_files(client: Client, account: lifetime.Running) -> None:
    files = client("efs").create_file_system(CreationToken=uuid.uuid4().hex)["FileSystemId"]
    token, root = uuid.uuid4().hex, {"Path": "/notes"}
    point = client("efs").create_access_point(ClientToken=token, FileSystemId=files, RootDirectory=root)
    mounted = {
        "FileSystemConfigs": [{"Arn": point["AccessPointArn"], "LocalMountPath": "/mnt/notes"}],
        "Environment": {"Variables": {"NOTES": "/mnt/notes", "WORD": "/mnt/notes-not"}},
    }
    one, other = make(client, HANDLER, **mounted), make(client, HANDLER, **mounted)
    assert invoke(client, one, do="write", file="a") == (None, 1)
    assert invoke(client, other, do="write", file="a") == (None, 2)
    assert invoke(client, one)[1]["word"] == "/mnt/notes-not"
    described = client("lambda").get_function_configuration(FunctionName=one)
    assert described["FileSystemConfigs"] == mounted["FileSystemConfigs"]
    assert list(account.state_dir.glob("file-systems/*/notes/a"))
