"""Where people label: store, sign-in, functions, API and page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.access_logs import access_log_bucket
from drawing_platform.ground_truth_rounds import GroundTruthRounds, GroundTruthRoundsProps
from drawing_platform.ground_truth_team import GroundTruthTeams, GroundTruthTeamsProps
from drawing_platform.labelling_api import LabellingApi, LabellingApiProps
from drawing_platform.labelling_functions import LabellingFunctions, LabellingFunctionsProps
from drawing_platform.labelling_metrics import LabellingMetrics
from drawing_platform.labelling_page import LabellingPage, LabellingPageProps
from drawing_platform.labelling_pool import LabellingPool, LabellingPoolProps
from drawing_platform.labelling_store import LabellingStore, LabellingStoreProps
from drawing_platform.labelling_workflow import LabellingWorkflow, LabellingWorkflowProps
from drawing_platform.log_retention import log_retention
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.platform_function import PlatformFunction
from drawing_platform.prelabelling import PrelabellingProps
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack


@dataclass(frozen=True, kw_only=True)
class LabellingStackProps:
    """The settings and the stacks that it stands on."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None


class LabellingStack(cdk.Stack):
    """From drawings to labels that people agree on."""

    store: LabellingStore
    pool: LabellingPool
    functions: LabellingFunctions
    page: LabellingPage
    ground_truth: GroundTruthRounds | None
    workflow: LabellingWorkflow
    api: LabellingApi

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._keep = props.settings.storage.removal == "retain"
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._access_logs = access_log_bucket(self, days=props.settings.storage.access_log_days, keep=self._keep)
        self._define_store()
        self._define_functions()
        self._define_page()
        self._define_pool()
        self.ground_truth = self._define_ground_truth()
        self._define_workflow()
        self._define_api()
        self._publish_page()
        self._define_parameters()

    def all_functions(self) -> dict[str, PlatformFunction]:
        """Those whose errors somebody has to know of."""
        return {
            "LabellingApi": self.api.function,
            "OpenLabellingJob": self.functions.open_job,
            "ConsolidateLabels": self.functions.consolidate,
            "ExportLabels": self.functions.export,
            **(self.ground_truth.functions if self.ground_truth else {}),
        }

    def undelivered(self) -> dict[str, sqs.IQueue]:
        """Where events about rounds end that did not reach the workflow."""
        return {"GroundTruth": self.ground_truth.undelivered} if self.ground_truth else {}

    def metrics(self, *more: sqs.IQueue) -> LabellingMetrics:
        """What the dashboard shows of labelling; `more` hold events about it, too."""
        failed = [function.failed_events for function in self.all_functions().values()]
        return LabellingMetrics(
            backend=self._props.settings.labelling.backend,
            workflow=self.workflow.state_machine,
            queues=[*(queue for queue in failed if queue), *self.undelivered().values(), *more],
        )

    def _define_store(self) -> None:
        self.store = LabellingStore(
            self,
            "Store",
            props=LabellingStoreProps(
                key=self._common.key,
                access_logs=self._access_logs,
                job_days=self._props.settings.labelling.job_days,
                keep=self._keep,
            ),
        )

    def _define_functions(self) -> None:
        settings = self._props.settings
        self.functions = LabellingFunctions(
            self,
            "Functions",
            props=LabellingFunctionsProps(
                common=self._common,
                labelling=settings.labelling,
                store=self.store,
                data_bucket=self._props.data.bucket,
            ),
        )

    def _define_page(self) -> None:
        settings = self._props.settings
        self.page = LabellingPage(
            self,
            "Page",
            props=LabellingPageProps(
                access_logs=self._access_logs,
                scheme=settings.labelling.page_scheme,
                log_retention=log_retention(settings.log_retention_days),
                log_key=self._common.key,
                keep=self._keep,
            ),
        )
        self.store.let_page_read(self.page.origin)

    def _define_pool(self) -> None:
        settings = self._props.settings
        self.pool = LabellingPool(
            self,
            "Pool",
            props=LabellingPoolProps(
                domain_prefix=f"{settings.project}-{settings.env}-{settings.account}",
                multi_factor=settings.labelling.multi_factor,
                keep=self._keep,
            ),
        )
        self.pool.let_page_sign_in(self.page.address)

    def _define_workflow(self) -> None:
        props, settings, images = self._props, self._props.settings, self._props.images
        self.workflow = LabellingWorkflow(
            self,
            "Workflow",
            props=LabellingWorkflowProps(
                name=settings.labelling_workflow_name,
                common=self._common,
                prelabelling=PrelabellingProps(
                    common=self._common,
                    instance_type=settings.instances.evaluate,  # it reads drawings, as evaluation does
                    store=self.store,
                    data=props.data.bucket,
                    image=images.training.image_uri,
                    repository=images.training.repository,
                    endpoint_name=settings.endpoint_name,
                ),
                open_job=self.functions.open_job.function,
                ground_truth=self.ground_truth,
                topic=props.data.topic,
                topic_key=kms.Key.from_key_arn(self, "TopicKey", props.data.topic_key.key_arn),
            ),
        )

    def _define_ground_truth(self) -> GroundTruthRounds | None:
        settings = self._props.settings
        if settings.labelling.backend != "ground_truth":
            return None
        teams = GroundTruthTeams(
            self,
            "GroundTruthTeams",
            props=GroundTruthTeamsProps(
                common=self._common,
                name_prefix=f"{settings.project}-{settings.env}",
                pool=self.pool.pool,
                groups=self.pool.groups,
            ),
        )
        return GroundTruthRounds(
            self,
            "GroundTruth",
            props=GroundTruthRoundsProps(
                common=self._common,
                agreement=settings.labelling.agreement,
                store=self.store,
                data=self._props.data.bucket,
                teams=teams,
                export=self.functions.export.function,
                topic=self._props.data.topic,
            ),
        )

    def _define_api(self) -> None:
        settings = self._props.settings
        self.api = LabellingApi(
            self,
            "Api",
            props=LabellingApiProps(
                common=self._common,
                labelling=settings.labelling,
                store=self.store,
                data_bucket=self._props.data.bucket,
                endpoint_name=settings.endpoint_name,
                workflow_arn=self.workflow.state_machine.state_machine_arn,
                consolidate=self.functions.consolidate,
                export=self.functions.export,
                pool=self.pool.pool,
                client=self.pool.client,
                page_origin=self.page.origin,
            ),
        )

    def _publish_page(self) -> None:
        settings = self._props.settings
        self.page.publish(
            configuration={
                "api": self.api.address,
                "authority": self.pool.pool.user_pool_provider_url,
                "client_id": self.pool.client.user_pool_client_id,
                "environment": settings.env,
            },
            connects_to=[
                self.api.address,
                # With a slash, which in a content security policy means everything below.
                f"{self.pool.pool.user_pool_provider_url}/",
                self.pool.domain.base_url(),
                f"https://{self.store.bucket.bucket_regional_domain_name}",
                *settings.labelling.page_connects_to,
            ],
        )

    def _define_parameters(self) -> None:
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=self._props.settings.parameter_prefix,
                values={
                    "labelling-bucket": self.store.bucket.bucket_name,
                    "labelling-table": self.store.state.table.table_name,
                    "labelling-pool": self.pool.pool.user_pool_id,
                    "labelling-client": self.pool.client.user_pool_client_id,
                    "labelling-page": self.page.address,
                    "labelling-api": self.api.address,
                    "labelling-workflow-arn": self.workflow.state_machine.state_machine_arn,
                    "labelling-export-function": self.functions.export.function.function_name,
                },
            ),
        )

    def exports(self) -> dict[str, str]:
        """How other stacks' templates call the bucket's ARN, by how it is called here."""
        here = self.resolve(self.store.bucket.bucket_arn)["Fn::GetAtt"]
        exported = self.resolve(self.export_value(self.store.bucket.bucket_arn))["Fn::ImportValue"]
        return {f"<{'.'.join(here)}>": exported}
