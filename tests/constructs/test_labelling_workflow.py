"""The state machine of labelling jobs, in both backends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import assertions
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from drawing_platform.ground_truth_rounds import (
    LONGEST_TEMPLATE,
    GroundTruthRounds,
    GroundTruthRoundsProps,
    TemplateError,
)
from drawing_platform.ground_truth_team import GroundTruthTeams, GroundTruthTeamsProps
from drawing_platform.labelling_store import LabellingStore, LabellingStoreProps
from drawing_platform.labelling_workflow import LabellingWorkflow, LabellingWorkflowProps
from drawing_platform.prelabelling import PrelabellingProps
from tests.constructs.platform_parts import IMAGE, Parts, parts

FUNCTION = "arn:aws:lambda:eu-central-1:333333333333:function:"


def labelling_store(world: Parts) -> LabellingStore:
    logs = s3.Bucket(world.stack, "AccessLogs")
    props = LabellingStoreProps(key=world.common.key, access_logs=logs, job_days=30, keep=False)
    return LabellingStore(world.stack, "Store", props=props)


def workflow(world: Parts, rounds: GroundTruthRounds | None, store: LabellingStore) -> LabellingWorkflow:
    return LabellingWorkflow(
        world.stack,
        "Labelling",
        props=LabellingWorkflowProps(
            name="labelling",
            common=world.common,
            prelabelling=PrelabellingProps(
                common=world.common,
                instance_type="ml.m5.xlarge",
                store=store,
                data=world.bucket,
                image=IMAGE,
                repository=world.repository,
                endpoint_name="reader",
            ),
            open_job=lambda_.Function.from_function_arn(world.stack, "OpenJob", f"{FUNCTION}open"),
            ground_truth=rounds,
            topic=world.topic,
            topic_key=world.topic_key,
        ),
    )


def ground_truth(world: Parts, store: LabellingStore, template: Path) -> GroundTruthRounds:
    pool = cognito.UserPool(world.stack, "Pool")
    group = cognito.CfnUserPoolGroup(world.stack, "Annotator", user_pool_id=pool.user_pool_id, group_name="annotator")
    teams = GroundTruthTeams(
        world.stack,
        "Teams",
        props=GroundTruthTeamsProps(common=world.common, name_prefix="drawings-prod", pool=pool, groups=[group]),
    )
    return GroundTruthRounds(
        world.stack,
        "Rounds",
        props=GroundTruthRoundsProps(
            common=world.common,
            agreement=0.8,
            store=store,
            data=world.bucket,
            teams=teams,
            topic=world.topic,
            export=lambda_.Function.from_function_arn(world.stack, "ExportLabels", f"{FUNCTION}export"),
            template=template,
        ),
    )


def definition(template: assertions.Template) -> dict[str, Any]:
    """The state machine's definition, each reference replaced by its name."""
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else json.dumps(part).replace('"', "'") for part in parts)
    return json.loads(text)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def self_hosted() -> assertions.Template:
    world = parts()
    workflow(world, None, labelling_store(world))
    return assertions.Template.from_stack(world.stack)


@pytest.fixture(scope="module")
def with_ground_truth(tmp_path_factory: pytest.TempPathFactory) -> assertions.Template:
    world, folder = parts(), tmp_path_factory.mktemp("template")
    (folder / "template.liquid.html").write_text("<crowd-form></crowd-form>")
    store = labelling_store(world)
    workflow(world, ground_truth(world, store, folder / "template.liquid.html"), store)
    return assertions.Template.from_stack(world.stack)


