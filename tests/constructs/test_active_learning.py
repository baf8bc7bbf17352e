"""The offer of uncertain drawings: its job, its rights, its budget."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from containers.training.arguments import parse
from containers.training.offer import OfferOptions
from drawing_ocr.labelling.offer import JOB_PREFIX
from drawing_platform.active_learning import JOB_NAMES, ActiveLearning, ActiveLearningProps
from drawing_platform.settings import LabellingSettings, load_settings
from tests.constructs.platform_parts import IMAGE, parts

BUDGET = LabellingSettings(weekly_drawings=25, annotators=2)


@pytest.fixture(scope="module")
def template() -> Template:
    around = parts("prod")
    ActiveLearning(
        around.stack,
        "ActiveLearning",
        props=ActiveLearningProps(
            common=around.common,
            labelling=BUDGET,
            training=load_settings("prod").training,
            endpoint_name="reader",
            model_package_group="readers",
            instance_type="ml.m5.large",
            bucket=s3.Bucket.from_bucket_name(around.stack, "Drawings", "drawings-of-prod"),
            labelling_bucket=s3.Bucket.from_bucket_name(around.stack, "Labelling", "labelling"),
            workflow_name="labelling",
            image=IMAGE,
            repository=around.repository,
            history=dynamodb.Table.from_table_name(around.stack, "History", "history"),
            topic=around.topic,
        ),
    )
    return Template.from_stack(around.stack)


def text(value: Any) -> str:
    """A value with references called `x`."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else "x" for part in value["Fn::Join"][1])


@pytest.fixture(scope="module")
def job(template: Template) -> dict[str, Any]:
    (schedule,) = template.find_resources("AWS::Scheduler::Schedule").values()
    request = text(schedule["Properties"]["Target"]["Input"])
    return dict(json.loads(request.replace("<aws.scheduler.execution-id>", "0" * 36)))


@pytest.fixture(scope="module")
def rights(template: Template) -> list[tuple[str, str]]:
    """(action, resource) of the job's role."""
    found = []
    for policy in template.find_resources("AWS::IAM::Policy").values():
        (role,) = policy["Properties"]["Roles"]
        if "JobRole" in role["Ref"]:
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                resources, actions = statement["Resource"], statement["Action"]
                for resource in resources if isinstance(resources, list) else [resources]:
                    for action in actions if isinstance(actions, list) else [actions]:
                        found.append((action, resource if isinstance(resource, str) else json.dumps(resource)))
    return found


def test_the_schedule_starts_a_job_that_sagemaker_takes(job: dict[str, Any]) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    request = job | {"RoleArn": "arn:aws:iam::123456789012:role/a-reference-here"}
    assert ParamValidator().validate(request, service.shape_for("CreateProcessingJobRequest")).generate_report() == ""
    assert len(job["ProcessingJobName"]) <= service.shape_for("ProcessingJobName").metadata["max"]


def test_the_job_reads_every_argument_that_the_schedule_gives(job: dict[str, Any]) -> None:
    given = job["AppSpecification"]["ContainerArguments"]
    options = parse(OfferOptions, given)
    assert options.model_fields_set == {name.removeprefix("--").replace("-", "_") for name in given[::2]}
    assert (options.weekly_drawings, options.annotators, options.endpoint) == (25, 2, "reader")
    assert not options.dry_run


def test_labelled_drawings_are_held_out_as_training_does(job: dict[str, Any]) -> None:
    options, training = (
        parse(OfferOptions, job["AppSpecification"]["ContainerArguments"]),
        load_settings("prod").training,
    )
    assert (options.val_ratio, options.split_seed) == (training.validation_ratio, training.seed)


def test_the_job_may_order_labelling_jobs_of_its_own_name_only(rights: list[tuple[str, str]]) -> None:
    writable = [resource for action, resource in rights if action == "s3:PutObject" and "labelling" in resource]
    assert len(writable) == 1
    assert f"/jobs/{JOB_NAMES}/job.json" in writable[0]
    assert fnmatchcase(f"{JOB_PREFIX}17", JOB_NAMES)


def test_the_job_deletes_nothing_and_writes_no_labels_models_or_captures(rights: list[tuple[str, str]]) -> None:
    assert not [action for action, _ in rights if "Delete" in action]
    written = {resource for action, resource in rights if action == "s3:PutObject"}
    assert not [
        resource for resource in written if any(f"/{name}/" in resource for name in ("labels", "models", "capture"))
    ]


def test_only_the_labelling_workflow_is_started(rights: list[tuple[str, str]]) -> None:
    (started,) = [resource for action, resource in rights if action == "states:StartExecution"]
    assert "stateMachine:labelling" in started
    assert "*" not in started


def test_a_failed_look_is_told(template: Template) -> None:
    (rule,) = template.find_resources("AWS::Events::Rule").values()
    pattern = rule["Properties"]["EventPattern"]["detail"]
    assert pattern == {"ProcessingJobName": [{"prefix": "offer-prod-"}], "ProcessingJobStatus": ["Failed"]}
    message = json.dumps(rule["Properties"]["Targets"][0]["InputTransformer"]["InputTemplate"])
    assert "drawingops labels offer" in message
