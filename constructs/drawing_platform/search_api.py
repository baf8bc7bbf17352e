"""The HTTP API by which similar drawings are found: requests are signed by an identity of IAM that may call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform import http_api
from drawing_platform.drawing_index import DRAWINGS_PREFIX, SWAPS_PREFIX, THUMBNAILS_PREFIX
from drawing_platform.embedding_endpoint import EmbeddingEndpoint, embedders_arn
from drawing_platform.metrics import FIVE_MINUTES
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.runbooks import Runbook
from drawing_platform.search_store import SearchStore
from drawing_platform.settings import SearchSettings

# lambda/search_drawings/handler.py.
ROUTES = (("POST", "/search"), ("GET", "/drawings"), ("GET", "/openapi.json"))
REQUESTS_PER_SECOND = 50
BURST = 100
# A picture of 140 megapixels may be cut here; processor time comes with memory, and somebody waits.
MEMORY_MB = 2048
ERRORS = 5  # answers of 5xx in five minutes


@dataclass(frozen=True, kw_only=True)
class SearchApiProps:
    """What the API stands on.

    Attributes:
        common: what all functions share.
        search: how long addresses of thumbnails work.
        bucket: of drawings and thumbnails.
        store: holds the index.
        embedders: what embeds the pictures that are looked for.
        topic: receives the alarm.
    """

    common: FunctionEnvironment
    search: SearchSettings
    bucket: s3.IBucket
    store: SearchStore
    embedders: Sequence[EmbeddingEndpoint]
    topic: sns.ITopic


class SearchApi(Construct):
    """Function, API, routes, stage with limits and an access log, alarm."""

    function: PlatformFunction
    api: apigateway.HttpApi
    alarm: cloudwatch.Alarm

    def __init__(self, scope: Construct, construct_id: str, *, props: SearchApiProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_function()
        self._define_api()
        self._define_stage()
        self._define_alarm()

    @property
    def address(self) -> str:
        """`https://<id>.execute-api.<region>.amazonaws.com`."""
        return self.api.api_endpoint

    def _define_function(self) -> None:
        props = self._props
        self.function = PlatformFunction(
            self,
            "Function",
            props=PlatformFunctionProps(
                common=props.common,
                handler="search_drawings.handler.handle",
                description="Finds similar drawings",
                bundle=props.store.bundle,
                memory_mb=MEMORY_MB,
                timeout=http_api.TIMEOUT,
                mount=props.store.mount,
                variables={
                    "BUCKET": props.bucket.bucket_name,
                    "STORE": props.store.address,
                    "EMBEDDERS": ",".join(embedder.endpoint_name for embedder in props.embedders),
                    "URL_SECONDS": str(props.search.url_minutes * 60),
                },
                statements=[
                    # Whoever gets a signed address may do with it what this role may: look at a thumbnail.
                    Statement(
                        actions=["s3:GetObject", "s3:GetObjectVersion"],
                        resources=[
                            props.bucket.arn_for_objects(f"{prefix}*")
                            for prefix in (DRAWINGS_PREFIX, THUMBNAILS_PREFIX)
                        ],
                    ),
                    Statement(
                        # Without it S3 says "forbidden" of what is not there.
                        actions=["s3:ListBucket"],
                        resources=[props.bucket.bucket_arn],
                        conditions={"StringLike": {"s3:prefix": [f"{DRAWINGS_PREFIX}*", f"{SWAPS_PREFIX}*"]}},
                    ),
                    Statement(actions=["kms:Decrypt"], resources=[props.common.key.key_arn]),
                    Statement(actions=["sagemaker:InvokeEndpoint"], resources=[embedders_arn(self, props.embedders)]),
                    # Which embedders were released.
                    Statement(actions=["s3:GetObject"], resources=[props.bucket.arn_for_objects(f"{SWAPS_PREFIX}*")]),
                    *props.store.reading,
                ],
            ),
        )

    def _define_api(self) -> None:
        self.api = apigateway.HttpApi(self, "Api", description="Similar drawings", create_default_stage=False)
        http_api.add_routes(self.api, ROUTES, self.function, authorizers.HttpIamAuthorizer())

    def _define_stage(self) -> None:
        http_api.add_stage(
            self,
            self.api,
            common=self._props.common,
            requests_per_second=REQUESTS_PER_SECOND,
            burst=BURST,
            caller={"caller": "$context.identity.caller"},
        )

    def _define_alarm(self) -> None:
        self.alarm = cloudwatch.Alarm(
            self,
            "ServerErrors",
            metric=self.metric("5xx", cloudwatch.Stats.SUM),
            threshold=ERRORS,
            evaluation_periods=1,
            alarm_description=Runbook.SEARCH.describe("The search API answers with server errors"),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.alarm.add_alarm_action(actions.SnsAction(self._props.topic))

    def metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """A metric of the API: Count, 4xx, 5xx, Latency."""
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiId": self.api.api_id},
            statistic=statistic,
            period=FIVE_MINUTES,
        )
