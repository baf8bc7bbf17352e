"""The functions of labelling behind the API: what opens jobs, compares answers and exports labels."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform import function_bundle
from drawing_platform.labelling_store import DRAWING_PREFIXES, LabellingStore
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.retraining_trigger import LABELS_PREFIX
from drawing_platform.settings import LabellingSettings

# Opening 100,000 tasks and copying as many pictures go on where they stopped when they are called again.
LONGEST = cdk.Duration.minutes(15)
# Answers whose comparison was lost with its caller are found so often; also how fine the age of the oldest task is.
SWEEP = cdk.Duration.minutes(15)


@dataclass(frozen=True, kw_only=True)
class LabellingFunctionsProps:
    """What the functions work on.

    Attributes:
        common: what all functions share.
        labelling: thresholds.
        store: bucket and table.
        data_bucket: where drawings come from and labels go.
    """

    common: FunctionEnvironment
    labelling: LabellingSettings
    store: LabellingStore
    data_bucket: s3.IBucket


class LabellingFunctions(Construct):
    """Three functions with narrow roles, and the schedule that finds what no call told."""

    open_job: PlatformFunction
    consolidate: PlatformFunction
    export: PlatformFunction

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingFunctionsProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_consolidate()
        self._define_export()
        self._define_open()
        self._define_sweep()

    def _define_consolidate(self) -> None:
        props, store = self._props, self._props.store
        self.consolidate = PlatformFunction(
            self,
            "Consolidate",
            props=PlatformFunctionProps(
                common=props.common,
                handler="consolidate_labels.handler.handle",
                description="Compares what several people labelled",
                bundle=function_bundle.CONSENSUS,
                memory_mb=1024,  # a sheet of 5,000 regions by nine people
                timeout=cdk.Duration.minutes(5),
                variables={**props.store.variables, "AGREEMENT": str(props.labelling.agreement)},
                keep_failed_events=True,
                statements=[
                    store.read("tasks/*", "answers/*", "gold/*"),
                    Statement(
                        actions=["s3:GetObjectVersion"], resources=[store.bucket.arn_for_objects("jobs/*/answers/*")]
                    ),
                    store.write("consensus/*", "reviews/*"),
                    store.list_objects(),
                    store.use_key(),
                    *store.use_table("GetItem", "PutItem", "UpdateItem", "Query"),
                ],
            ),
        )

    def _define_export(self) -> None:
        props, store, data = self._props, self._props.store, self._props.data_bucket
        self.export = PlatformFunction(
            self,
            "Export",
            props=PlatformFunctionProps(
                common=props.common,
                handler="export_labels.handler.handle",
                description="Hands the labels of a job to training",
                memory_mb=1024,
                timeout=LONGEST,
                variables={**props.store.variables, "DATA_BUCKET": data.bucket_name},
                keep_failed_events=True,
                statements=[
                    store.read("job.json", "tasks/*", "consensus/*", "reviewed/*", "pages/*"),
                    Statement(
                        actions=["s3:GetObjectVersion"], resources=[store.bucket.arn_for_objects("jobs/*/pages/*")]
                    ),
                    store.list_objects(),
                    store.use_key(),
                    *store.use_table("GetItem", "UpdateItem", "Query"),
                    Statement(
                        actions=["s3:GetObject", "s3:GetObjectVersion"],
                        resources=[data.arn_for_objects(f"{prefix}*") for prefix in DRAWING_PREFIXES],
                    ),
                    Statement(
                        actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                        resources=[data.arn_for_objects(f"{LABELS_PREFIX}*")],
                    ),
                    # Without it S3 answers 403 for what is not there.
                    Statement(actions=["s3:ListBucket"], resources=[data.bucket_arn]),
                ],
            ),
        )

    def _define_open(self) -> None:
        props, store = self._props, self._props.store
        self.open_job = PlatformFunction(
            self,
            "Open",
            props=PlatformFunctionProps(
                common=props.common,
                handler="open_labelling_job.handler.handle",
                description="Puts the tasks of a prepared labelling job on offer",
                memory_mb=512,
                timeout=LONGEST,
                variables=props.store.variables,
                statements=[
                    store.read("job.json", "refused.json"),
                    store.list_objects(),
                    store.use_key(),
                    *store.use_table("GetItem", "PutItem", "UpdateItem", "Query"),
                ],
            ),
        )

    def _define_sweep(self) -> None:
        events.Rule(
            self,
            "Sweep",
            description="Finds answers whose comparison was lost, and says how long the oldest task has waited",
            schedule=events.Schedule.rate(SWEEP),
            targets=[targets.LambdaFunction(self.consolidate.function, retry_attempts=0)],
        )
