"""What an operator is told and shown about everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.active_learning import ActiveLearning, ActiveLearningProps
from drawing_platform.budget import Budget, BudgetProps
from drawing_platform.dashboard import Dashboard, DashboardProps
from drawing_platform.drift import Drift, DriftProps
from drawing_platform.monitoring import Monitoring, MonitoringProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.platform_function import PlatformFunction
from drawing_platform.settings import Settings
from drawing_platform.training_pipeline import TRAINING_METRICS
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.labelling_stack import LabellingStack
from stacks.network_stack import NetworkStack
from stacks.release_stack import ReleaseStack
from stacks.search_stack import SearchStack
from stacks.serving_stack import ServingStack
from stacks.training_stack import TrainingStack


@dataclass(frozen=True, kw_only=True)
class MonitoringStackProps:
    """The settings and the stacks that are watched."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None
    training: TrainingStack
    release: ReleaseStack
    serving: ServingStack
    labelling: LabellingStack
    search: SearchStack


class MonitoringStack(cdk.Stack):
    """The watch for drift, alarms, dashboard, budget. Nothing depends on it, so it can change at any time."""

    def __init__(self, scope: Construct, construct_id: str, *, props: MonitoringStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._drift = self._define_drift()
        self._active_learning = self._define_active_learning()
        offers = [self._active_learning.job.undelivered] if self._active_learning else []
        self._labelling = props.labelling.metrics(*offers)
        self._alarms = self._define_alarms()
        self._define_dashboard()
        self._define_budget()

    def _functions(self) -> dict[str, PlatformFunction]:
        training, release = self._props.training, self._props.release.release
        asynchronous = self._props.serving.asynchronous
        return {
            "Notify": training.notifier.function,
            "ResolveBaseModel": training.pipeline.resolve_base_model,
            "RegisterModel": training.pipeline.register_model,
            "StartTraining": training.trigger.function,
            **{f"Release{step.capitalize()}": function for step, function in release.functions.items()},
            **({"FollowRelease": asynchronous.function} if asynchronous else {}),
            **self._props.labelling.all_functions(),
            **self._props.search.all_functions(),
        }

    def _dead_letter_queues(self) -> dict[str, sqs.IQueue]:
        failed = {name: function.failed_events for name, function in self._functions().items()}
        return {
            "Labels": self._props.training.trigger.dead_letters,
            "Approvals": self._props.release.release.undelivered,
            **({"Drift": self._drift.job.undelivered} if self._drift else {}),
            **({"Offers": self._active_learning.job.undelivered} if self._active_learning else {}),
            **self._props.labelling.undelivered(),
            **self._props.search.dead_letter_queues(),
            **{name: queue for name, queue in failed.items() if queue is not None},
        }

    def _define_drift(self) -> Drift | None:
        props, settings = self._props, self._props.settings
        if settings.drift is None:
            return None
        # By its ARN, as all that is another stack's: a grant would write this stack's names into the stack below.
        trigger = props.training.trigger.function.function
        return Drift(
            self,
            "Drift",
            props=DriftProps(
                common=self._common,
                drift=settings.drift,
                endpoint_name=settings.endpoint_name,
                instance_type=settings.instances.prepare,
                bucket=props.data.bucket,
                image=props.images.training.image_uri,
                repository=props.images.training.repository,
                history=props.release.release.history.table,
                trigger=lambda_.Function.from_function_arn(self, "Trigger", trigger.function_arn),
                topic=props.data.topic,
                topic_key=kms.Key.from_key_arn(self, "TopicKey", props.data.topic_key.key_arn),
            ),
        )

    def _define_active_learning(self) -> ActiveLearning | None:
        props, settings = self._props, self._props.settings
        # What is not captured cannot be offered.
        if settings.drift is None or not settings.labelling.weekly_drawings:
            return None
        offers = ActiveLearning(
            self,
            "ActiveLearning",
            props=ActiveLearningProps(
                common=self._common,
                labelling=settings.labelling,
                training=settings.training,
                endpoint_name=settings.endpoint_name,
                model_package_group=settings.model_package_group,
                instance_type=settings.instances.prepare,
                bucket=props.data.bucket,
                labelling_bucket=props.labelling.store.bucket,
                workflow_name=settings.labelling_workflow_name,
                image=props.images.training.image_uri,
                repository=props.images.training.repository,
                history=props.release.release.history.table,
                topic=props.data.topic,
            ),
        )
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(prefix=settings.parameter_prefix, values={"offer-schedule": offers.job.schedule.ref}),
        )
        return offers

    def _define_alarms(self) -> Monitoring:
        props = self._props
        return Monitoring(
            self,
            "Alarms",
            props=MonitoringProps(
                topic=props.data.topic,
                alarms=props.settings.alarms,
                endpoint_name=props.settings.endpoint_name,
                pipeline_name=props.settings.pipeline_name,
                label_age=props.training.trigger.label_age,
                labelling=self._labelling,
                task_days=props.settings.labelling.oldest_task_days,
                dead_letter_queues=self._dead_letter_queues(),
                functions={name: function.function for name, function in self._functions().items()},
                release_workflow=props.release.release.state_machine,
            ),
        )

    def _define_dashboard(self) -> None:
        settings, trigger = self._props.settings, self._props.training.trigger
        endpoint = self._props.release.alarms
        drift = [self._drift.alarm] if self._drift else []
        Dashboard(
            self,
            "Dashboard",
            props=DashboardProps(
                name=f"{settings.project}-{settings.env}",
                watched=[
                    endpoint.server_errors,
                    endpoint.latency,
                    *self._alarms.alarms,
                    *drift,
                    *self._props.search.alarms,
                ],
                alarms=settings.alarms,
                drift=settings.drift,
                budget=settings.budget,
                endpoint_name=settings.endpoint_name,
                pipeline_name=settings.pipeline_name,
                training_metrics=TRAINING_METRICS,
                label_queue=trigger.queue,
                label_age=trigger.label_age,
                labelling=self._labelling,
                search=self._props.search.api,
                index=self._props.search.index,
            ),
        )

    def _define_budget(self) -> None:
        settings = self._props.settings
        if settings.budget is None:
            return
        Budget(
            self,
            "Budget",
            props=BudgetProps(
                budget=settings.budget, project=settings.project, env=settings.env, topic=self._props.data.topic
            ),
        )
