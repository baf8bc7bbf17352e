"""Uncertain drawings that the endpoint read are offered to the people who label, within a budget a week.

A schedule starts the Offer job (containers/training/offer.py); what it orders is an ordinary labelling job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.capture import CAPTURE_PREFIX
from drawing_platform.drift import MONITORING_PREFIX
from drawing_platform.metrics import VARIANT_NAME
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.runbooks import Runbook
from drawing_platform.scheduled_job import ScheduledJob, ScheduledJobProps
from drawing_platform.settings import LabellingSettings, TrainingSettings

JOB_NAMES = "uncertain-*"  # of the labelling jobs that are ordered (drawing_ocr/labelling/offer.py)
HOURS = 168  # a look a week, at the drawings of that week
# Pictures below drawings/ are put once; labels and models are read; their names come at run time.
DRAWINGS, LABELS, MODELS = "drawings/*", "labels/*", "models/*"


@dataclass(frozen=True, kw_only=True)
class ActiveLearningProps:
    """What was read, and where it is offered.

    Attributes:
        common: its key encrypts, its network is that of the job.
        labelling: the budget, and how many people label a drawing.
        training: how drawings are kept out of training.
        endpoint_name: what is looked at.
        model_package_group: of the versions that it serves.
        instance_type: the machine of the job.
        bucket: holds captures, labels, models and drawings.
        labelling_bucket: where labelling jobs are ordered.
        workflow_name: of the state machine that opens them.
        image, repository: the training image, which holds the job.
        history: the deployment history.
        topic: where people are told of a failed job.
    """

    common: FunctionEnvironment
    labelling: LabellingSettings
    training: TrainingSettings
    endpoint_name: str
    model_package_group: str
    instance_type: str
    bucket: s3.IBucket
    labelling_bucket: s3.IBucket
    workflow_name: str
    image: str
    repository: ecr.IRepository
    history: dynamodb.ITable
    topic: sns.ITopic


class ActiveLearning(Construct):
    """The scheduled job and its rights."""

    job: ScheduledJob

    def __init__(self, scope: Construct, construct_id: str, *, props: ActiveLearningProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._prefix = f"{MONITORING_PREFIX}{props.endpoint_name}/offers/"
        self._workflow_arn = cdk.Stack.of(self).format_arn(
            service="states",
            resource="stateMachine",
            resource_name=props.workflow_name,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        self.job = ScheduledJob(
            self,
            "Job",
            props=ScheduledJobProps(
                name="offer",
                description=f"Offers uncertain drawings of {props.endpoint_name} for labelling",
                failure=f"No uncertain drawings of {props.endpoint_name} were offered for labelling",
                remedy=f"Look again with `drawingops labels offer`. Runbook: {Runbook.LABELLING_STOPPED.path}",
                common=props.common,
                hours=HOURS,
                instance_type=props.instance_type,
                image=props.image,
                repository=props.repository,
                bucket=props.bucket,
                reports_prefix=f"{self._prefix}looks/",
                arguments=self._arguments(),
                permissions=self._permissions(),
                topic=props.topic,
            ),
        )

    def _permissions(self) -> list[Statement]:
        props, bucket = self._props, self._props.bucket
        captures, own = f"{CAPTURE_PREFIX}{props.endpoint_name}/*", f"{self._prefix}*"
        versions = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="model-package", resource_name=f"{props.model_package_group}/*"
        )

        def objects(*patterns: str) -> list[str]:
            return [bucket.arn_for_objects(pattern) for pattern in patterns]

        return [
            Statement(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
                # Without the right to list, S3 answers 403 for a drawing or a manifest that is not there.
                conditions={"StringLike": {"s3:prefix": [captures, own, LABELS, DRAWINGS]}},
            ),
            Statement(actions=["s3:GetObject"], resources=objects(captures, own, LABELS, DRAWINGS, MODELS)),
            Statement(actions=["s3:GetObjectVersion"], resources=objects(LABELS, DRAWINGS)),
            Statement(actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=objects(own, DRAWINGS)),
            Statement(
                actions=["s3:PutObject"],
                resources=[props.labelling_bucket.arn_for_objects(f"jobs/{JOB_NAMES}/job.json")],
            ),
            Statement(actions=["states:StartExecution"], resources=[self._workflow_arn]),
            Statement(actions=["dynamodb:Query"], resources=[props.history.table_arn]),
            Statement(actions=["sagemaker:DescribeModelPackage"], resources=[versions]),
        ]

    def _arguments(self) -> dict[str, Any]:
        """What `OfferOptions` in containers/training/offer.py reads."""
        props = self._props
        return {
            "endpoint": props.endpoint_name,
            "variant": VARIANT_NAME,
            "bucket": props.bucket.bucket_name,
            "capture-prefix": CAPTURE_PREFIX,
            "offer-prefix": self._prefix,
            "history-table": props.history.table_name,
            "labelling-bucket": props.labelling_bucket.bucket_name,
            "workflow": self._workflow_arn,
            "weekly-drawings": props.labelling.weekly_drawings,
            "annotators": props.labelling.annotators,
            "window-hours": HOURS,
            "val-ratio": props.training.validation_ratio,
            "split-seed": props.training.seed,
        }
