"""State machines that start SageMaker jobs and wait for them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from emulator import lifetime
from tests.emulator import programs
from tests.emulator.conftest import ROLE, Client, wait_for

PROGRAM = """
import os, pathlib, sys
if sys.argv[1] == "fails":
    message = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "output" / "message"
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text("nothing fits")
    sys.exit(1)
"""


@pytest.fixture(scope="module")
def image(account: lifetime.Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    return programs.push(account.port, "work", {"work": PROGRAM}, tmp_path_factory.mktemp("work"))


def run(client: Client, image: str, argument: str, *, name: str = "") -> Any:
    job = {
        "ProcessingJobName.$": "$.name",
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": image,
            "ContainerEntrypoint": ["work"],
            "ContainerArguments": [argument],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
    }
    state = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync", "Parameters": job}
    definition = {"StartAt": "Job", "States": {"Job": {**state, "End": True}}}
    steps = client("stepfunctions")
    machine = steps.create_state_machine(
        name=f"jobs-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    given = json.dumps({"name": name or f"job-{uuid.uuid4().hex[:8]}"})
    execution = steps.start_execution(stateMachineArn=machine, input=given)["executionArn"]

    def ended() -> Any:
        found = steps.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return wait_for(ended)


def test_a_state_machine_waits_for_the_job_and_gets_its_description(client: Client, image: str) -> None:
    done = run(client, image, "succeeds")
    assert done["status"] == "SUCCEEDED", done.get("cause")
    assert json.loads(done["output"])["ProcessingJobStatus"] == "Completed"


def test_a_failed_job_fails_its_state_with_the_jobs_description(client: Client, image: str) -> None:
    done = run(client, image, "fails")
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(done["cause"])["FailureReason"] == "AlgorithmError: nothing fits, exit code: 1"


def test_what_sagemaker_refuses_has_the_name_of_its_error(client: Client, image: str) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    run(client, image, "succeeds", name=name)
    done = run(client, image, "succeeds", name=name)
    assert (done["status"], done["error"]) == ("FAILED", "SageMaker.ResourceInUseException")