def statements(template: assertions.Template, role: str) -> list[dict[str, Any]]:
    """What the role whose logical id begins so may do."""
    return [
        statement
        for policy in template.find_resources("AWS::IAM::Policy").values()
        if policy["Properties"]["Roles"][0]["Ref"].startswith(role)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_the_machine_reads_before_people_get_the_job(self_hosted: assertions.Template) -> None:
    states = definition(self_hosted)["States"]
    assert definition(self_hosted)["StartAt"] == "LiveEndpoint"
    assert [states[name]["Next"] for name in ("LiveEndpoint", "LiveConfig", "LiveModel", "WithReading")] == [
        "LiveConfig",
        "LiveModel",
        "WithReading",
        "Prelabel",
    ]
    assert (states["Prelabel"]["Next"], states["Open"]["Next"]) == ("Open", "PeopleLabel")
    assert states["Open"]["Parameters"]["Payload"] == {"job.$": "$.job"}
    assert "OpenRound" not in states


def test_prelabel_gets_the_live_version_or_none_before_the_first_release(self_hosted: assertions.Template) -> None:
    states = definition(self_hosted)["States"]
    work = states["Prelabel"]
    assert work["Resource"].endswith(":states:::sagemaker:createProcessingJob.sync")
    assert work["Parameters"]["ProcessingInputs.$"] == "$.reading.inputs"
    assert work["ResultPath"] == "$.prelabelled"  # what follows needs $.job
    with_model, without = states["WithReading"]["Parameters"], states["WithoutReading"]["Parameters"]
    assert [each["InputName"] for each in with_model["inputs"]] == ["job", "model"]
    assert with_model["environment"]["MODEL_PACKAGE_VERSION.$"].endswith("Environment.MODEL_PACKAGE_VERSION")
    assert [each["InputName"] for each in without["inputs"]] == ["job"]
    (rule,) = states["NothingReleasedYet"]["Choices"]
    assert (rule["StringMatches"], rule["Next"]) == ("*Could not find endpoint*", "WithoutReading")


def test_every_trouble_ends_in_one_line_on_the_alerts_topic(
    self_hosted: assertions.Template, with_ground_truth: assertions.Template
) -> None:
    for template in (self_hosted, with_ground_truth):
        states = definition(template)["States"]
        for name, state in states.items():
            if state["Type"] == "Task" and name not in ("Tell", "TellLeftOut", "LiveEndpoint"):
                assert state["Catch"][-1] == {
                    "ErrorEquals": ["States.ALL"],
                    "ResultPath": "$.error",
                    "Next": "WhoSaysWhy",
                }, name
        assert (states["Tell"]["Next"], states["Stopped"]["Type"]) == ("Stopped", "Fail")


def test_a_role_is_handed_to_sagemaker_only(
    self_hosted: assertions.Template, with_ground_truth: assertions.Template
) -> None:
    for template, roles in ((self_hosted, 1), (with_ground_truth, 2)):
        (passed,) = [each for each in statements(template, "LabellingRole") if each["Action"] == "iam:PassRole"]
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        arns = passed["Resource"] if isinstance(passed["Resource"], list) else [passed["Resource"]]
        assert [each["Fn::GetAtt"][1] for each in arns] == ["Arn"] * roles


def test_in_ground_truth_the_workflow_opens_a_round_with_our_template_and_functions(
    with_ground_truth: assertions.Template,
) -> None:
    states = definition(with_ground_truth)["States"]
    assert "Open" not in states
    request = states["OpenRound"]["Parameters"]
    task = request["HumanTaskConfig"]
    assert (request["LabelingJobName.$"], request["LabelAttributeName.$"]) == (
        "$.next.answer.name",
        "$.next.answer.attribute",
    )
    assert task["NumberOfHumanWorkersPerDataObject.$"] == "$.next.answer.people"
    assert task["UiConfig"]["UiTemplateS3Uri"].endswith(".html")
    assert (task["TaskTimeLimitInSeconds"], task["TaskAvailabilityLifetimeInSeconds"]) == (28_800, 2_592_000)
    assert states["OpenRound"]["Catch"][0]["ErrorEquals"] == ["SageMaker.ResourceInUseException"]


def test_the_request_for_a_round_is_one_that_sagemaker_takes(with_ground_truth: assertions.Template) -> None:
    answered = {
        "name": "prod-gears-label",
        "attribute": "labels",
        "manifest": "s3://labels/jobs/gears/ground_truth/label.manifest",
        "output": "s3://labels/jobs/gears/ground_truth/",
        "title": "Gears",
        "people": 2,
        "team": "arn:aws:sagemaker:eu-central-1:333333333333:workteam/private-crowd/annotators",
    }

    def filled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name.removesuffix(".$"): answered[each.rpartition(".")[2]] if name.endswith(".$") else filled(each)
            for name, each in value.items()
        }

    request = filled(definition(with_ground_truth)["States"]["OpenRound"]["Parameters"])
    shape = ServiceModel(Loader().load_service_model("sagemaker", "service-2")).shape_for("CreateLabelingJobRequest")
    assert ParamValidator().validate(request, shape).generate_report() == ""


