"""All stacks of one environment."""

from __future__ import annotations

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.settings import Settings
from drawing_platform.wildcards import accept_narrow_wildcards
from stacks.data_stack import DataStack
from stacks.images_stack import ImagesStack
from stacks.labelling_stack import LabellingStack, LabellingStackProps
from stacks.monitoring_stack import MonitoringStack, MonitoringStackProps
from stacks.network_stack import NetworkStack
from stacks.release_stack import ReleaseStack, ReleaseStackProps
from stacks.search_stack import SearchStack, SearchStackProps
from stacks.serving_stack import ServingStack, ServingStackProps
from stacks.training_stack import TrainingStack, TrainingStackProps


class PlatformStage(cdk.Stage):
    """One environment: `cdk deploy 'Dev/*'` deploys it whole."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(
            scope,
            settings.stage_name,
            env=cdk.Environment(account=settings.account, region=settings.region),
            stage_name=f"{settings.project}-{settings.env}",  # begins the name of each stack
        )
        data = DataStack(self, "Data", settings=settings)
        network = (
            NetworkStack(self, "Network", settings=settings, log_key=data.key)
            if settings.network.mode == "private"
            else None
        )
        images = ImagesStack(self, "Images", settings=settings)
        training = TrainingStack(
            self,
            "Training",
            props=TrainingStackProps(settings=settings, data=data, images=images, network=network),
        )
        release = ReleaseStack(
            self,
            "Release",
            props=ReleaseStackProps(settings=settings, data=data, images=images, network=network, training=training),
        )
        serving = ServingStack(
            self,
            "Serving",
            props=ServingStackProps(settings=settings, data=data, images=images, network=network),
        )
        labelling = LabellingStack(
            self,
            "Labelling",
            props=LabellingStackProps(settings=settings, data=data, images=images, network=network),
        )
        search = SearchStack(
            self,
            "Search",
            props=SearchStackProps(settings=settings, data=data, images=images, network=network),
        )
        monitoring = MonitoringStack(
            self,
            "Monitoring",
            props=MonitoringStackProps(
                settings=settings,
                data=data,
                images=images,
                network=network,
                training=training,
                release=release,
                serving=serving,
                labelling=labelling,
                search=search,
            ),
        )
        exports = data.exports()
        for stack in (training, release, serving, labelling, search):
            accept_narrow_wildcards(stack, exports=exports)
        accept_narrow_wildcards(monitoring, exports={**exports, **labelling.exports()})
        cdk.Tags.of(self).add("project", settings.project)
        cdk.Tags.of(self).add("environment", settings.env)
