"""The Ground Truth backend: rounds of a job as labelling jobs of SageMaker, with our template and our functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform import function_bundle, sagemaker_permissions
from drawing_platform.dead_letters import dead_letter_queue
from drawing_platform.ground_truth_team import GroundTruthTeams
from drawing_platform.labelling_store import DRAWING_PREFIXES, JOBS_PREFIX, LabellingStore
from drawing_platform.permissions import Statement, allow
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps

TEMPLATE = function_bundle.ROOT / "web" / "annotator" / "dist-ground-truth" / "template.liquid.html"
# What RenderUiTemplate takes, so that a template can be looked at before workers see it.
LONGEST_TEMPLATE = 128_000
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HumanTaskConfig.html: the longest of a custom task.
TASK_SECONDS = 8 * 3600
AVAILABLE_SECONDS = 30 * 24 * 3600


class TemplateError(RuntimeError):
    """The worker template cannot be used; one line."""


@dataclass(frozen=True, kw_only=True)
class GroundTruthRoundsProps:
    """Who labels what, and what follows.

    Attributes:
        common: what the functions share; its key encrypts the bucket.
        agreement: a consensus with less goes to a reviewer.
        store: bucket and table of labelling.
        data: holds the drawings.
        teams: who labels and who reviews.
        export: hands labels to training; gets `{"job"}`.
        topic: where people are told of drawings that nobody labelled; the workflow may publish on it.
        template: the built worker template.
    """

    common: FunctionEnvironment
    agreement: float
    store: LabellingStore
    data: s3.IBucket
    teams: GroundTruthTeams
    export: lambda_.IFunction
    topic: sns.ITopic
    template: Path = TEMPLATE


class GroundTruthRounds(Construct):
    """Functions, role and template of labelling jobs, the states that open them, and the event that follows each."""

    before: PlatformFunction
    after: PlatformFunction
    next_round: PlatformFunction
    role: iam.Role
    undelivered: sqs.Queue

    def __init__(self, scope: Construct, construct_id: str, *, props: GroundTruthRoundsProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._name_prefix = f"{props.common.env}-"
        self._define_template()
        self._define_functions()
        self._define_role()
        self._let_templates_read()
        self.undelivered = dead_letter_queue(self, "Undelivered")

    @property
    def functions(self) -> dict[str, PlatformFunction]:
        """Those whose errors somebody has to know of."""
        return {
            "GroundTruthBefore": self.before,
            "GroundTruthAfter": self.after,
            "GroundTruthRound": self.next_round,
        }

    def states(self, otherwise: sfn.IChainable) -> sfn.IChainable:
        """What comes next for `$.job` or after `$.closed`; with trouble in `$.error` to `otherwise`."""
        decide = tasks.LambdaInvoke(
            self,
            "NextRound",
            lambda_function=self.next_round.function,
            result_selector={"answer": sfn.JsonPath.object_at("$.Payload")},
            result_path="$.next",
        )
        opened = self._open()
        # Events and orders come twice; a round has one name, and is open already.
        opened.add_catch(
            sfn.Succeed(self, "OpenAlready"),
            errors=["SageMaker.ResourceInUseException"],
            result_path=sfn.JsonPath.DISCARD,
        )
        export = tasks.LambdaInvoke(
            self,
            "Export",
            lambda_function=self._props.export,
            payload=sfn.TaskInput.from_object({"job": sfn.JsonPath.string_at("$.next.answer.job")}),
            result_path=sfn.JsonPath.DISCARD,
        )
        for state in (decide, opened, export):
            state.add_catch(otherwise, errors=["States.ALL"], result_path="$.error")
        export.next(self._news(sfn.Succeed(self, "Exported")))
        is_open = sfn.Condition.string_equals("$.next.answer.step", "open")
        choice = sfn.Choice(self, "WhatFollows").when(is_open, opened.next(sfn.Succeed(self, "WorkersLabel")))
        decide.next(choice.otherwise(export))
        return decide

    def _news(self, end: sfn.Succeed) -> sfn.IChainable:
        """Tells of drawings that were left out: the job ended well, and nobody would look for them."""
        tell = tasks.SnsPublish(
            self,
            "TellLeftOut",
            topic=self._props.topic,
            subject="Drawings left out of a labelling job",
            message=sfn.TaskInput.from_json_path_at("$.next.answer.news"),
            result_path=sfn.JsonPath.DISCARD,
        )
        tell.add_catch(end, errors=["States.ALL"], result_path=sfn.JsonPath.DISCARD)
        tell.next(end)
        some = sfn.Condition.number_greater_than("$.next.answer.left_out", 0)
        return sfn.Choice(self, "AnyLeftOut").when(some, tell).otherwise(end)

    def permissions(self) -> list[Statement]:
        """What the state machine's role needs for these states."""
        jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="labeling-job", resource_name=f"{self._name_prefix}*"
        )
        return [
            Statement(
                actions=["lambda:InvokeFunction"],
                resources=[self.next_round.function.function_arn, self._props.export.function_arn],
            ),
            Statement(actions=["sagemaker:CreateLabelingJob", "sagemaker:AddTags"], resources=[jobs]),
            Statement(
                actions=["iam:PassRole"],
                resources=[self.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        ]

    def start_when_closed(self, workflow: sfn.StateMachine) -> None:
        """Goes on with `workflow` when one of our labelling jobs has ended."""
        jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="labeling-job", resource_name=self._name_prefix
        )
        events.Rule(
            self,
            "Closed",
            description="A round of labelling in Ground Truth has ended",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Ground Truth Labeling Job State Change"],
                resources=events.Match.prefix(jobs),
                detail={"LabelingJobStatus": ["Completed", "Failed", "Stopped"]},
            ),
            targets=[
                targets.SfnStateMachine(
                    workflow,
                    dead_letter_queue=self.undelivered,
                    input=events.RuleTargetInput.from_object(
                        {
                            "closed": {
                                "arn": events.EventField.from_path("$.resources[0]"),
                                "status": events.EventField.from_path("$.detail.LabelingJobStatus"),
                            }
                        }
                    ),
                )
            ],
        )

    def _define_template(self) -> None:
        template = self._props.template
        if not template.is_file():
            raise TemplateError(f"{template} is not there: `make setup` builds it")
        length = len(template.read_text(encoding="utf-8"))
        if length > LONGEST_TEMPLATE:
            raise TemplateError(f"{template} has {length:,} characters, Ground Truth takes {LONGEST_TEMPLATE:,}")
        self._template = s3_assets.Asset(self, "Template", path=str(template))

    def _define_functions(self) -> None:
        props, store = self._props, self._props.store
        self.before = PlatformFunction(
            self,
            "Before",
            props=PlatformFunctionProps(
                common=props.common,
                handler="ground_truth_before.handler.handle",
                description="Tells Ground Truth what a worker is shown",
            ),
        )
        read = ("tasks/*", "ground_truth/*")
        self.after = PlatformFunction(
            self,
            "After",
            props=PlatformFunctionProps(
                common=props.common,
                handler="ground_truth_after.handler.handle",
                description="Keeps what workers said and compares it",
                bundle=function_bundle.CONSENSUS,
                memory_mb=1024,
                timeout=cdk.Duration.minutes(15),  # Ground Truth hands over many objects at once
                variables={"BUCKET": store.bucket.bucket_name, "AGREEMENT": str(props.agreement)},
                statements=[
                    store.read(*read),
                    store.write("answers/*", "consensus/*", "reviews/*", "reviewed/*"),
                    store.use_key(),
                ],
            ),
        )
        jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="labeling-job", resource_name=f"{self._name_prefix}*"
        )
        self.next_round = PlatformFunction(
            self,
            "NextRoundFunction",
            props=PlatformFunctionProps(
                common=props.common,
                handler="ground_truth_round.handler.handle",
                description="Decides what follows a round of labelling",
                memory_mb=1024,
                timeout=cdk.Duration.minutes(15),
                variables={
                    **store.variables,
                    "ANNOTATORS_TEAM": props.teams.annotators.ref,
                    "REVIEWERS_TEAM": props.teams.reviewers.ref,
                },
                statements=[
                    store.read("job.json", *read),
                    store.write("ground_truth/*"),
                    Statement(
                        actions=["s3:ListBucket"],
                        resources=[store.bucket.bucket_arn],
                        conditions={"StringLike": {"s3:prefix": [f"{JOBS_PREFIX}*"]}},
                    ),
                    Statement(actions=["sagemaker:DescribeLabelingJob"], resources=[jobs]),
                    *store.state.allow("PutItem", "UpdateItem"),
                    store.use_key(),
                ],
            ),
        )

    def _define_role(self) -> None:
        """As whom Ground Truth acts. AWS's own policy lets it call only functions with certain words in their names."""
        props, store = self._props, self._props.store
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Shows drawings to workers and collects what they say",
        )
        template = store.bucket.stack.format_arn(
            service="s3",
            region="",
            account="",
            resource=self._template.s3_bucket_name,
            resource_name=self._template.s3_object_key,
        )
        functions = [self.before.function.function_arn, self.after.function.function_arn]
        allow(
            self.role,
            (
                store.read("tasks/*", "reviews/*", "pyramids/*", "pages/*", "ground_truth/*"),
                store.write("ground_truth/*"),
                Statement(
                    actions=["s3:GetObject"],
                    resources=[props.data.arn_for_objects(f"{prefix}*") for prefix in DRAWING_PREFIXES],
                ),
                Statement(actions=["s3:GetObject"], resources=[template]),
                Statement(
                    actions=["s3:ListBucket", "s3:GetBucketLocation"],
                    resources=[store.bucket.bucket_arn, props.data.bucket_arn],
                ),
                Statement(actions=["lambda:InvokeFunction"], resources=functions),
                *sagemaker_permissions.key(props.common.key),
                *sagemaker_permissions.observation(self, ("LabelingJobs",)),
            ),
        )

    def _let_templates_read(self) -> None:
        # Ground Truth shows templates in a sandbox, whose origin is `null`: what protects the objects is that their
        # addresses are signed and short-lived. Without the rule tasks fail since Chrome 89.
        self._props.store.bucket.add_cors_rule(
            allowed_methods=[s3.HttpMethods.GET],
            allowed_origins=["*"],
            allowed_headers=["Range", "If-Match", "If-None-Match"],
            exposed_headers=["Access-Control-Allow-Origin", "Content-Range", "Content-Length", "ETag"],
        )

    def _open(self) -> tasks.CallAwsService:
        props, answer = self._props, "$.next.answer"

        def of_round(member: str) -> str:
            return sfn.JsonPath.string_at(f"{answer}.{member}")

        parameters: dict[str, Any] = {
            "LabelingJobName": of_round("name"),
            "LabelAttributeName": of_round("attribute"),
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": of_round("manifest")}}},
            "OutputConfig": {"S3OutputPath": of_round("output"), "KmsKeyId": props.common.key.key_arn},
            "RoleArn": self.role.role_arn,
            "HumanTaskConfig": {
                "WorkteamArn": of_round("team"),
                "UiConfig": {"UiTemplateS3Uri": self._template.s3_object_url},
                "PreHumanTaskLambdaArn": self.before.function.function_arn,
                "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": self.after.function.function_arn},
                "TaskTitle": of_round("title"),
                "TaskDescription": "Correct what the machine has read on an engineering drawing",
                "TaskKeywords": ["engineering drawing", "text"],
                "NumberOfHumanWorkersPerDataObject": sfn.JsonPath.number_at(f"{answer}.people"),
                "TaskTimeLimitInSeconds": TASK_SECONDS,
                "TaskAvailabilityLifetimeInSeconds": AVAILABLE_SECONDS,
            },
        }
        state = tasks.CallAwsService(
            self,
            "OpenRound",
            service="sagemaker",
            action="createLabelingJob",
            parameters=parameters,
            iam_resources=["*"],  # of no effect: the role of the state machine takes no policies from states
            result_path=sfn.JsonPath.DISCARD,
        )
        state.add_retry(
            errors=["SageMaker.SageMakerException", "SageMaker.ResourceLimitExceededException"],
            interval=cdk.Duration.seconds(10),
            max_attempts=3,
        )
        return state
