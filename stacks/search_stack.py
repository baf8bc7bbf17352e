"""Similar drawings: what embeds them, where they are indexed, what keeps the index true, what searches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from drawing_platform.drawing_index import DrawingIndex, DrawingIndexProps
from drawing_platform.embedder_release import EmbedderRelease, EmbedderReleaseProps
from drawing_platform.embedding_endpoint import EmbeddingEndpoint, EmbeddingEndpointProps, endpoint_suffix
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.platform_function import PlatformFunction
from drawing_platform.search_api import SearchApi, SearchApiProps
from drawing_platform.search_domain import SearchDomain, SearchDomainProps
from drawing_platform.search_folder import SearchFolder
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.function_environment import function_environment
from stacks.images_stack import ImagesStack
from stacks.network_stack import NetworkStack


@dataclass(frozen=True, kw_only=True)
class SearchStackProps:
    """The settings and the stacks that it stands on."""

    settings: Settings
    data: DataStack
    images: ImagesStack
    network: NetworkStack | None


class SearchStack(cdk.Stack):
    """Nothing depends on it but the monitoring, and everything in it can be made anew from the bucket."""

    embedders: list[EmbeddingEndpoint]
    domain: SearchDomain | None
    index: DrawingIndex
    release: EmbedderRelease
    api: SearchApi

    def __init__(self, scope: Construct, construct_id: str, *, props: SearchStackProps, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._props = props
        self._common = function_environment(self, settings=props.settings, data=props.data, network=props.network)
        self._define_embedders()
        self._define_store()
        self._define_index()
        self._define_release()
        self._define_api()
        if self.domain:
            self.domain.let_in(
                readers=[self.api.function], writers=[self.index.index, self.index.reconcile, self.index.backfill]
            )
        self._define_parameters()

    @property
    def alarms(self) -> list[cloudwatch.IAlarm]:
        """All of them."""
        domain = self.domain.alarms if self.domain else []
        return [self.api.alarm, *(embedder.alarm for embedder in self.embedders), *self.index.alarms, *domain]

    def all_functions(self) -> dict[str, PlatformFunction]:
        """Those whose errors somebody has to know of."""
        return {
            "SearchDrawings": self.api.function,
            "IndexDrawings": self.index.index,
            "ReconcileIndex": self.index.reconcile,
            "BackfillIndex": self.index.backfill,
            "ReleaseEmbedder": self.release.function,
        }

    def dead_letter_queues(self) -> dict[str, sqs.IQueue]:
        """Queues of what nobody could follow."""
        return {"Drawings": self.index.dead_letters}

    def _define_embedders(self) -> None:
        props, search = self._props, self._props.settings.search
        self._endpoints = f"drawing-embedder-{props.settings.env}"
        self.embedders = [
            EmbeddingEndpoint(
                self,
                # By the package, so that one which is left when the other is removed stays as it is.
                f"Embedder{endpoint_suffix(package).capitalize()}",
                props=EmbeddingEndpointProps(
                    common=self._common,
                    name_prefix=self._endpoints,
                    package=package,
                    instance_type=search.embedding_instance,
                    instances=search.embedding_instances,
                    serverless=props.settings.serverless is not None,
                    image=props.images.inference.image_uri,
                    repository=props.images.inference.repository,
                    bucket=props.data.bucket,
                    topic=props.data.topic,
                ),
            )
            for package in search.embedders
        ]

    def _define_store(self) -> None:
        props, settings = self._props, self._props.settings
        self.domain = None
        if settings.search.store == "embedded":
            self._store = SearchFolder(self, "Folder", key=self._common.key).store
            return
        self.domain = SearchDomain(
            self,
            "Domain",
            props=SearchDomainProps(
                common=self._common,
                name=f"drawings-{settings.env}",
                search=settings.search,
                topic=props.data.topic,
                keep=settings.storage.removal == "retain",
            ),
        )
        self._store = self.domain.store

    def _define_index(self) -> None:
        props, settings = self._props, self._props.settings
        self.index = DrawingIndex(
            self,
            "Index",
            props=DrawingIndexProps(
                common=self._common,
                search=settings.search,
                bucket=props.data.bucket,
                store=self._store,
                embedders=self.embedders,
                reader=settings.endpoint_name,
                serverless=settings.serverless is not None,
                topic=props.data.topic,
            ),
        )

    def _define_release(self) -> None:
        props, settings = self._props, self._props.settings
        self.release = EmbedderRelease(
            self,
            "Release",
            props=EmbedderReleaseProps(
                common=self._common,
                group_name=settings.embedder_package_group,
                name_prefix=self._endpoints,
                search=settings.search,
                serverless=settings.serverless is not None,
                bucket=props.data.bucket,
                repository=props.images.inference.repository,
                index=self.index,
                keep=settings.storage.removal == "retain",
            ),
        )

    def _define_api(self) -> None:
        props = self._props
        self.api = SearchApi(
            self,
            "Api",
            props=SearchApiProps(
                common=self._common,
                search=props.settings.search,
                bucket=props.data.bucket,
                store=self._store,
                embedders=self.embedders,
                topic=props.data.topic,
            ),
        )

    def _define_parameters(self) -> None:
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=self._props.settings.parameter_prefix,
                values={
                    "search-api": self.api.address,
                    "search-backfill-function": self.index.backfill.function.function_name,
                    "search-reconcile-function": self.index.reconcile.function.function_name,
                    "search-release-function": self.release.function.function.function_name,
                    "search-queue": self.index.queue.queue_url,
                    "search-dead-letters": self.index.dead_letters.queue_url,
                },
            ),
        )