def test_the_end_of_a_round_starts_the_workflow_again(with_ground_truth: assertions.Template) -> None:
    states = definition(with_ground_truth)["States"]
    assert states["Ordered"]["Choices"][0] == {"Variable": "$.closed", "IsPresent": True, "Next": "NextRound"}
    prefix = "arn:aws:sagemaker:eu-central-1:333333333333:labeling-job/prod-"
    with_ground_truth.has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventPattern": {
                "detail-type": ["SageMaker Ground Truth Labeling Job State Change"],
                "resources": [{"prefix": assertions.Match.any_value()}],
                "detail": {"LabelingJobStatus": ["Completed", "Failed", "Stopped"]},
            }
        },
    )
    (rule,) = with_ground_truth.find_resources("AWS::Events::Rule").values()
    assert flat(rule["Properties"]["EventPattern"]["resources"][0]["prefix"]) == prefix


def test_workers_are_groups_of_the_pool_with_a_client_that_keeps_a_secret(
    with_ground_truth: assertions.Template,
) -> None:
    with_ground_truth.resource_count_is("AWS::SageMaker::Workteam", 2)
    with_ground_truth.has_resource_properties("AWS::Cognito::UserPoolClient", {"GenerateSecret": True})
    with_ground_truth.has_resource_properties(
        "AWS::SageMaker::Workteam",
        {
            "WorkteamName": "drawings-prod-reviewers",
            "MemberDefinitions": [
                {"CognitoMemberDefinition": {"CognitoUserGroup": group}} for group in ("reviewer", "manager")
            ],
        },
    )


def test_ground_truth_may_call_our_functions_by_name_and_read_what_it_shows(
    with_ground_truth: assertions.Template,
) -> None:
    allowed = statements(with_ground_truth, "RoundsRole")
    (call,) = [each for each in allowed if each["Action"] == "lambda:InvokeFunction"]
    called = sorted(resource["Fn::GetAtt"][0] for resource in call["Resource"])
    assert [name.partition("Function")[0] for name in called] == ["RoundsAfter", "RoundsBefore"]
    writes = [flat(each["Resource"]) for each in allowed if each["Action"] == "s3:PutObject"]
    assert [each.partition("/")[2] for each in writes] == ["jobs/*/ground_truth/*"]


def test_scripts_of_the_template_may_read_signed_addresses(with_ground_truth: assertions.Template) -> None:
    with_ground_truth.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "CorsConfiguration": {
                "CorsRules": [
                    {
                        "AllowedMethods": ["GET"],
                        "AllowedOrigins": ["*"],
                        "ExposedHeaders": assertions.Match.array_with(["Access-Control-Allow-Origin"]),
                    }
                ]
            }
        },
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "is not there: `make setup` builds it"), ("x" * (LONGEST_TEMPLATE + 1), "128,001 characters")],
)
def test_a_template_that_ground_truth_would_refuse_fails_the_synthesis(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    world, file = parts(), tmp_path / "template.liquid.html"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TemplateError, match=reason):
        ground_truth(world, labelling_store(world), file)


def flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(map(flat, value["Fn::Join"][1]))
    if "Ref" in value:
        return {"AWS::Partition": "aws"}.get(value["Ref"], f"<{value['Ref']}>")
    return f"<{value['Fn::GetAtt'][0]}>"
